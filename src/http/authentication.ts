import { hash, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { ServiceError } from '../contract/errors.ts'
import type { OperationId } from '../contract/operations.ts'
import { type Caller, soleTenantId } from '../sessions/records.ts'
import type { ApiKey, HttpOptions } from './options.ts'
import { contextOf, type Identity } from './request-context.ts'

/** The caller if no key is needed. */
export const anonymous: Caller = { tenantId: soleTenantId, keyId: 'anonymous' }

/** Pages that are opened in a browser, and what they load; it can only send a key as the password of HTTP Basic. */
const readInBrowser: ReadonlySet<OperationId | undefined> = new Set([
  'getDocs',
  'getOpenApi',
  'getReference',
  'getReferenceScript',
])

/** Identifies the caller by the key. Does not refuse yet, because the rate limit counts first. */
export function identifyCaller({ auth, metrics }: Pick<HttpOptions, 'auth' | 'metrics'>): RequestHandler {
  const identify = keyMatcher(auth.keys)
  const identifyForMetrics = keyMatcher([...auth.keys, ...metrics.keys])
  return (req, res, next) => {
    const context = contextOf(res)
    const key = auth.enabled ? findKey(req, auth.apiKeyHeader, context.operationId) : undefined
    const match = context.operationId === 'getMetrics' ? identifyForMetrics : identify
    if (key !== undefined) context.identity = match(key.text, key.provenByHeader)
    else if (!auth.enabled) context.identity = { kind: 'known', caller: anonymous, provenByHeader: false }
    next()
  }
}

/** Refuses requests without a valid key if the operation needs one. */
export function requireKey(auth: HttpOptions['auth']): RequestHandler {
  return (_req, res, next) => {
    const { identity, operationId } = contextOf(res)
    const open = operationId !== undefined && !auth.protectedOperations.has(operationId)
    if (identity.kind === 'known' || open) return next()
    if (identity.kind === 'wrong_key') throw new ServiceError('INVALID_API_KEY', 'The API key is not valid')
    if (readInBrowser.has(operationId)) {
      res.setHeader('WWW-Authenticate', 'Basic realm="claude-code-api", charset="UTF-8"')
    }
    throw new ServiceError(
      'MISSING_API_KEY',
      `Send an API key in the header ${auth.apiKeyHeader}, or as Authorization: Bearer`,
    )
  }
}

interface SentKey {
  text: string
  provenByHeader: boolean
}

/** Ignores keys in the query string, because they would end up in logs and histories. */
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

/** Compares in constant time, no matter which key matches. */
function keyMatcher(keys: readonly ApiKey[]): (key: string, provenByHeader: boolean) => Identity {
  const known = keys.map(({ id, hash: hexDigest }) => ({
    digest: Buffer.from(hexDigest, 'hex'),
    caller: { tenantId: soleTenantId, keyId: id },
  }))
  return (key, provenByHeader) => {
    const digest = hash('sha256', key, 'buffer')
    let found: Identity = { kind: 'wrong_key' }
    for (const candidate of known) {
      if (timingSafeEqual(candidate.digest, digest))
        found = { kind: 'known', caller: candidate.caller, provenByHeader }
    }
    return found
  }
}
