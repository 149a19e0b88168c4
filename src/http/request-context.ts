import { randomUUID } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import type { KnownCaller } from '../access/caller-directory.ts'
import type { ErrorCode } from '../contract/errors.ts'
import type { OperationId } from '../contract/operations.ts'
import type { Caller } from '../sessions/records.ts'
import type { Login } from './console/console-request.ts'
import { toLoggedPath } from './log-path.ts'
import type { ServerMetrics } from './options.ts'

/** The sender of the request, identified by its key. */
export type Identity =
  | ({
      kind: 'known'
      /** Whether the key came in a header that browsers never send on their own. */
      provenByHeader: boolean
      /** Of the console; undefined: the request brought the key itself. */
      login?: Login
    } & KnownCaller)
  | { kind: 'no_key' }
  | { kind: 'wrong_key' }
  /** Too many wrong keys came from the address; the key was not judged. */
  | { kind: 'delayed'; delayMs: number }
  /** Something that is needed to recognize the caller has failed. */
  | { kind: 'undecided'; error: unknown }

/** Facts for the line in the log. */
export interface LoggedFacts {
  sessionId?: string
  turnId?: string
  errorCode?: ErrorCode
  /** Why a token was not accepted; its caller is not told. */
  refused?: string
}

/** The state that the middleware of one request shares. */
export interface RequestContext {
  readonly requestId: string
  readonly log: Logger
  /** Aborts if the client disconnects before it has the response. */
  readonly clientGone: AbortSignal
  /** Aborts when waiting must stop: the client has disconnected, or the wait was cancelled. */
  readonly stop: AbortSignal
  /** Ends all waits of the request with this reason. */
  callOff(reason: unknown): void
  /** Undefined for unknown paths and methods. */
  operationId: OperationId | undefined
  /** The operation of a door, such as `openai.createResponse`, or the door's name before it is known. */
  doorOperation: string | undefined
  /** Parameters of the path as they came; Express forgets them when a request is refused. */
  params: Readonly<Record<string, string | undefined>>
  identity: Identity
  /** The caller in the tenant that the request acts in; undefined: it was refused before that was known. */
  actor: Caller | undefined
  readonly facts: LoggedFacts
}

const contexts = new WeakMap<Response, RequestContext>()
/** Headers that describe a body; values set by middleware before the router are not about our body. */
const ofAnotherBody = [
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Content-Range',
  'Content-Disposition',
  'Transfer-Encoding',
  'ETag',
  'Last-Modified',
]
const acceptableRequestId = /^[\x21-\x7e]{1,128}$/

/** The reason of `clientGone`. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

export function contextOf(res: Response): RequestContext {
  const context = contexts.get(res)
  if (!context) throw new Error('the request has no context yet')
  return context
}

/** Whether the request has come to the middleware that gives it a context. */
export function hasContext(res: Response): boolean {
  return contexts.has(res)
}

/** The context of a request. Its logger and signals are created on first use, because most requests do not need them. */
class OpenRequest implements RequestContext {
  readonly requestId: string
  readonly #serverLog: Logger
  readonly #gone = new LazySignal()
  readonly #stop = new LazySignal()
  #log: Logger | undefined
  operationId: OperationId | undefined
  doorOperation: string | undefined
  params: RequestContext['params'] = {}
  identity: Identity = { kind: 'no_key' }
  actor: Caller | undefined
  readonly facts: LoggedFacts = {}

  constructor(requestId: string, log: Logger) {
    this.requestId = requestId
    this.#serverLog = log
  }

  get log(): Logger {
    this.#log ??= this.#serverLog.child({ requestId: this.requestId })
    return this.#log
  }

  get clientGone(): AbortSignal {
    return this.#gone.signal
  }

  get stop(): AbortSignal {
    return this.#stop.signal
  }

  callOff(reason: unknown): void {
    this.#stop.abort(reason)
  }

  /** Records that the client has disconnected before it had the response. */
  leave(): void {
    const reason = new ClientGoneError('the client has disconnected')
    this.#gone.abort(reason)
    this.#stop.abort(reason)
  }
}

/** An abort signal that is created on first use. */
class LazySignal {
  #controller: AbortController | undefined
  #aborted: { reason: unknown } | undefined

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(this.#aborted.reason)
  }
}

/**
 * The first middleware: assigns an id and a context to the request, and logs the request when it is over.
 *
 * @param open the set of unfinished responses
 * @param metrics receives each request that is over
 * @param isInner whether a door has sent the request
 */
export function beginRequest(
  log: Logger,
  open: Set<Response>,
  metrics: Pick<ServerMetrics, 'onRequest'>,
  isInner: (req: Request) => boolean,
): RequestHandler {
  return (req, res, next) => {
    // The client has left while what comes before was at work: its `close` would never come.
    if (res.closed) return
    const startedAt = performance.now()
    const path = toLoggedPath(req.path)
    const sent = req.headers['x-request-id']
    const requestId = typeof sent === 'string' && acceptableRequestId.test(sent) ? sent : randomUUID()
    const context = new OpenRequest(requestId, log)
    contexts.set(res, context)
    // Only headers that are set are removed: removing Transfer-Encoding makes Node stop chunking, and a client could
    // not tell a broken stream from a complete one.
    for (const name of ofAnotherBody) if (res.hasHeader(name)) res.removeHeader(name)
    res.setHeader('X-Request-ID', requestId)
    // Pages of other origins must not embed responses as images, scripts or style sheets.
    res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    res.setHeader('X-Content-Type-Options', 'nosniff')
    // Addresses of streams can hold a ticket.
    res.setHeader('Referrer-Policy', 'no-referrer')
    open.add(res)
    // On Express 5, the request's `close` fires as soon as the body has been read, so the response's is used.
    res.once('close', () => {
      open.delete(res)
      if (!res.writableFinished) context.leave()
      const durationMs = performance.now() - startedAt
      const status = res.headersSent ? res.statusCode : undefined
      metrics.onRequest({ operation: context.operationId ?? context.doorOperation, status, durationMs })
      const line = { requestId, method: req.method, path, ...describe(res, context, durationMs) }
      const level = levelOf(res, context)
      // The request that has caused it has a line of its own.
      log[isInner(req) && level === 'info' ? 'debug' : level](line, 'request')
    })
    next()
  }
}

/** Failures of the server are errors, those of requests and streams warnings. */
function levelOf(res: Response, { facts }: RequestContext): 'info' | 'warn' | 'error' {
  if (!res.headersSent) return 'info'
  if (res.statusCode >= 500) return 'error'
  return res.statusCode >= 400 || facts.errorCode !== undefined ? 'warn' : 'info'
}

function describe(res: Response, context: RequestContext, durationMs: number): object {
  const { identity, operationId, doorOperation, facts } = context
  const operation = operationId ?? doorOperation
  return {
    ...(operation && { operation }),
    ...(res.headersSent && { status: res.statusCode }),
    ...(!res.writableFinished && { clientGone: true }),
    ...(identity.kind === 'known' && { keyId: identity.caller.keyId }),
    ...facts,
    durationMs: Math.round(durationMs),
  }
}
