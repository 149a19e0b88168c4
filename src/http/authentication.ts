import type { Request, RequestHandler } from 'express'
import { anonymousKeyId, type KnownCaller } from '../access/caller-directory.ts'
import { ServiceError } from '../contract/errors.ts'
import type { Operation } from '../contract/operation.ts'
import { getOperation, type OperationId } from '../contract/operations.ts'
import { allScopes, type Caller, operator } from '../sessions/records.ts'
import { isConsoleRequest } from './console/console-request.ts'
import { identifyLogin, loginIsOver } from './console/logins.ts'
import type { InnerCaller } from './doors/inner-api.ts'
import { createHostAuthentication } from './host-authentication.ts'
import { type KeyJudge, type SentKey, toRefusal } from './key-judge.ts'
import type { Arrival } from './nodes.ts'
import type { HttpDeps, HttpOptions } from './options.ts'
import { contextOf, type Identity, type RequestContext } from './request-context.ts'
import type { OpenTickets } from './tickets.ts'

/** The caller if keys are off. */
const anonymous: KnownCaller = { caller: operator(anonymousKeyId), isValid: () => true }

/** The caller of an operation that the configuration opens to all: it administers nothing. */
export const visitor: Caller = {
  ...anonymous.caller,
  isOperator: false,
  scopes: new Set([...allScopes].filter(scope => scope !== 'admin')),
}

/** Pages that are opened in a browser, and what they load; it can only send a key as the password of HTTP Basic. */
const readInBrowser: ReadonlySet<OperationId | undefined> = new Set([
  'getDocs',
  'getOpenApi',
  'getReference',
  'getReferenceScript',
])

/** Streams that an `EventSource` opens, which cannot send a key. */
const withTicket: ReadonlySet<OperationId | undefined> = new Set(['followEvents', 'followFeed'])

/** Identifies the caller. Does not refuse yet, because the rate limit counts first. */
export function identifyCaller(
  deps: Pick<HttpDeps, 'callers' | 'scrapers' | 'ready' | 'logins' | 'nodes'> & {
    config: Pick<HttpOptions, 'auth'>
  },
  { findByKey, judge }: KeyJudge,
  tickets: OpenTickets,
  addressOf: (req: Request) => string,
  innerCallerOf: (req: Request) => InnerCaller | undefined,
): RequestHandler {
  const { auth } = deps.config
  const askHost = auth.authenticate && createHostAuthentication(auth.authenticate, auth, addressOf)

  const redeem = (ticket: string, context: RequestContext): Identity | Promise<Identity> => {
    const found = tickets.redeem(ticket)
    if (!(found instanceof Promise)) return toHolder(found, context)
    return found.then(
      known => toHolder(known, context),
      error => ({ kind: 'undecided', error }),
    )
  }

  const toHolder = (known: KnownCaller | undefined, { facts, operationId }: RequestContext): Identity => {
    if (known && known.caller.sessionId !== null && operationId === 'followFeed') {
      facts.refused = 'ticket of a session'
      return { kind: 'wrong_key' }
    }
    // A foreign page cannot have one, as it cannot have a key.
    if (known) return { kind: 'known', provenByHeader: true, ...known }
    facts.refused = 'ticket'
    return { kind: 'wrong_key' }
  }

  const identify = (req: Request, context: RequestContext): Identity | Promise<Identity> => {
    const { operationId } = context
    if (!auth.enabled) return { kind: 'known', provenByHeader: false, ...anonymous }
    const key = findKey(req, auth.apiKeyHeader, operationId)
    const scraper = key && operationId === 'getMetrics' ? deps.scrapers(key.text) : undefined
    if (key && scraper) return judge(req, key, scraper)
    const ticket = withTicket.has(operationId) && (askHost || !key) ? findTicket(req) : undefined
    if (ticket !== undefined) return redeem(ticket, context)
    if (askHost) return isForAll(operationId) ? { kind: 'no_key' } : askHost(req, context)
    if (key) return findByKey(req, key, context)
    return isConsoleRequest(req) ? identifyLogin(deps, req, context) : { kind: 'no_key' }
  }

  return async (req, res, next) => {
    const context = contextOf(res)
    const arrival = deps.nodes?.arrivalOf(req)
    const identity = innerCallerOf(req)?.identity ?? (arrival ? recognize(arrival) : identify(req, context))
    context.identity = identity instanceof Promise ? await identity : identity
    next()
  }
}

/** The caller that another node has identified, which also ends the request when the key or token is over. */
function recognize({ caller: facts }: Arrival): Identity {
  if (!facts) return { kind: 'no_key' }
  const { keyVersion, scopes, ...others } = facts
  const known = new Set(allScopes.values().filter(scope => scopes.includes(scope)))
  const caller: Caller = { ...others, scopes: known, ...(keyVersion !== undefined && { keyVersion }) }
  return { kind: 'known', provenByHeader: true, caller, isValid: () => true }
}

/** Refuses requests without a valid key if the operation needs one, and those whose key lacks its scope. */
export function requireKey(
  { auth, limits }: Pick<HttpOptions, 'auth' | 'limits'>,
  callers: HttpDeps['callers'],
): RequestHandler {
  return (_req, res, next) => {
    const { identity, operationId, facts } = contextOf(res)
    if (identity.kind === 'known') {
      if (operationId !== undefined) checkScope(identity.caller, getOperation(operationId))
      if (auth.authenticate && operationId !== undefined) refuseKeys(operationId)
      if (identity.login && operationId !== undefined) refuseLogin(operationId, auth.apiKeyHeader)
      return next()
    }
    // A caller who may have rights is not served as one without.
    if (identity.kind === 'undecided' && !isForAll(operationId)) throw identity.error
    if (operationId !== undefined && isOpen(operationId, auth, callers)) return next()
    const refusal = toRefusal(identity, facts, limits.wrongKeysPerAddress)
    if (refusal !== undefined) throw refusal
    if (facts.refused === 'login') throw new ServiceError('MISSING_API_KEY', loginIsOver)
    if (auth.authenticate) {
      throw new ServiceError('MISSING_API_KEY', 'The application has not identified the caller')
    }
    if (readInBrowser.has(operationId)) {
      res.setHeader('WWW-Authenticate', 'Basic realm="claude-code-api", charset="UTF-8"')
    }
    throw new ServiceError(
      'MISSING_API_KEY',
      `Send an API key in the header ${auth.apiKeyHeader}, or as Authorization: Bearer`,
    )
  }
}

function isForAll(id: OperationId | undefined): boolean {
  return id !== undefined && getOperation(id).auth === 'none'
}

/** With several tenants, only what shows no tenant's data can be open. */
function isOpen(id: OperationId, auth: HttpOptions['auth'], callers: HttpDeps['callers']): boolean {
  const { scopes } = getOperation(id)
  if (auth.protectedOperations.has(id) || scopes.includes('admin')) return false
  return scopes.length === 0 || !(auth.authenticate || callers.hasSeveralTenants)
}

/** Keys would open nothing. */
function refuseKeys(id: OperationId): void {
  if (!getOperation(id).path.startsWith('/keys')) return
  const message = 'There are no keys here: the application in which the API is mounted identifies callers'
  throw new ServiceError('SCOPE_REQUIRED', message, { anyOf: [] })
}

/** A login must not turn into a key, which would outlive it. */
function refuseLogin(id: OperationId, header: string): void {
  if (!getOperation(id).keyOnly) return
  const message = `A login of the console is not enough here: send the API key in the header ${header}`
  throw new ServiceError('KEY_REQUIRED', message)
}

/** @throws ServiceError SCOPE_REQUIRED */
export function checkScope(
  { scopes, sessionId, isOperator }: Caller,
  operation: Pick<Operation, 'scopes' | 'reach'>,
): void {
  const anyOf = [...operation.scopes]
  if (anyOf.length > 0 && !anyOf.some(scope => scopes.has(scope))) {
    throw new ServiceError('SCOPE_REQUIRED', `This needs a key with the scope ${anyOf.join(' or ')}`, {
      anyOf,
    })
  }
  if (sessionId !== null && operation.reach !== 'session') {
    const message = 'This key is bound to one session; this needs a key without that bound'
    throw new ServiceError('SCOPE_REQUIRED', message, { anyOf: [] })
  }
  if (!isOperator && operation.reach === 'server') {
    const message = 'This needs a key of the configuration, which administers the server'
    throw new ServiceError('SCOPE_REQUIRED', message, { anyOf: [] })
  }
}

/** Ignores keys in the query string, because they would end up in logs and histories; tickets may, as they work once. */
function findKey(req: Request, header: string, operationId: OperationId | undefined): SentKey | undefined {
  const ownHeader = header === 'authorization' ? undefined : req.headers[header]
  if (typeof ownHeader === 'string' && ownHeader !== '') return { text: ownHeader, provenByHeader: true }
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(req.headers.authorization ?? '') ?? []
  if (/^bearer$/i.test(scheme)) return { text: credentials, provenByHeader: true }
  if (/^basic$/i.test(scheme) && readInBrowser.has(operationId)) {
    const userAndPassword = Buffer.from(credentials, 'base64').toString()
    const text = userAndPassword.slice(userAndPassword.indexOf(':') + 1)
    // A browser that has the password sends it with every request to this server, from any page.
    return text === '' ? undefined : { text, provenByHeader: false }
  }
  return undefined
}

function findTicket({ url }: Request): string | undefined {
  const start = url.indexOf('?')
  const ticket = start === -1 ? null : new URLSearchParams(url.slice(start)).get('ticket')
  return ticket === null || ticket === '' ? undefined : ticket
}
