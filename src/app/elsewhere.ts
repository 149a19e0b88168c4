import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { toErrorBody, toPublicError } from '../http/error-response.ts'

/** Answers what lies outside of the API in its form of errors, and says where it is. */
export function answerElsewhere(mountPath: string): RequestHandler {
  return (_req, res) => {
    const error = new ServiceError('NOT_FOUND', `There is nothing here; the API is at ${mountPath}`)
    const requestId = randomUUID()
    res.set({ 'X-Request-Id': requestId, 'X-Content-Type-Options': 'nosniff' })
    res.status(404).json(toErrorBody(toPublicError(error, undefined), requestId))
  }
}
