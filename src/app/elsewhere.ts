import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { toErrorBody, toPublicError } from '../http/error-response.ts'

/** Responds to requests outside the API with an error that names the API's path. */
export function answerElsewhere(mountPath: string): RequestHandler {
  return (_req, res) => {
    const error = new ServiceError('NOT_FOUND', `Not found; the API is at ${mountPath}`)
    const requestId = randomUUID()
    res.set({
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    })
    res.status(404).json(toErrorBody(toPublicError(error, undefined), requestId))
  }
}
