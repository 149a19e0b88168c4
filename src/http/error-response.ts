import type { ErrorRequestHandler, Response } from 'express'
import { type ErrorCode, errorCatalogue, ServiceError } from '../contract/errors.ts'
import { type OperationId, operations } from '../contract/operations.ts'
import { toTimestamp } from '../contract/primitives.ts'
import { adviseRetry, type RetryAdvice } from '../contract/retry.ts'
import type { ErrorResponse } from '../contract/system.ts'
import { ClientGoneError, contextOf } from './request-context.ts'
import { sendJson } from './send-json.ts'

/** What a caller is told of an error; both the JSON body and the stream's `error` event are made of it. */
export interface PublicError extends RetryAdvice {
  code: ErrorCode
  message: string
  details?: Record<string, unknown>
}

/** The text of an unexpected error stays in the log; the caller gets the operation's own fault code. */
export function toPublicError(error: unknown, operationId: OperationId | undefined): PublicError {
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
  const message = `${errorCatalogue[code].title}; the server's log has more under the request id`
  return { code, message, ...adviseRetry(code) }
}

export function toErrorBody(error: PublicError, requestId: string): ErrorResponse {
  return { error, timestamp: toTimestamp(Date.now()), requestId }
}

/** Writes down what nobody expected; what is meant for the caller, and a client that left, is no fault. */
export function logFault(res: Response, error: unknown): void {
  if (error instanceof ServiceError || error instanceof ClientGoneError) return
  const { log, operationId } = contextOf(res)
  log.error({ err: error, ...(operationId && { operation: operationId }) }, 'unexpected fault')
}

/** Where trying again soon makes sense, RFC 9110 `Retry-After`; the rate limit sets its own. */
const retryAfterSeconds: Partial<Record<ErrorCode, number>> = {
  TURN_QUEUE_FULL: 1,
  CALLER_LIMIT_REACHED: 5,
  SERVER_LIMIT_REACHED: 5,
  STORE_UNAVAILABLE: 5,
  SHUTTING_DOWN: 5,
}

export type CheckErrorBody = (
  operationId: OperationId | undefined,
  status: number,
  body: ErrorResponse,
) => boolean

/** The last step: answers whatever went wrong, in one form. */
export function answerErrors(checkBody: CheckErrorBody): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    logFault(res, error)
    const { requestId, operationId } = contextOf(res)
    if (res.headersSent || res.destroyed) {
      // Too late for an answer: a response that breaks off is the only honest end.
      if (!res.writableEnded) res.destroy()
      return
    }
    let shown = toPublicError(error, operationId)
    let body = toErrorBody(shown, requestId)
    if (!checkBody(operationId, errorCatalogue[shown.code].status, body)) {
      shown = { code: 'INTERNAL', message: errorCatalogue.INTERNAL.title, ...adviseRetry('INTERNAL') }
      body = toErrorBody(shown, requestId)
    }
    if (shown.code === 'RANGE_NOT_SATISFIABLE') {
      res.setHeader('Content-Range', `bytes */${shown.details?.sizeBytes}`)
    }
    const wait = secondsUntil(shown.details?.retryAt) ?? retryAfterSeconds[shown.code]
    if (wait !== undefined) res.setHeader('Retry-After', wait)
    sendJson(res, errorCatalogue[shown.code].status, body)
  }
}

/** At least one second, so that a client never asks again at once. */
function secondsUntil(time: unknown): number | undefined {
  if (typeof time !== 'string') return undefined
  return Math.max(1, Math.ceil((Date.parse(time) - Date.now()) / 1000))
}
