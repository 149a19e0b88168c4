import { randomUUID } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import type { Request, RequestHandler, Response } from 'express'
import { ServiceError } from '../contract/errors.ts'
import type { Needs } from '../contract/operation.ts'
import { getOperation, type OperationId } from '../contract/operations.ts'
import type { NodeRecord } from '../sessions/ports/index.ts'
import type { Caller } from '../sessions/records.ts'
import { visitor } from './authentication.ts'
import { toPublicError } from './error-response.ts'
import type { Forwarding } from './forwarding.ts'
import { isLoggableId } from './log-path.ts'
import type { Arrival, IncomingAnswer, Nodes, OutgoingRequest, SessionNeed } from './nodes.ts'
import type { HttpDeps } from './options.ts'
import { contextOf } from './request-context.ts'
import { refuseReservedId } from './reserved-ids.ts'
import { refuseRevoked } from './revocation.ts'
import { toFrame } from './sse-stream.ts'
import { createBodyReader } from './whole-body.ts'

/** How long a client may read nothing of a forwarded response before it is disconnected. */
const stallTimeoutMs = 30_000

/** Those that make a turn, whose id is the front's: see `Arrival.turnId`. */
const submitting: ReadonlySet<OperationId> = new Set(['sendMessage', 'streamMessage'])
/** Writes that have the same effect when they are done twice, or say so themselves. */
const repeatable: ReadonlySet<OperationId> = new Set([
  ...submitting,
  'patchSession',
  'endSession',
  'interruptSession',
  'answerPermission',
  'stopTask',
])
/** Headers that are about this connection, or are not needed where the caller is known. */
const ofThisHop =
  /^(connection|keep-alive|te|trailer|upgrade|expect|host|content-length|content-encoding|transfer-encoding|proxy-.*|authorization|cookie|origin|referer|sec-.*|x-forwarded-.*|forwarded|x-claude-code-api-.*)$/
/** Headers of an answer that this node sets itself. */
const ofAnswer =
  /^(connection|keep-alive|transfer-encoding|date|x-request-id|vary|access-control-.*|ratelimit.*|x-ratelimit-.*)$/

type Parts = Pick<HttpDeps, 'nodes' | 'ready' | 'service' | 'config'>

/** Has the node of the session answer. Sessions of this node, and operations that need none, continue here. */
export function answerAtNode(
  deps: Parts,
  { addressOf, baseOf }: Forwarding,
  isInner: (req: Request) => boolean,
): RequestHandler {
  const { config } = deps
  const readBody = createBodyReader(config)

  async function find(nodes: Nodes, req: Request, res: Response, id: OperationId) {
    const { stop } = contextOf(res)
    const { needs } = getOperation(id)
    if (needs === 'place') {
      const body = await readBody(req, res, false)
      const wanted = parse(body)
      refuseReservedId(wanted.sessionId, isInner(req))
      return { node: nodes.place(directoryOf(wanted, config)), session: null }
    }
    const { sessionId } = contextOf(res).params
    if (sessionId === undefined || !isLoggableId(sessionId)) return undefined
    const { tenantId } = await actingOn(deps, callerOf(res), sessionId)
    const need = needs as Exclude<Needs, 'store' | 'place'> satisfies SessionNeed
    const node = await nodes.locate(tenantId, sessionId, need, stop)
    return { node, session: { tenantId, id: sessionId, need } }
  }

  function toOutgoing(
    req: Request,
    res: Response,
    id: OperationId,
    body: Buffer,
    session: OutgoingRequest['facts']['session'],
  ): OutgoingRequest {
    const { identity, stop, requestId, clientGone } = contextOf(res)
    const { keyOnly: _, method } = getOperation(id)
    const dropped = config.auth.apiKeyHeader
    const headers = Object.entries(req.headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined && !ofThisHop.test(entry[0]) && entry[0] !== dropped,
    )
    return {
      method: req.method,
      path: withoutTicket(req.url),
      headers: { ...Object.fromEntries(headers), 'x-request-id': requestId },
      body,
      facts: {
        session,
        caller: identity.kind === 'known' ? toFacts(identity.caller) : null,
        address: addressOf(req),
        base: baseOf(req),
        ...(submitting.has(id) && { turnId: randomUUID() }),
        isRepeated: false,
      },
      isRepeatable: method === 'get' || repeatable.has(id) || req.headers['idempotency-key'] !== undefined,
      signal: stop,
      farewell: () => (stop.aborted && !clientGone.aborted ? toFarewell(id, req, stop) : undefined),
    }
  }

  return async (req, res, next) => {
    const { operationId } = contextOf(res)
    if (operationId === undefined || getOperation(operationId).needs === 'store') return next()
    await deps.ready()
    let { nodes } = deps
    if (!nodes || nodes.arrivalOf(req)) return next()
    let found = await find(nodes, req, res, operationId)
    // It counted as dead meanwhile, and has joined again.
    for (; nodes && nodes !== deps.nodes; found = nodes && (await find(nodes, req, res, operationId))) {
      await deps.ready()
      nodes = deps.nodes
    }
    if (!nodes || !found?.node) return next()
    const body = await readBody(req, res, getOperation(operationId).upload !== null)
    refuseRevoked(res)
    const outgoing = toOutgoing(req, res, operationId, body, found.session)
    await respond(await forward(nodes, found.node, outgoing), req, res)
  }
}

async function forward(nodes: Nodes, node: NodeRecord, request: OutgoingRequest): Promise<IncomingAnswer> {
  try {
    return await nodes.forward(node, request)
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : error
  }
}

async function respond(
  { status, headers, body }: IncomingAnswer,
  req: Request,
  res: Response,
): Promise<void> {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ofAnswer.test(name)) res.setHeader(name, value)
  }
  if (req.method === 'HEAD') {
    body.destroy()
    res.end()
    return
  }
  // A pipeline listens in many ways, besides the middleware.
  res.setMaxListeners(30)
  res.flushHeaders()
  // Without a listener a timeout ends the connection.
  res.setTimeout(stallTimeoutMs)
  // A client that has left, and a node that breaks off: both connections are closed by now.
  await pipeline(body, res).catch(() => undefined)
}

function callerOf(res: Response): Caller {
  const { identity } = contextOf(res)
  return identity.kind === 'known' ? identity.caller : visitor
}

/** Who administers the server acts in the tenant of the session. */
async function actingOn({ service }: Parts, caller: Caller, sessionId: string): Promise<Caller> {
  return caller.isOperator ? service.actingOn(caller, { sessionId }) : caller
}

function toFacts({ keyVersion, scopes, ...caller }: Caller): Arrival['caller'] {
  return { ...caller, scopes: [...scopes], ...(keyVersion !== undefined && { keyVersion }) }
}

/** A ticket works once, and has done so here. */
function withoutTicket(url: string): string {
  return url.replace(/([?&])ticket=[^&]*&?/, '$1').replace(/[?&]$/, '')
}

/** The directory that the new session is going to have, as far as it can be known before the request is checked. */
function directoryOf(
  { cwd, workspace }: WantedSession,
  { defaultCwd, workspacesDir, defaultWorkspace }: Parts['config'],
): string {
  if (typeof cwd === 'string') return cwd
  if (workspace?.type === 'directory') return String(workspace.path)
  return workspace !== undefined || defaultWorkspace === 'empty' ? workspacesDir : defaultCwd
}

interface WantedSession {
  sessionId?: unknown
  cwd?: unknown
  workspace?: { type?: unknown; path?: unknown }
}

function parse(body: Buffer): WantedSession {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // Refused where it is read.
    return {}
  }
}

/** The last frame of a stream that this node ends. */
function toFarewell(id: OperationId, req: Request, { reason }: AbortSignal): Buffer {
  const { sessionId } = req.params
  if (id === 'followEvents') return toFrame({ event: 'closing', data: { sessionId } })
  const error =
    reason instanceof ServiceError ? reason : new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
  const { message, ...rest } = toPublicError(error, id)
  return toFrame({ event: 'error', data: { error: message, ...rest } })
}
