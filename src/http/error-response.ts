import type { ErrorRequestHandler, Request, Response } from 'express'
import { type ErrorCode, errorCatalogue, ServiceError } from '../contract/errors.ts'
import { type OperationId, operations } from '../contract/operations.ts'
import { toTimestamp } from '../contract/primitives.ts'
import { adviseRetry, type RetryAdvice } from '../contract/retry.ts'
import type { ErrorResponse } from '../contract/system.ts'
import { SessionFenced } from '../sessions/records.ts'
import { ClientGoneError, contextOf } from './request-context.ts'
import { sendJson } from './send-json.ts'

/** The error as the caller sees it, in the JSON body and in the stream's `error` event. */
export interface PublicError extends RetryAdvice {
  code: ErrorCode
  message: string
  details?: Record<string, unknown>
}

/** Hides the text of an unexpected error, which is only logged; the caller gets the operation's fault code. */
export function toPublicError(fault: unknown, operationId: OperationId | undefined): PublicError {
  const error = fault instanceof SessionFenced ? sessionHasMoved() : fault
  if (error instanceof ServiceError) {
    const details = error.details as Record<string, unknown> | undefined
    return {
      code: error.code,
      message: error.message,
      ...(details && { details }),
      ...adviseRetry(error.code, details),
    }
  }
  const code = operationId ? operations[operationId].fault : 'INTERNAL'
  const message = `${errorCatalogue[code].title}; see the server's log for this request id`
  return { code, message, ...adviseRetry(code) }
}

function sessionHasMoved(): ServiceError<'NODE_UNAVAILABLE'> {
  return new ServiceError('NODE_UNAVAILABLE', 'The session moves to another node; nothing was changed')
}

export function toErrorBody(error: PublicError, requestId: string): ErrorResponse {
  return { error, timestamp: toTimestamp(Date.now()), requestId }
}

/** Logs unexpected errors. Errors for the caller and client disconnects are expected. */
export function logFault(res: Response, error: unknown): void {
  const isExpected = [ServiceError, ClientGoneError, SessionFenced].some(kind => error instanceof kind)
  if (isExpected) return
  const { log, operationId } = contextOf(res)
  log.error({ err: error, ...(operationId && { operation: operationId }) }, 'unexpected fault')
}

/** The rate limit sets its own. */
const retryAfterOf: Partial<Record<ErrorCode, number>> = {
  TURN_QUEUE_FULL: 1,
  CALLER_LIMIT_REACHED: 5,
  SERVER_LIMIT_REACHED: 5,
  STORE_UNAVAILABLE: 5,
  IDENTITY_PROVIDER_UNAVAILABLE: 20,
  NODE_UNAVAILABLE: 2,
  WORKSPACE_UNAVAILABLE: 5,
  SHUTTING_DOWN: 5,
}

/** Returns `Retry-After` (RFC 9110) if a retry soon makes sense. */
export function retryAfterSeconds({ code, details }: PublicError): number | undefined {
  return secondsUntil(details?.retryAt) ?? retryAfterOf[code]
}

export type CheckErrorBody = (
  operationId: OperationId | undefined,
  status: number,
  body: ErrorResponse,
) => boolean

/**
 * The last middleware: responds to all errors in one form.
 *
 * @param refuse notes the error in the audit log before it is sent
 */
export function answerErrors(
  checkBody: CheckErrorBody,
  refuse: (req: Request, res: Response, code: ErrorCode) => Promise<void>,
): ErrorRequestHandler {
  return async (error, req, res, _next) => {
    logFault(res, error)
    const { requestId, operationId } = contextOf(res)
    if (res.headersSent || res.destroyed) {
      // The response has begun, so breaking it off is the only way to signal the error.
      if (!res.writableEnded) res.destroy()
      return
    }
    let shown = toPublicError(error, operationId)
    let body = toErrorBody(shown, requestId)
    if (!checkBody(operationId, errorCatalogue[shown.code].status, body)) {
      shown = { code: 'INTERNAL', message: errorCatalogue.INTERNAL.title, ...adviseRetry('INTERNAL') }
      body = toErrorBody(shown, requestId)
    }
    contextOf(res).facts.errorCode = shown.code
    if (shown.code === 'RANGE_NOT_SATISFIABLE') {
      res.setHeader('Content-Range', `bytes */${shown.details?.sizeBytes}`)
    }
    const wait = retryAfterSeconds(shown)
    if (wait !== undefined) res.setHeader('Retry-After', wait)
    await refuse(req, res, shown.code)
    // Meanwhile the client may have left, or have been told that its body stopped arriving.
    if (res.headersSent || res.destroyed) return
    sendJson(res, errorCatalogue[shown.code].status, body)
  }
}

/** Returns at least one second, so that clients do not retry immediately. */
function secondsUntil(time: unknown): number | undefined {
  if (typeof time !== 'string') return undefined
  return Math.max(1, Math.ceil((Date.parse(time) - Date.now()) / 1000))
}
