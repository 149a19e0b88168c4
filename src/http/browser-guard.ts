import type { Request, RequestHandler } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { getOperation } from '../contract/operations.ts'
import { checkLoginRequest } from './console/login-guard.ts'
import { refuseToRun } from './fetch-destination.ts'
import type { HttpOptions } from './options.ts'
import { hostNotAllowed, type OwnOrigins } from './own-origins.ts'
import { contextOf } from './request-context.ts'

/** Content types that a web page can send without a preflight. */
const sentByForms = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']

/**
 * Refuses requests that a foreign web page makes a browser send. A key in a header proves that the caller meant the
 * request, because a page cannot send one without a preflight. Requests without such a key must come from the API's
 * own origin or an allowed one, be addressed to a host that a foreign name server cannot define, and not load the response
 * as a script or the like. The health check is exempt: load balancers call it by address, and it changes nothing.
 */
export function refuseForeignPages({ cors }: Pick<HttpOptions, 'cors'>, own: OwnOrigins): RequestHandler {
  const allowedOrigins = new Set(cors.origins)
  return (req, res, next) => {
    const { identity, operationId } = contextOf(res)
    if (identity.kind === 'known' && identity.provenByHeader) return next()
    if (identity.kind === 'known' && identity.login) {
      checkLoginRequest(req, identity.login, own)
      return next()
    }
    const operation = operationId && getOperation(operationId)
    if (operation?.auth === 'none') return next()

    if (!own.isAddressed(req)) throw hostNotAllowed()
    const { origin, 'sec-fetch-site': site } = req.headers
    if (origin === undefined || !allowedOrigins.has(origin)) {
      if (origin !== undefined && !own.isOwn(req, origin)) throw originNotAllowed()
      if (site !== undefined && site !== 'same-origin' && site !== 'none') throw originNotAllowed()
    }
    refuseToRun(req, operationId === 'getReferenceScript' ? 'script' : undefined)
    if (operation?.method === 'post' && operation.upload !== null && isSentByForms(req)) {
      throw new ServiceError(
        'UNSUPPORTED_MEDIA_TYPE',
        'Without an API key, send the upload with a Content-Type that HTML forms cannot send, such as application/octet-stream',
      )
    }
    next()
  }
}

function isSentByForms(req: Request): boolean {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === undefined || type === '' || sentByForms.includes(type)
}

function originNotAllowed(): ServiceError<'ORIGIN_NOT_ALLOWED'> {
  return new ServiceError(
    'ORIGIN_NOT_ALLOWED',
    'Without an API key, requests from web pages are accepted only from origins in the option cors.origins',
    { option: 'cors.origins' },
  )
}
