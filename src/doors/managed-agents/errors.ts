import { ApiError, ConnectionError, isApiError } from '../../client/index.ts'
import type { DoorProblem } from '../../contract/doors.ts'
import { toMoney } from './usage.ts'

/** A request that the door refuses itself. */
export class Refusal extends Error {
  readonly status: number
  /** `error.details.error_code` of the protocol. */
  readonly errorCode: string | undefined
  /** Whether the client may send the request again by itself. */
  readonly mayRepeat: boolean

  constructor(status: number, message: string, { errorCode, mayRepeat = false }: RefusalOptions = {}) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.errorCode = errorCode
    this.mayRepeat = mayRepeat
  }
}

interface RefusalOptions {
  errorCode?: string
  mayRepeat?: boolean
}

/** Names the field that cannot be honoured. */
export function invalid(field: string, problem: string): Refusal {
  return new Refusal(400, field === '' ? `The body ${problem}` : `${field}: ${problem}`)
}

type Kind = 'agent' | 'environment' | 'session' | 'model'

/** @param field that has the id; left out: the path has it */
export function notFound(kind: Kind, id: string, field?: string): Refusal {
  const options = kind === 'environment' ? { errorCode: 'environment_not_found' } : {}
  // Any other text may be a key that was pasted by mistake.
  const named = /^(agent|env|sesn)_[0-9a-f]{1,128}$/.test(id) ? ` ${id}` : ''
  const message = `There is no ${kind}${named}`
  return new Refusal(404, field === undefined ? message : `${field}: ${message}`, options)
}

/** Returns a handler of errors for a call that names the preset of an environment. */
export function withoutEnvironment(id: string, field: string) {
  return (error: unknown): never => {
    if (isApiError(error, 'PRESET_NOT_FOUND')) throw notFound('environment', id, field)
    throw error
  }
}

/**
 * Returns a handler of errors for a call with the settings of an agent, which names fields as the agent has them.
 *
 * @param at the place of the agent's fields, such as `agent.`
 */
export function withFieldsOf(
  tools: readonly { type: string }[],
  servers: readonly { name: string }[],
  at = '',
) {
  const custom = tools.flatMap(({ type }, index) => (type === 'custom' ? [index] : []))
  const toTool = (text: string, place: string) => {
    const index = custom[Number(place)]
    return index === undefined ? text : `${at}tools[${index}]`
  }
  const toServer = (text: string, name: string) => {
    const index = servers.findIndex(server => server.name === name)
    return index === -1 ? text : `${at}mcp_servers[${index}]`
  }
  return (error: unknown): never => {
    if (error instanceof ApiError) {
      error.message = error.message
        .replace(/\b(?:configuration\.)?clientTools\[(\d+)\]/g, toTool)
        .replace(/\b(?:configuration\.)?mcpServers\.([\w-]+)/g, toServer)
        .replace(/\binputSchema\b/g, 'input_schema')
        .replace(/(^|; )(?:configuration\.)?systemPrompt\b/g, `$1${at}system`)
        .replace(/(^|; )(?:configuration\.)?(?:model|effort)\b/g, `$1${at}model`)
    }
    throw error
  }
}

interface Shown {
  status: number
  message: string
  requestId: string
  mayRepeat: boolean
  errorCode?: string | undefined
  retryAfterMs?: number | undefined
}

const types: Record<number, string> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

/** Of the whole server, not of this door. */
const otherResources =
  'this server has agents, environments, sessions with their events, and models; use api.anthropic.com for messages'

/** An error of the server, such as a wrong key, in the form that official clients know. */
export function refuse({ status, code, message, retryable, requestId }: DoorProblem): Response {
  const text = code === 'NOT_FOUND' ? `There is no such path: ${otherResources}` : message
  return toResponse({ status: statusOf(code, status), message: text, requestId, mayRepeat: retryable })
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Names the object of the path as the protocol does. */
export function toNamed(error: unknown, params: Readonly<Record<string, string>>): unknown {
  const { agent, environment, session } = params
  if (isApiError(error, 'PRESET_NOT_FOUND')) {
    return environment === undefined ? notFound('agent', agent ?? '') : notFound('environment', environment)
  }
  if (session === undefined || !(error instanceof ApiError)) return error
  if (error.code === 'SESSION_NOT_FOUND') return notFound('session', session)
  error.message = error.message.replace(uuid, found => {
    const id = `sesn_${found.replaceAll('-', '')}`
    return id === session ? id : found
  })
  return error
}

/** Undefined: the fault is not an answer. */
export function toErrorResponse(error: unknown, requestId: string): Response | undefined {
  if (error instanceof Refusal) {
    const { status, message, errorCode, mayRepeat } = error
    return toResponse({ status, message, requestId, errorCode, mayRepeat })
  }
  if (error instanceof ApiError) {
    const { code, status, retryable, retryAfterMs } = error
    const shown = { message: inWords(error), requestId, mayRepeat: retryable, retryAfterMs }
    return toResponse({ status: statusOf(code, status ?? 500), ...shown })
  }
  if (error instanceof ConnectionError) {
    return toResponse({ status: 503, message: error.message, requestId, mayRepeat: true })
  }
  return undefined
}

/** Statuses that official clients have a class for. */
function statusOf(code: string, status: number): number {
  if (code === 'INVALID_API_KEY' || code === 'MISSING_API_KEY') return 401
  // The session is over, or the workspace cannot be made: to the protocol the request is wrong.
  return status === 410 || status === 415 || status === 422 ? 400 : status
}

/** Returns the message with the names that clients of the protocol know. */
function inWords({ code, message, details }: ApiError): string {
  if (code === 'BUDGET_EXCEEDED') {
    const [limit, spent] = [details.limit, details.spent].map(usd => toMoney(Number(usd)).amount)
    return `The session has spent ${spent} of ${limit} cents; raise budget.max_list_cost to continue`
  }
  if (code !== 'INVALID_REQUEST') return message
  return message.replace(/(^|; )cursor\b/g, '$1page')
}

function toResponse(shown: Shown): Response {
  const { status, message, requestId, errorCode, mayRepeat, retryAfterMs } = shown
  const type = types[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  const error = { type, message, ...(errorCode !== undefined && { details: { error_code: errorCode } }) }
  const headers = {
    'request-id': toRequestId(requestId),
    ...(status < 500 && status !== 429 && { 'x-should-retry': String(mayRepeat) }),
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  }
  return Response.json({ type: 'error', error, request_id: toRequestId(requestId) }, { status, headers })
}

export function toRequestId(requestId: string): string {
  return `req_${requestId}`
}
