import type { Request, RequestHandler } from 'express'
import type { KnownCaller } from '../access/caller-directory.ts'
import { ServiceError } from '../contract/errors.ts'
import { getOperation, type OperationId } from '../contract/operations.ts'
import { toTimestamp } from '../contract/primitives.ts'
import { allScopes, type Caller, operator } from '../sessions/records.ts'
import { createHostAuthentication } from './host-authentication.ts'
import { KeyGuesses } from './key-guesses.ts'
import type { HttpDeps, HttpOptions } from './options.ts'
import { contextOf, type Identity, type LoggedFacts, type RequestContext } from './request-context.ts'
import type { Tickets } from './tickets.ts'

/** The caller if keys are off. */
const anonymous: KnownCaller = { caller: operator('anonymous'), isValid: () => true }

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

/** Identifies the caller. Does not refuse yet, because the rate limit counts first. */
export function identifyCaller(
  {
    config: { auth, limits },
    callers,
    scrapers,
    log,
  }: Pick<HttpDeps, 'callers' | 'scrapers' | 'log'> & { config: Pick<HttpOptions, 'auth' | 'limits'> },
  tickets: Tickets,
  addressOf: (req: Request) => string,
): RequestHandler {
  const guesses = new KeyGuesses({
    limit: limits.wrongKeysPerAddress,
    onDelay: delay => log.warn(delay, 'address delayed after wrong keys'),
  })
  const askHost = auth.authenticate && createHostAuthentication(auth.authenticate, auth, addressOf)

  const judge = (req: Request, key: SentKey, known: KnownCaller | undefined): Identity => {
    const owner = known && `${known.caller.tenantId} ${known.caller.keyId}`
    // A signature cannot be guessed, and the tokens of a whole office may expire at once.
    const delayMs = callers.isToken(key.text) ? 0 : guesses.judge(addressOf(req), key.text, owner)
    if (delayMs > 0) return { kind: 'delayed', delayMs }
    return known ? { kind: 'known', provenByHeader: key.provenByHeader, ...known } : { kind: 'wrong_key' }
  }

  const findByKey = (req: Request, key: SentKey, context: RequestContext): Identity | Promise<Identity> => {
    const toIdentity = (known: KnownCaller | undefined) => judge(req, key, known)
    const onRefused = (reason: string) => {
      context.facts.refused = reason
    }
    const found = callers.find(key.text, onRefused)
    // Keys are found without waiting, which saves each request a round of the event loop.
    if (!(found instanceof Promise)) return toIdentity(found)
    return found.then(toIdentity, error => ({ kind: 'undecided', error }))
  }

  const redeem = (ticket: string, { facts }: RequestContext): Identity => {
    const known = tickets.redeem(ticket)
    // A foreign page cannot have one, as it cannot have a key.
    if (known) return { kind: 'known', provenByHeader: true, ...known }
    facts.refused = 'ticket'
    return { kind: 'wrong_key' }
  }

  const identify = (req: Request, context: RequestContext): Identity | Promise<Identity> => {
    const { operationId } = context
    if (!auth.enabled) return { kind: 'known', provenByHeader: false, ...anonymous }
    const key = findKey(req, auth.apiKeyHeader, operationId)
    const scraper = key && operationId === 'getMetrics' ? scrapers(key.text) : undefined
    if (key && scraper) return judge(req, key, scraper)
    const ticket = operationId === 'followEvents' && (askHost || !key) ? findTicket(req) : undefined
    if (ticket !== undefined) return redeem(ticket, context)
    if (askHost) return isForAll(operationId) ? { kind: 'no_key' } : askHost(req, context)
    return key ? findByKey(req, key, context) : { kind: 'no_key' }
  }

  return async (req, res, next) => {
    const context = contextOf(res)
    const identity = identify(req, context)
    context.identity = identity instanceof Promise ? await identity : identity
    next()
  }
}

/** Refuses requests without a valid key if the operation needs one, and those whose key lacks its scope. */
export function requireKey(
  { auth, limits }: Pick<HttpOptions, 'auth' | 'limits'>,
  callers: HttpDeps['callers'],
): RequestHandler {
  return (_req, res, next) => {
    const { identity, operationId, facts } = contextOf(res)
    if (identity.kind === 'known') {
      if (operationId !== undefined) checkScope(identity.caller, operationId)
      if (auth.authenticate && operationId !== undefined) refuseKeys(operationId)
      return next()
    }
    // A caller who may have rights is not served as one without.
    if (identity.kind === 'undecided' && !isForAll(operationId)) throw identity.error
    if (operationId !== undefined && isOpen(operationId, auth, callers)) return next()
    if (identity.kind === 'wrong_key') throw new ServiceError('INVALID_API_KEY', describeWrong(facts))
    if (identity.kind === 'delayed') throw delayed(identity.delayMs, limits.wrongKeysPerAddress)
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

/** @throws ServiceError SCOPE_REQUIRED */
function checkScope({ scopes, sessionId, isOperator }: Caller, id: OperationId): void {
  const operation = getOperation(id)
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

function describeWrong({ refused }: LoggedFacts): string {
  return refused === 'ticket'
    ? 'The ticket is not valid: it is used up, too old or unknown'
    : 'The API key is not valid'
}

function delayed(delayMs: number, limit: number): ServiceError<'CALLER_LIMIT_REACHED'> {
  const limitName = 'limits.wrongKeysPerAddress'
  return new ServiceError(
    'CALLER_LIMIT_REACHED',
    `${limitName}: more than ${limit} wrong keys came from this address; see the header Retry-After`,
    { limitName, limit, retryAt: toTimestamp(Date.now() + delayMs) },
  )
}

interface SentKey {
  text: string
  provenByHeader: boolean
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
