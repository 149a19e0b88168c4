import { randomUUID } from 'node:crypto'
import type { RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import type { OperationId } from '../contract/operations.ts'
import type { Caller } from '../sessions/records.ts'
import { toLoggedPath } from './log-path.ts'

/** Who sent the request, as far as its key tells. */
export type Identity =
  | {
      kind: 'known'
      caller: Caller
      /** Whether a key came in a header that browsers never send by themselves. */
      provenByHeader: boolean
    }
  | { kind: 'no_key' }
  | { kind: 'wrong_key' }

/** What the steps of one request tell each other. */
export interface RequestContext {
  readonly requestId: string
  readonly log: Logger
  /** Aborts when the client is gone before it had its answer. */
  readonly clientGone: AbortSignal
  /** Aborts when nothing may be waited for any longer: the client is gone, or the wait was called off. */
  readonly stop: AbortSignal
  /** Ends every wait of the request with that reason. */
  callOff(reason: unknown): void
  /** Undefined for paths and methods that do not exist. */
  operationId: OperationId | undefined
  identity: Identity
}

const contexts = new WeakMap<Response, RequestContext>()
/** Headers that describe a body: what middleware before the router has set is not about ours. */
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
  if (!context) throw new Error('the request has not begun')
  return context
}

/** The context of a request. Most are answered without its logger and its signals: they are made when asked for. */
class OpenRequest implements RequestContext {
  readonly requestId: string
  readonly #serverLog: Logger
  readonly #gone = new LazySignal()
  readonly #stop = new LazySignal()
  #log: Logger | undefined
  operationId: OperationId | undefined
  identity: Identity = { kind: 'no_key' }

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

  /** The client is gone before it had its answer. */
  leave(): void {
    const reason = new ClientGoneError('the client is gone')
    this.#gone.abort(reason)
    this.#stop.abort(reason)
  }
}

/** An abort signal that costs nothing before somebody asks for it. */
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
 * The first step of every request: gives it an id and a context, and writes its line in the log when it is over.
 *
 * @param open holds the responses that are not over yet
 */
export function beginRequest(log: Logger, open: Set<Response>): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now()
    const path = toLoggedPath(req.path)
    const sent = req.headers['x-request-id']
    const requestId = typeof sent === 'string' && acceptableRequestId.test(sent) ? sent : randomUUID()
    const context = new OpenRequest(requestId, log)
    contexts.set(res, context)
    // Only what is set: Node stops chunking a response whose Transfer-Encoding was removed, and a client could not
    // tell a stream that was cut from one that has ended.
    for (const name of ofAnotherBody) if (res.hasHeader(name)) res.removeHeader(name)
    res.setHeader('X-Request-ID', requestId)
    // No page of another origin may use an answer as an image, a script or a style sheet of its own.
    res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    res.setHeader('X-Content-Type-Options', 'nosniff')
    open.add(res)
    // The response's: on Express 5 the request's fires as soon as the body has been read.
    res.once('close', () => {
      open.delete(res)
      if (!res.writableFinished) context.leave()
      log.info({ requestId, method: req.method, path, ...describe(res, context, startedAt) }, 'request')
    })
    next()
  }
}

function describe(res: Response, context: RequestContext, startedAt: number): object {
  const { identity, operationId } = context
  return {
    ...(operationId && { operation: operationId }),
    ...(res.headersSent && { status: res.statusCode }),
    ...(!res.writableFinished && { clientGone: true }),
    ...(identity.kind === 'known' && { keyId: identity.caller.keyId }),
    durationMs: Math.round(performance.now() - startedAt),
  }
}
