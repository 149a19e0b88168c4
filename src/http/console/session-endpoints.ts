import { hash } from 'node:crypto'
import { type Request, type RequestHandler, type Response, Router } from 'express'
import { longestLoginMs } from '../../access/console-logins.ts'
import type { CallerResponse } from '../../contract/callers.ts'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { Auditing } from '../auditing.ts'
import type { Forwarding } from '../forwarding.ts'
import { toCallerBody } from '../handlers/callers.ts'
import { parseJson, requireJsonType } from '../json-body.ts'
import { type KeyJudge, toRefusal } from '../key-judge.ts'
import type { HttpDeps } from '../options.ts'
import type { OwnOrigins } from '../own-origins.ts'
import { contextOf } from '../request-context.ts'
import type { RequestLimits } from '../request-limits.ts'
import { keyNoLongerValid } from '../revocation.ts'
import { sendJson } from '../send-json.ts'
import { cookieName, formatCookie, readCookie, toCsrfToken } from './login-cookie.ts'
import { checkOrigin } from './login-guard.ts'
import { type LoggedIn, logIn, loginIsOver } from './logins.ts'

const longestKey = 20_000
const maxBodyBytes = 32 * 1024

/** Who is logged in, as the console's page reads it. */
interface SessionBody {
  caller: CallerResponse
  /** Must be sent with every change; null: there is no cookie that a foreign page could use. */
  csrfToken: string | null
  /** When the login is over if it is not used again; null: never. */
  expiresAt: string | null
  /** How callers log in here: with a key, not at all, or at the host application. */
  login: 'key' | 'none' | 'host'
}

export interface SessionParts {
  deps: HttpDeps
  judge: KeyJudge
  forwarding: Forwarding
  own: OwnOrigins
  limits: RequestLimits
  auditing: Auditing
  /** Before a caller is known. */
  rateLimit: RequestHandler
  refuseWhenClosing: RequestHandler
  /** Finds the caller of a request that is not a login, and refuses foreign pages. */
  identify: readonly RequestHandler[]
}

/** The endpoint at which callers log in to the console, and out of it. */
export function createSessionEndpoints(parts: SessionParts): Router {
  const { deps, judge, forwarding, own, auditing, limits } = parts
  const { auth, limits: totals } = deps.config
  const mode: SessionBody['login'] = !auth.enabled ? 'none' : auth.authenticate ? 'host' : 'key'
  const allowed = mode === 'key' ? ['GET', 'HEAD', 'POST', 'DELETE'] : ['GET', 'HEAD']

  const setCookie = (req: Request, res: Response, origin: string, value: string, lifetimeMs: number) => {
    // The origin is the browser's own word for how the page was loaded, whatever proxies are between.
    const isSecure = origin.startsWith('https:')
    const scope = { name: cookieName(deps.logins.instance), mount: forwarding.mountOf(req), isSecure }
    res.append('Set-Cookie', formatCookie(scope, value, lifetimeMs))
  }

  const describe = ({ caller, login: { record, secret } }: LoggedIn): SessionBody => {
    const endsAt = Math.min(deps.logins.endsAt(record), caller.expiresAt ?? Number.POSITIVE_INFINITY)
    return {
      caller: toCallerBody(caller),
      csrfToken: toCsrfToken(secret),
      expiresAt: toTimestamp(endsAt),
      login: mode,
    }
  }

  const enter: RequestHandler = async (req, res) => {
    const origin = checkOrigin(req, own)
    const key = readKey(req.body)
    const context = contextOf(res)
    const identity = await judge.findByKey(req, { text: key, provenByHeader: true }, context)
    context.identity = identity
    if (identity.kind === 'undecided') throw identity.error
    if (identity.kind !== 'known') throw toRefusal(identity, context.facts, totals.wrongKeysPerAddress)
    await deps.ready()
    const { caller } = identity
    const facts = {
      tenantId: caller.tenantId,
      createdBy: caller.keyId,
      credentialHash: hash('sha256', key),
      scopes: [...caller.scopes],
      token: deps.callers.rememberToken(key, caller),
      origin,
    }
    const before = readCookie(req, cookieName(deps.logins.instance))
    const { secret, login } = await auditing.record('console.login', caller, req, res, () =>
      deps.logins.create(facts, before),
    )
    const known = deps.callers.recall(login)
    // The key was revoked meanwhile.
    if (!known) throw keyNoLongerValid()
    const lifetimeMs = Math.min(longestLoginMs, (caller.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now())
    setCookie(req, res, origin, secret, lifetimeMs)
    sendJson(res, 201, describe(logIn(deps, known, { record: login, secret })))
  }

  const show: RequestHandler = async (_req, res) => {
    const { identity } = contextOf(res)
    if (identity.kind === 'undecided') throw identity.error
    if (identity.kind === 'known' && identity.login) {
      sendJson(res, 200, describe({ ...identity, login: identity.login }))
    } else if (identity.kind === 'known' && mode !== 'key') {
      const caller = toCallerBody(identity.caller)
      const body: SessionBody = { caller, csrfToken: null, expiresAt: caller.expiresAt, login: mode }
      sendJson(res, 200, body)
    } else throw new ServiceError('MISSING_API_KEY', mode === 'host' ? notIdentified : loginIsOver)
  }

  const leave: RequestHandler = async (req, res) => {
    const { identity } = contextOf(res)
    if (identity.kind === 'undecided') throw identity.error
    if (identity.kind !== 'known' || !identity.login) throw new ServiceError('MISSING_API_KEY', loginIsOver)
    const { record } = identity.login
    await auditing.record('console.logout', identity.caller, req, res, () => deps.logins.end(record))
    setCookie(req, res, record.origin, '', 0)
    res.statusCode = 204
    res.end()
  }

  const refuseMethod: RequestHandler = (req, res) => {
    res.setHeader('Allow', allowed.join(', '))
    throw new ServiceError('METHOD_NOT_ALLOWED', `${req.method} is not possible here`, { allowed })
  }
  const onlyWithKeys: RequestHandler = mode === 'key' ? (_req, _res, next) => next() : refuseMethod
  const readBody: RequestHandler[] = [
    (req, _res, next) => {
      requireJsonType(req)
      next()
    },
    limits.smallBody,
    parseJson(maxBodyBytes),
    limits.bodyRead,
  ]

  const router = Router({ caseSensitive: true, strict: true })
  router
    .route('/session')
    .get(...parts.identify, parts.refuseWhenClosing, show)
    .delete(onlyWithKeys, ...parts.identify, parts.refuseWhenClosing, leave)
    .post(onlyWithKeys, parts.rateLimit, parts.refuseWhenClosing, ...readBody, enter)
    .all(refuseMethod)
  return router
}

const notIdentified = 'The application has not identified the caller'

/** @throws ServiceError INVALID_REQUEST */
function readKey(body: unknown): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidField('', 'the body must be an object with the field key')
  }
  const { key, ...others } = body as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw invalidField(unknown, 'is not a field of this request')
  if (typeof key !== 'string' || key === '') throw invalidField('key', 'must be an API key')
  if (key.length > longestKey) throw invalidField('key', `must have at most ${longestKey} characters`)
  return key
}
