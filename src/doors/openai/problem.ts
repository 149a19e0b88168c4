import { ApiError, ConnectionError, type TurnError } from '../../client/index.ts'
import type { DoorProblem } from '../../contract/doors.ts'
import { errorCatalogue, ServiceError } from '../../contract/errors.ts'
import { adviseRetry } from '../../contract/retry.ts'
import { shorten } from '../../lib/shorten.ts'

/** The `error` of a body, in the form of OpenAI's API. */
interface ErrorBody {
  message: string
  type: string
  param: string | null
  code: string | null
}

/** An error for the client. */
export class Problem extends Error {
  readonly status: number
  readonly body: ErrorBody
  /** Whether the client's own retries may send the request again; undefined: as the status says. */
  readonly mayRepeat: boolean | undefined
  readonly retryAfterMs: number | undefined

  constructor(
    status: number,
    fields: Pick<ErrorBody, 'message'> & Partial<ErrorBody>,
    retry: { mayRepeat?: boolean; retryAfterMs?: number | undefined } = {},
  ) {
    super(fields.message)
    this.name = 'Problem'
    this.status = status
    this.body = { type: typeOf(status), param: null, code: null, ...fields }
    this.mayRepeat = retry.mayRepeat
    this.retryAfterMs = retry.retryAfterMs
  }
}

/** A 400 that names a field, such as `messages[0].content`. @param expected such as `must be a text` */
export function badField(param: string, expected: string): Problem {
  return new Problem(400, { message: `${param}: ${expected}`, param })
}

/** The longest part of a value of the client that errors repeat, in characters. */
const longestShown = 100
/** The longest message of the API that is passed on; it can name keys of the client. */
const longestMessage = 1_000

/** A value of the client, for an error. */
export function toShown(value: string): string {
  return shorten(value, longestShown)
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** Names of OpenAI's API that programs look for. */
const codeOf: Record<string, string> = {
  INVALID_API_KEY: 'invalid_api_key',
  MISSING_API_KEY: 'invalid_api_key',
  RATE_LIMIT_EXCEEDED: 'rate_limit_exceeded',
  SPEND_LIMIT_REACHED: 'insufficient_quota',
  BUDGET_EXCEEDED: 'insufficient_quota',
  PRESET_NOT_FOUND: 'model_not_found',
}

/** Statuses that OpenAI's API has for the same. */
const statusOf: Record<string, number> = {
  // A wrong key: its clients throw their AuthenticationError for a 401 only.
  INVALID_API_KEY: 401,
  SPEND_LIMIT_REACHED: 429,
  BUDGET_EXCEEDED: 429,
}

/** Codes for which the client's own retries would only fail again. */
const lasting = new Set(['SPEND_LIMIT_REACHED', 'BUDGET_EXCEEDED'])

interface Fields {
  status: number
  code: string
  message: string
  details?: Readonly<Record<string, unknown>> | undefined
  retry: string
  retryAfterMs?: number | undefined
}

function toProblem({ status, code, message, details, retry, retryAfterMs }: Fields): Problem {
  const issues = details?.issues as { path: string }[] | undefined
  const param = toShown(issues?.[0]?.path ?? '') || null
  return new Problem(
    statusOf[code] ?? status,
    { message: shorten(message, longestMessage), code: codeOf[code] ?? code.toLowerCase(), param },
    { mayRepeat: retry === 'same_key' && !lasting.has(code), retryAfterMs },
  )
}

/** Returns the error for the client, or undefined for a fault. */
export function asProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (error instanceof ApiError) return toProblem({ ...fieldsOf(error), message: error.message })
  // Such as that of a server that shuts down, or of a prompt that is checked first.
  if (error instanceof ServiceError) {
    const { code, message, details } = error as ServiceError
    return toProblem({ status: errorCatalogue[code].status, code, message, details, ...adviseRetry(code) })
  }
  if (error instanceof ConnectionError) {
    return new Problem(503, { message: 'The API did not answer', code: 'node_unavailable' })
  }
  return undefined
}

function fieldsOf({ status, code, details, retry, retryAfterMs }: ApiError): Omit<Fields, 'message'> {
  return { status: status ?? 500, code, details, retry, retryAfterMs }
}

/**
 * The status of a turn that broke off and must not be run again: most clients repeat 408, 409, 429 and 5xx, some of
 * them 410 and 422 too, and only those of OpenAI read `x-should-retry`.
 */
export const statusOfEnding = 400

/** Limits keep the classes that clients have for them. */
const statusOfFailure: Record<string, number> = {
  MODEL_RATE_LIMITED: 429,
  SPEND_LIMIT_REACHED: 429,
  MODEL_OVERLOADED: 503,
  AGENT_UNAVAILABLE: 503,
}

/** The failure of a turn. Its tools may have run, so the client's own retries must not run it again. */
export function toFailure(error: TurnError): Problem {
  const { code, reason, message, retryAt } = error
  // The names of models cannot be checked before.
  if (reason === 'model_not_found') {
    return new Problem(404, { message, code: reason, param: 'model' }, { mayRepeat: false })
  }
  const isInput = ['prompt_too_long', 'media_rejected', 'invalid_request'].includes(reason)
  const retryAfterMs = retryAt === undefined ? undefined : Math.max(0, Date.parse(retryAt) - Date.now())
  const status = statusOfFailure[code]
  return new Problem(
    status ?? statusOfEnding,
    {
      message,
      code: reason === 'prompt_too_long' ? 'context_length_exceeded' : reason,
      ...(status === undefined && !isInput && { type: 'server_error' }),
    },
    { mayRepeat: false, retryAfterMs },
  )
}

export function toResponse(problem: Problem): Response {
  const headers = new Headers()
  if (problem.mayRepeat !== undefined) headers.set('x-should-retry', String(problem.mayRepeat))
  if (problem.retryAfterMs !== undefined) {
    headers.set('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterMs / 1000))))
  }
  return Response.json({ error: problem.body }, { status: problem.status, headers })
}

/** Errors that the server finds before the door is asked. */
export function refuse({ status, code, message, details, retry }: DoorProblem): Response {
  return toResponse(toProblem({ status, code, message, details, retry }))
}
