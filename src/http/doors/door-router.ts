import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  type ErrorRequestHandler,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express'
import type { Door, DoorExchange, DoorProgram } from '../../contract/doors.ts'
import { errorCatalogue, ServiceError } from '../../contract/errors.ts'
import type { Auditing } from '../auditing.ts'
import { checkScope, visitor } from '../authentication.ts'
import { logFault, retryAfterSeconds, toPublicError } from '../error-response.ts'
import type { Forwarding } from '../forwarding.ts'
import { checkBytes, requireJsonType } from '../json-body.ts'
import { contextOf } from '../request-context.ts'
import { refuseRevoked } from '../revocation.ts'
import type { ReadBody } from '../whole-body.ts'
import type { InnerApi } from './inner-api.ts'
import { withKeepalive } from './keepalive.ts'
import { upgradeOf } from './upgrades.ts'
import { acceptWebSocket } from './web-socket.ts'

/** How long a client may read nothing before it is disconnected. */
const stallTimeoutMs = 30_000
/** Headers of a response that this server sets itself. */
const ofConnection = /^(connection|keep-alive|transfer-encoding|content-length|date|x-request-id)$/

export interface DoorParts {
  inner: InnerApi
  /** Identify and count the caller, and refuse those without a valid key. */
  gates: readonly RequestHandler[]
  /** Reserves room for the body of a caller. */
  admitBody: RequestHandler
  /** Counts a socket as a stream of its caller until the response is over. */
  admitSocket(res: Response): void
  maxMessageBytes: number
  readBody: ReadBody
  forwarding: Forwarding
  auditing: Pick<Auditing, 'refuse'>
  ready(): Promise<void>
}

/** Serves the operations of a door. Every request below its path is answered here, errors in the form of its protocol. */
export function createDoorRouter(door: Door, parts: DoorParts): Router {
  const router = Router({ caseSensitive: true })
  const load = once(() => door.load())
  router.use((_req, res, next) => {
    contextOf(res).doorOperation = door.name
    next()
  })
  // Before routes, which cannot decode every path.
  router.use(...parts.gates)
  const paths = Map.groupBy(Object.entries(door.operations), ([, { path }]) => path)
  for (const [path, operations] of paths) {
    const route = router.route(path)
    for (const [id, operation] of operations) {
      const mark = (_req: Request, res: Response, next: NextFunction) => {
        contextOf(res).doorOperation = `${door.name}.${id}`
        const { identity } = contextOf(res)
        if (identity.kind === 'known') checkScope(identity.caller, operation)
        next()
      }
      route[operation.method](mark, parts.admitBody, (req, res) => answer(id, load, parts, req, res))
    }
    const methods = operations.map(([, { method }]) => method.toUpperCase())
    route.all((req, res) => {
      res.setHeader('Allow', methods.join(', '))
      throw new ServiceError('METHOD_NOT_ALLOWED', `${req.method} is not possible here`, { allowed: methods })
    })
  }
  router.use(() => {
    throw new ServiceError('NOT_FOUND', 'No such path')
  })
  router.use(answerErrors(load, parts))
  return router
}

async function answer(
  id: string,
  load: () => Promise<DoorProgram>,
  { inner, readBody, forwarding, ready, admitSocket, maxMessageBytes }: DoorParts,
  req: Request,
  res: Response,
): Promise<void> {
  const body = await readBody(req, res, false)
  if (body.length > 0) requireJsonType(req)
  checkBytes(body)
  await ready()
  refuseRevoked(res)
  const { identity, stop, requestId } = contextOf(res)
  const { tenantId, keyId } = identity.kind === 'known' ? identity.caller : visitor
  const base = forwarding.baseOf(req).replace(/\/doors\/[^/]+$/, '')
  const program = await load()
  const upgrade = program.upgrade && upgradeOf(req)
  const openedBy = upgrade && req
  const exchange: DoorExchange = {
    request: toWebRequest(req, body, stop),
    params: req.params as Record<string, string>,
    caller: { tenantId, keyId },
    requestId,
    fetch: inner.fetchAs({ identity, address: forwarding.addressOf(req), base, requestId, openedBy }),
    logFault: error => logFault(res, error),
  }
  if (!upgrade) return send(await program.answer(id, exchange), req, res)
  admitSocket(res)
  const accept = (headers: Record<string, string>) =>
    acceptWebSocket(req, res, upgrade, { maxMessageBytes, headers })
  const refusal = await program.upgrade?.(id, exchange, accept)
  if (refusal) await send(refusal, req, res)
}

function toWebRequest(req: Request, body: Buffer, signal: AbortSignal): globalThis.Request {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(req.headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  // Only the path and the query of the URL mean something.
  const request = new globalThis.Request(new URL(req.originalUrl, 'http://door.internal'), {
    method: req.method,
    headers,
    signal,
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  })
  // A request's own signal is silent once the request has been collected, and a stream outlives the request.
  return Object.defineProperty(request, 'signal', { value: signal })
}

/** Sends a response as its body comes. */
async function send(response: globalThis.Response, req: Request, res: Response): Promise<void> {
  res.statusCode = response.status
  for (const [name, value] of response.headers) {
    if (!ofConnection.test(name)) res.appendHeader(name, value)
  }
  if (!response.body || req.method === 'HEAD') {
    await response.body?.cancel()
    res.end()
    return
  }
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (!isStream) {
    res.end(await whole(body))
    return
  }
  res.setHeader('Cache-Control', 'no-cache, no-transform')
  res.setHeader('X-Accel-Buffering', 'no')
  // A pipeline listens in many ways, besides the middleware.
  res.setMaxListeners(30)
  res.flushHeaders()
  // Without a listener a timeout ends the connection.
  res.setTimeout(stallTimeoutMs)
  // A client that has left; the signal of its request tells the door.
  await pipeline(body, withKeepalive(), res).catch(error => {
    if (!contextOf(res).clientGone.aborted) logFault(res, error)
  })
}

async function whole(body: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function answerErrors(load: () => Promise<DoorProgram>, { auditing }: DoorParts): ErrorRequestHandler {
  return async (fault, req, res, _next) => {
    // Of a path that cannot be decoded.
    const error = fault instanceof URIError ? new ServiceError('NOT_FOUND', 'No such path') : fault
    logFault(res, error)
    if (res.headersSent || res.destroyed) {
      if (!res.writableEnded) res.destroy()
      return
    }
    const { requestId, facts } = contextOf(res)
    const shown = toPublicError(error, undefined)
    facts.errorCode = shown.code
    const wait = retryAfterSeconds(shown)
    if (wait !== undefined) res.setHeader('Retry-After', wait)
    await auditing.refuse(req, res, shown.code)
    const { refuse } = await load()
    if (res.headersSent || res.destroyed) return
    await send(refuse({ ...shown, status: errorCatalogue[shown.code].status, requestId }), req, res)
  }
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    loading ??= load()
    return loading
  }
}
