import { randomUUID } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import type { OperationId } from '../contract/operations.ts'
import type { Caller } from '../sessions/records.ts'

/** Who sent the request, as far as its key tells. */
export type Identity = { kind: 'known'; caller: Caller } | { kind: 'no_key' } | { kind: 'wrong_key' }

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

/**
 * The first step of every request: gives it an id and a context, and writes its line in the log when it is over.
 *
 * @param open holds the responses that are not over yet
 */
export function beginRequest(log: Logger, open: Set<Response>): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now()
    const sent = req.headers['x-request-id']
    const requestId = typeof sent === 'string' && acceptableRequestId.test(sent) ? sent : randomUUID()
    const gone = new AbortController()
    const stop = new AbortController()
    const context: RequestContext = {
      requestId,
      log: log.child({ requestId }),
      clientGone: gone.signal,
      stop: stop.signal,
      callOff: reason => stop.abort(reason),
      operationId: undefined,
      identity: { kind: 'no_key' },
    }
    contexts.set(res, context)
    res.setHeader('X-Request-ID', requestId)
    open.add(res)
    // The response's: on Express 5 the request's fires as soon as the body has been read.
    res.once('close', () => {
      open.delete(res)
      if (!res.writableFinished) {
        const reason = new ClientGoneError('the client is gone')
        gone.abort(reason)
        stop.abort(reason)
      }
      context.log.info(describe(req, res, context, startedAt), 'request')
    })
    next()
  }
}

/** Without the query string: somebody may have put a key there. */
function describe(req: Request, res: Response, context: RequestContext, startedAt: number): object {
  const { identity, operationId } = context
  return {
    method: req.method,
    path: req.originalUrl.split('?', 1)[0],
    ...(operationId && { operation: operationId }),
    ...(res.headersSent && { status: res.statusCode }),
    ...(!res.writableFinished && { clientGone: true }),
    ...(identity.kind === 'known' && { keyId: identity.caller.keyId }),
    durationMs: Math.round(performance.now() - startedAt),
  }
}
