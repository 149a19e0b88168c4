import type { Request } from 'express'
import type { KnownCaller } from '../../access/caller-directory.ts'
import type { HttpDeps } from '../options.ts'
import type { Identity, RequestContext } from '../request-context.ts'
import { isConsoleRequest, type Login } from './console-request.ts'
import { cookieName, readCookie } from './login-cookie.ts'

export type LoggedIn = KnownCaller & { login: Login }

type Deps = Pick<HttpDeps, 'ready' | 'logins' | 'callers'>

/**
 * Finds the login of a request by its cookie; undefined: it has none, or its login or key is over.
 *
 * @throws Error if the service cannot be opened
 */
export async function findLogin(deps: Deps, req: Request): Promise<LoggedIn | undefined> {
  if (!isConsoleRequest(req) || req.headers.cookie === undefined) return undefined
  await deps.ready()
  const { logins, callers } = deps
  const secret = readCookie(req, cookieName(logins.instance))
  if (secret === undefined) return undefined
  const record = logins.find(secret) ?? (await logins.findAfresh(secret))
  if (!record) return undefined
  const known = await callers.recallAfresh(record)
  if (known) return logIn(deps, known, { record, secret })
  logins.forget(record)
  return undefined
}

/** The caller as one who has logged in: known as long as both the login and its key are good. */
export function logIn({ logins }: Deps, known: KnownCaller, login: Login): LoggedIn {
  return { caller: known.caller, isValid: () => logins.isOpen(login.record) && known.isValid(), login }
}

/** The message to a caller without a login that counts. */
export const loginIsOver =
  'There is no login: it is over, or was never made. Log in with POST /session of the console'

/** The sender of a request that may be made with a login, and brought no key. */
export function identifyLogin(deps: Deps, req: Request, { facts }: RequestContext): Promise<Identity> {
  return findLogin(deps, req).then(
    found => {
      if (found) return { kind: 'known', provenByHeader: false, ...found }
      facts.refused = 'login'
      return { kind: 'no_key' }
    },
    error => ({ kind: 'undecided', error }),
  )
}
