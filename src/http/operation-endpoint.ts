import { Readable } from 'node:stream'
import type { Request, RequestHandler, Response } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { getOperation, type OperationId } from '../contract/operations.ts'
import type { ActedOn } from '../sessions/lifecycle/tenant-lookup.ts'
import type { SessionService } from '../sessions/ports/session-service.ts'
import type { Caller } from '../sessions/records.ts'
import type { Auditing } from './auditing.ts'
import { visitor } from './authentication.ts'
import { logFault } from './error-response.ts'
import type { Forwarding } from './forwarding.ts'
import type { Answer, Exchange, FileAnswer, Handlers } from './handler.ts'
import { toIdempotencyKey } from './idempotency.ts'
import { isLoggableId } from './log-path.ts'
import type { Arrival } from './nodes.ts'
import type { OpenApiValidation } from './openapi-validation.ts'
import type { HttpDeps } from './options.ts'
import { toUpload } from './raw-body.ts'
import { contextOf, type LoggedFacts } from './request-context.ts'
import { parseInput } from './request-input.ts'
import { refuseRevoked } from './revocation.ts'
import { sendFile } from './send-file.ts'
import { sendJson, sendJsonText, sendText } from './send-json.ts'
import { SseStream } from './sse-stream.ts'

export interface EndpointDeps {
  handlers: Handlers
  ready(): Promise<void>
  readonly service: Pick<SessionService, 'actingOn'>
  forwarding: Forwarding
  arrivalOf(req: Request): Arrival | undefined
  /** Whether a door has sent the request. */
  isInner(req: Request): boolean
  auditing: Auditing
  validation: OpenApiValidation | undefined
  cluster: HttpDeps['cluster']
}

/** The paths of what nodes keep in memory: what was changed at another node is seen at once. */
const ofMemory = /^\/(keys|webhooks|push)\b/

/** Operations that tell whether the service is open, and how it is. */
const worksUnopened: ReadonlySet<OperationId> = new Set(['getHealth', 'getReadiness', 'getMetrics'])

/** The step that does the work: checks the request, calls the operation's handler, and writes its answer. */
export function createEndpoint<Id extends OperationId>(id: Id, deps: EndpointDeps): RequestHandler {
  const readsMemory = ofMemory.test(getOperation(id).path)
  return async (req, res) => {
    deps.validation?.checkRequest(id, req)
    const exchange = toExchange(id, deps, req, res)
    if (!worksUnopened.has(id)) await deps.ready()
    if (readsMemory) await deps.cluster?.refresh()
    refuseRevoked(res)
    if (exchange.caller.isOperator) exchange.caller = await actFor(exchange, deps.service)
    else refuseOtherTenant(exchange)
    const answer = await deps.auditing.run(id, exchange, req, res, () => deps.handlers[id](exchange))
    await deps.auditing.finish(res).catch(error => {
      release(answer)
      throw error
    })
    await respond(id, answer, req, res, deps.validation)
  }
}

/** Who administers the server acts in the tenant that the request names, or that its object belongs to. */
async function actFor(
  { caller, params, query }: Exchange<OperationId>,
  service: Pick<SessionService, 'actingOn'>,
): Promise<Caller> {
  const { tenant } = query as { tenant?: string }
  const { sessionId, webhookId, subscriptionId } = params as ActedOn
  if (tenant !== undefined) return { ...caller, tenantId: tenant }
  return service.actingOn(caller, { sessionId, webhookId, subscriptionId })
}

/** @throws ServiceError TENANT_NOT_ALLOWED */
function refuseOtherTenant({ caller, query }: Exchange<OperationId>): void {
  const { tenant } = query as { tenant?: string }
  if (tenant === undefined || tenant === caller.tenantId) return
  throw new ServiceError('TENANT_NOT_ALLOWED', 'Only keys of the configuration may name another tenant')
}

function toExchange<Id extends OperationId>(
  id: Id,
  { forwarding, arrivalOf, isInner }: EndpointDeps,
  req: Request,
  res: Response,
): Exchange<Id> {
  const context = contextOf(res)
  const { identity } = context
  const input = parseInput(id, req)
  noteIds(context.facts, input.params)
  return {
    ...input,
    caller: identity.kind === 'known' ? identity.caller : visitor,
    isValid: identity.kind === 'known' ? identity.isValid : () => true,
    trace: identity.kind === 'known' ? identity.trace : undefined,
    baseUrl: forwarding.baseOf(req),
    path: req.path,
    accepts: types => req.accepts(types),
    idempotency: toIdempotencyKey(id, input, req),
    arrival: arrivalOf(req),
    isInner: isInner(req),
    markReplayed: () => res.setHeader('Idempotent-Replayed', 'true'),
    upload: toUpload(req),
    facts: context.facts,
    // Made when a handler asks for them.
    get clientGone() {
      return context.clientGone
    },
    get stop() {
      return context.stop
    },
    get log() {
      return context.log
    },
  }
}

function noteIds(
  facts: LoggedFacts,
  params:
    | { sessionId?: string; turnId?: string }
    | { webhookId: string }
    | { subscriptionId: string }
    | { keyId: string }
    | { preset: string },
): void {
  if (!('sessionId' in params)) return
  if (isLoggableId(params.sessionId)) facts.sessionId = params.sessionId
  if (isLoggableId(params.turnId)) facts.turnId = params.turnId
}

/** Closes the file of an answer that is not sent. */
function release(answer: Answer<OperationId>): void {
  const content = 'file' in answer ? (answer as FileAnswer).file.content : null
  if (content instanceof Readable) content.destroy()
}

async function respond(
  id: OperationId,
  answer: Answer<OperationId>,
  req: Request,
  res: Response,
  validation: OpenApiValidation | undefined,
): Promise<void> {
  if ('stream' in answer) return respondWithStream(answer.stream, req, res)
  if ('file' in answer) return sendFile(res, (answer as FileAnswer).file, req.method === 'HEAD')
  if ('html' in answer) {
    res.setHeader('Content-Security-Policy', answer.contentSecurityPolicy)
    return sendText(res, 200, 'text/html; charset=utf-8', answer.html)
  }
  if ('json' in answer) {
    validation?.checkResponse(id, answer.status, JSON.parse(answer.json.toString()))
    return sendJsonText(res, answer.status, answer.json)
  }
  validation?.checkResponse(id, answer.status, answer.body)
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  if (answer.body !== undefined) return sendJson(res, answer.status, answer.body)
  res.statusCode = answer.status
  res.end()
}

async function respondWithStream(
  write: (sse: SseStream) => Promise<void>,
  req: Request,
  res: Response,
): Promise<void> {
  const sse = new SseStream(res)
  if (req.method === 'HEAD') sse.end()
  try {
    await write(sse)
  } catch (error) {
    logFault(res, error)
  } finally {
    sse.end()
  }
}
