import type { Request } from 'express'
import { ServiceError } from '../../contract/errors.ts'
import { refuseToRun } from '../fetch-destination.ts'
import { hostNotAllowed, type OwnOrigins } from '../own-origins.ts'
import type { Login } from './console-request.ts'
import { isCsrfToken } from './login-cookie.ts'

export const csrfHeader = 'x-csrf-token'

/**
 * Refuses a request that the console's own pages would not send. Browsers send a cookie by themselves, so it proves
 * nothing about the page: changes need the exact origin of the login, and its token.
 *
 * @throws ServiceError HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED, CSRF_TOKEN_INVALID
 */
export function checkLoginRequest(req: Request, { record, secret }: Login, own: OwnOrigins): void {
  refuseForeignRead(req, own)
  const { origin, [csrfHeader]: token } = req.headers
  if (origin !== undefined && origin !== record.origin) throw foreignOrigin()
  if (req.method === 'GET' || req.method === 'HEAD') return
  if (origin === undefined) throw foreignOrigin()
  if (!isCsrfToken(token, secret)) {
    throw new ServiceError(
      'CSRF_TOKEN_INVALID',
      `Send the csrfToken of this login, from GET /session of the console, in ${csrfHeader}`,
    )
  }
}

/**
 * Returns the origin of the console's page on which the caller logs in.
 *
 * @throws ServiceError HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED
 */
export function checkOrigin(req: Request, own: OwnOrigins): string {
  refuseForeignRead(req, own)
  const { origin } = req.headers
  // The host alone does not tell a page that came without TLS.
  const isDowngraded = 'encrypted' in req.socket && origin?.startsWith('http:')
  if (origin === undefined || isDowngraded) throw foreignOrigin()
  return origin
}

function refuseForeignRead(req: Request, own: OwnOrigins): void {
  if (!own.isAddressed(req)) throw hostNotAllowed()
  const { origin, 'sec-fetch-site': site } = req.headers
  if (origin !== undefined && !own.isOwn(req, origin)) throw foreignOrigin()
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreignOrigin()
  refuseToRun(req)
}

function foreignOrigin(): ServiceError<'ORIGIN_NOT_ALLOWED'> {
  return new ServiceError(
    'ORIGIN_NOT_ALLOWED',
    'A login of the console works only on its own pages: Origin must be the address of the login. Behind a proxy, see publicUrl and trustProxy',
    { option: 'publicUrl' },
  )
}
