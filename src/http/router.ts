import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { getOperation, type OperationId, operationIds } from '../contract/operations.ts'
import { answerAtNode } from './answering-node.ts'
import { createApiDocument } from './api-document.ts'
import { createAuditing } from './auditing.ts'
import { identifyCaller, requireKey } from './authentication.ts'
import { refuseForeignPages } from './browser-guard.ts'
import { limitCallers } from './caller-rate-limit.ts'
import { createConsole } from './console/console-router.ts'
import { allowOrigins } from './cors.ts'
import { createDoorRouter } from './doors/door-router.ts'
import { InnerApi } from './doors/inner-api.ts'
import { answerErrors } from './error-response.ts'
import { createForwarding } from './forwarding.ts'
import type { Handlers } from './handler.ts'
import { attachmentHandlers } from './handlers/attachments.ts'
import { auditHandlers } from './handlers/audit.ts'
import { branchingHandlers } from './handlers/branching.ts'
import { callerHandlers } from './handlers/callers.ts'
import { conversationHandlers } from './handlers/conversation.ts'
import { diffHandlers } from './handlers/diff.ts'
import { eventHandlers } from './handlers/events.ts'
import { exportHandlers } from './handlers/export.ts'
import { feedHandlers } from './handlers/feed.ts'
import { fileHandlers } from './handlers/files.ts'
import { keyHandlers } from './handlers/keys.ts'
import { messageHandlers } from './handlers/messages.ts'
import { permissionHandlers } from './handlers/permissions.ts'
import { presetHandlers } from './handlers/presets.ts'
import { pushHandlers } from './handlers/push.ts'
import { searchHandlers } from './handlers/search.ts'
import { sessionHandlers } from './handlers/sessions.ts'
import { streamHandlers } from './handlers/stream.ts'
import { systemHandlers } from './handlers/system.ts'
import { turnHandlers } from './handlers/turns.ts'
import { usageHandlers } from './handlers/usage.ts'
import { webhookHandlers } from './handlers/webhooks.ts'
import { readJsonBody } from './json-body.ts'
import { createKeyJudge } from './key-judge.ts'
import { createOpenApiValidation } from './openapi-validation.ts'
import { createEndpoint } from './operation-endpoint.ts'
import type { HttpDeps } from './options.ts'
import { createOwnOrigins } from './own-origins.ts'
import { createRateLimit } from './rate-limit.ts'
import { readRawBody } from './raw-body.ts'
import { beginRequest, contextOf } from './request-context.ts'
import { createRequestLimits } from './request-limits.ts'
import { endRevoked } from './revocation.ts'
import { SharedTickets } from './shared-tickets.ts'
import { type OpenTickets, Tickets } from './tickets.ts'
import { createBodyReader } from './whole-body.ts'

/** How long the last words of streams and waits may take to be written. */
const farewellMs = 2_000

export interface HttpDoor {
  /** To be mounted anywhere. Terminal: it answers every request that reaches it. */
  readonly router: Router
  /** The console with its login, to be mounted anywhere; it has the API below `/api`. */
  readonly console: Router
  /** Has all waiting end: streams with their last event, waits with 503 `SHUTTING_DOWN`. */
  callOff(): void
  /**
   * Ends what is still open: streams with their last event, waits with 503 `SHUTTING_DOWN`. Resolves when every
   * response is over, by force after two seconds. To be called when the service has closed its readers, and
   * before the store is closed. Idempotent.
   */
  close(): Promise<void>
}

/**
 * Binds the operation table to an Express router.
 *
 * @throws ConfigError when the OpenAPI document to validate against, or `trustProxy`, cannot be used
 */
export function createRouter(deps: HttpDeps): HttpDoor {
  const { config, log } = deps
  const document = createApiDocument(deps.version, config.auth.apiKeyHeader)
  const validation = config.openApiValidation.enabled
    ? createOpenApiValidation(config.openApiValidation.specPath, document, log)
    : undefined
  const tickets = createTickets(deps)
  const handlers: Handlers = {
    ...sessionHandlers(deps),
    ...messageHandlers(deps),
    ...streamHandlers(deps),
    ...eventHandlers(deps),
    ...feedHandlers(deps),
    ...turnHandlers(deps),
    ...branchingHandlers(deps),
    ...permissionHandlers(deps),
    ...conversationHandlers(deps),
    ...fileHandlers(deps),
    ...diffHandlers(deps),
    ...attachmentHandlers(deps),
    ...usageHandlers(deps),
    ...exportHandlers(deps),
    ...presetHandlers(deps),
    ...webhookHandlers(deps),
    ...pushHandlers(deps),
    ...keyHandlers(deps),
    ...searchHandlers(deps),
    ...auditHandlers(deps),
    ...callerHandlers(deps, tickets),
    ...systemHandlers(deps, document),
  }
  const open = new Set<Response>()
  const endWatch = endRevoked(open)
  const { doors = [] } = deps
  const inner = doors.length > 0 ? new InnerApi() : undefined
  const innerCallerOf = (req: Request) => inner?.callerOf(req)
  const isInner = (req: Request) => innerCallerOf(req) !== undefined
  const arrivalOf = (req: Request) => deps.nodes?.arrivalOf(req)
  const forwarding = createForwarding(config, req => arrivalOf(req) ?? innerCallerOf(req))
  const clientRequestOf = (req: Request) => innerCallerOf(req)?.openedBy ?? req
  const { addressOf } = forwarding
  const rateLimit = createRateLimit(config.rateLimit, log, addressOf, clientRequestOf, deps.sharedCounters)
  const limits = createRequestLimits(config)
  const auditing = createAuditing(deps, forwarding.addressOf)
  // Middleware for all requests. The rate limit counts before authentication refuses.
  const judge = createKeyJudge(deps, forwarding.addressOf)
  const own = createOwnOrigins(config, forwarding)
  const identify = identifyCaller(deps, judge, tickets, forwarding.addressOf, innerCallerOf)
  const foreignPages = refuseForeignPages(config, own)
  const closing = refuseWhenClosing(deps)
  // Requests of other nodes and of doors have been counted there, but the messages of a socket have not.
  const isCounted = (req: Request) => {
    const caller = innerCallerOf(req)
    return arrivalOf(req) !== undefined || (caller !== undefined && caller.openedBy === undefined)
  }
  const ofClients = (handler: RequestHandler): RequestHandler =>
    config.cluster || inner
      ? (req, res, next) => (isCounted(req) ? next() : handler(req, res, next))
      : handler
  const gates = [
    identify,
    ofClients(rateLimit.handler),
    requireKey(config, deps.callers),
    ofClients(limitCallers(deps.limitsOf ?? (() => ({})), deps.sharedCounters)),
    ofClients(foreignPages),
    closing,
  ]
  const ready = () =>
    deps.ready().catch(error => {
      // It may have begun to close after the request had passed the gates.
      throw deps.isClosing() ? shuttingDown() : error
    })

  const endpointDeps = {
    ...{ handlers, ready, validation, forwarding, auditing, arrivalOf, isInner, cluster: deps.cluster },
    get service() {
      return deps.service
    },
  }

  const router = Router({ caseSensitive: true })
  const begin = beginRequest(log, open, deps.metrics, isInner)
  router.use(begin, allowOrigins(config.cors, config.auth.apiKeyHeader), limits.connection)
  const bodies = [
    limits.admission,
    ...(config.cluster ? [answerAtNode(deps, forwarding, isInner)] : []),
    readJsonBody(config.maxBodyBytes),
    readRawBody(config.maxUploadBytes),
    limits.bodyRead,
  ]
  for (const [path, ids] of operationsByPath()) {
    const route = router.route(path)
    for (const id of ids) {
      const endpoint = createEndpoint(id, endpointDeps)
      route[getOperation(id).method](markOperation(id), ...gates, ...bodies, endpoint)
    }
    route.all(...gates, refuseMethod(ids))
  }
  if (inner) {
    const readBody = createBodyReader(config)
    const parts = {
      ...{ inner, gates, readBody, forwarding, auditing, ready },
      ...{ admitBody: limits.callerBody, admitSocket: limits.callerStream },
      maxMessageBytes: config.maxBodyBytes,
    }
    for (const door of doors) router.use(`/doors/${door.name}`, createDoorRouter(door, parts))
  }
  router.use(passUndecodablePaths)
  router.use(...gates, () => {
    throw new ServiceError('NOT_FOUND', 'No such path')
  })
  const answer = answerErrors(
    (id, status, body) => validation?.isValidResponse(id, status, body) ?? true,
    auditing.refuse,
  )
  router.use(answer)
  inner?.serveBy(router)

  return {
    router,
    console: createConsole({
      ...{ deps, api: router, judge, forwarding, own, limits, auditing },
      begin: [begin, limits.connection],
      rateLimit: rateLimit.handler,
      identify: [identify, rateLimit.handler, foreignPages],
      refuseWhenClosing: closing,
      answerErrors: answer,
    }),
    callOff() {
      for (const res of open) contextOf(res).callOff(shuttingDown())
    },
    async close() {
      this.callOff()
      rateLimit.close()
      endWatch()
      await whenOver(open)
    },
  }
}

function createTickets({ cluster, ready, callers }: HttpDeps): OpenTickets {
  return cluster ? new SharedTickets(() => ready().then(() => cluster.tickets), callers) : new Tickets()
}

/** A path that cannot be decoded is an unknown one, and goes through the same gates. */
const passUndecodablePaths: ErrorRequestHandler = (error, _req, res, next) => {
  const undecodable = error instanceof URIError && contextOf(res).operationId === undefined
  next(undecodable ? undefined : error)
}

function operationsByPath(): Map<string, OperationId[]> {
  return Map.groupBy(operationIds, id => getOperation(id).path)
}

function markOperation(id: OperationId): RequestHandler {
  return (req, res, next) => {
    const context = contextOf(res)
    context.operationId = id
    context.params = req.params as Record<string, string>
    next()
  }
}

function shuttingDown(): ServiceError<'SHUTTING_DOWN'> {
  return new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
}

function refuseWhenClosing({ isClosing }: HttpDeps): RequestHandler {
  return (_req, res, next) => {
    const { operationId } = contextOf(res)
    const refused = isClosing() && (operationId === undefined || getOperation(operationId).auth !== 'none')
    next(refused ? shuttingDown() : undefined)
  }
}

function refuseMethod(ids: readonly OperationId[]): RequestHandler {
  const allowed = ids
    .map(id => getOperation(id).method.toUpperCase())
    .flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  return (req, res) => {
    res.setHeader('Allow', allowed.join(', '))
    throw new ServiceError('METHOD_NOT_ALLOWED', `${req.method} is not possible here`, { allowed })
  }
}

async function whenOver(open: ReadonlySet<Response>): Promise<void> {
  const timer = setTimeout(() => {
    for (const res of open) res.destroy()
  }, farewellMs)
  const ends = [...open].map(res => new Promise<unknown>(resolve => res.once('close', resolve)))
  await Promise.all(ends)
  clearTimeout(timer)
}
