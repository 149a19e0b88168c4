import type { CallerLimits } from '../contract/caller-limits.ts'
import { invalidField, notFound, ServiceError } from '../contract/errors.ts'
import { maxKeys } from '../contract/keys.ts'
import type { OperationInput } from '../contract/operations.ts'
import type { Scope } from '../contract/scopes.ts'
import type { ApiKeyRecord, Store } from '../sessions/ports/index.ts'
import { type Caller, listedTenant } from '../sessions/records.ts'
import { checkGrant, widens } from './grants.ts'
import { type KeyRegistry, statusOf } from './key-registry.ts'
import { hashKeyText, makeKeyId, makeKeyText } from './key-text.ts'

/** A key with its text, which is not kept. */
export interface MadeKey {
  record: ApiKeyRecord
  text: string
}

export interface KeysParts {
  registry: KeyRegistry
  sessions: Pick<Store, 'findSession'>
  /** Called when the first key of a tenant other than the default one has been made. */
  onTenant?(): void
}

/** The callers' view of stored keys. Keys of other tenants do not exist for a caller. */
export class Keys {
  readonly #registry: KeyRegistry
  readonly #sessions: KeysParts['sessions']
  readonly #onTenant: () => void

  constructor({ registry, sessions, onTenant = () => {} }: KeysParts) {
    this.#registry = registry
    this.#sessions = sessions
    this.#onTenant = onTenant
  }

  /** @throws ServiceError INVALID_REQUEST, TENANT_NOT_ALLOWED, GRANT_NOT_ALLOWED, KEY_LIMIT_REACHED */
  async create(caller: Caller, request: OperationInput<'createKey'>['body']): Promise<MadeKey> {
    const { name, scopes, sessionId = null } = request
    const tenantId = request.tenant ?? caller.tenantId
    if (!caller.isOperator && tenantId !== caller.tenantId) {
      throw new ServiceError('TENANT_NOT_ALLOWED', 'Only keys of the configuration may name another tenant')
    }
    if (sessionId !== null) await this.#checkSession(tenantId, sessionId, scopes)
    const own = this.#limitsOf(caller)
    const limits = { ...own, ...request.limits }
    const expiresAt = toExpiry(request.expiresAt ?? null) ?? caller.expiresAt
    const id = makeKeyId()
    const text = makeKeyText(id)
    return this.#registry.changeAlone(async () => {
      this.#recheck(caller)
      checkGrant(caller, own, { scopes, limits, expiresAt })
      this.#checkNumber(tenantId)
      const before = this.#registry.hasOtherTenants
      const record = await this.#registry.save({
        ...{ id, tenantId, createdBy: caller.keyId, name, scopes, sessionId, limits, expiresAt },
        hash: hashKeyText(text),
        ...{ previousHash: null, previousUntil: null, revokedAt: null, lastUsedAt: null },
        createdAt: Date.now(),
      })
      if (!before && this.#registry.hasOtherTenants) this.#onTenant()
      return { record, text }
    })
  }

  /** Oldest first. */
  list(caller: Caller, { tenant, status }: { tenant?: string | undefined; status: 'active' | 'all' }) {
    const all = this.#registry.list(listedTenant(caller, tenant))
    const now = Date.now()
    return status === 'all' ? all : all.filter(key => statusOf(key, now) === 'active')
  }

  /** @throws ServiceError KEY_NOT_FOUND */
  get(caller: Caller, keyId: string): ApiKeyRecord {
    const key = this.#registry.get(keyId)
    if (!key || !(caller.isOperator || key.tenantId === caller.tenantId)) {
      throw notFound('KEY_NOT_FOUND', keyId)
    }
    return key
  }

  /** @throws ServiceError KEY_NOT_FOUND, KEY_REVOKED, GRANT_NOT_ALLOWED, LAST_ADMINISTRATOR */
  async patch(
    caller: Caller,
    keyId: string,
    { name, scopes, limits, expiresAt }: OperationInput<'patchKey'>['body'],
  ): Promise<ApiKeyRecord> {
    return this.#registry.changeAlone(async () => {
      const before = this.#getActive(caller, keyId)
      const after: ApiKeyRecord = {
        ...before,
        ...(name !== undefined && { name }),
        ...(scopes && { scopes }),
        ...(limits !== undefined && { limits: limits ?? {} }),
        ...(expiresAt !== undefined && { expiresAt: toExpiry(expiresAt) }),
      }
      // All that the key may do afterwards, not only what changes: more of one thing is worth more of the others.
      if (widens(before, after)) checkGrant(caller, this.#limitsOf(caller), after)
      if (statusOf(before, Date.now()) !== 'active') this.#checkNumber(before.tenantId)
      if (after.sessionId !== null) refuseAdminOfSession(after.scopes)
      this.#keepAdministrator(caller, before, after)
      return this.#registry.save(after)
    })
  }

  /**
   * Replaces the text of a key.
   * @throws ServiceError KEY_NOT_FOUND, KEY_REVOKED, GRANT_NOT_ALLOWED: the new text opens what the key opens
   */
  async rotate(caller: Caller, keyId: string, graceMs: number): Promise<MadeKey> {
    return this.#registry.changeAlone(async () => {
      const before = this.#getActive(caller, keyId)
      checkGrant(caller, this.#limitsOf(caller), before)
      const text = makeKeyText(before.id)
      const record = await this.#registry.save({
        ...before,
        hash: hashKeyText(text),
        ...(graceMs > 0
          ? { previousHash: before.hash, previousUntil: Date.now() + graceMs }
          : { previousHash: null, previousUntil: null }),
      })
      return { record, text }
    })
  }

  /** Idempotent. @throws ServiceError KEY_NOT_FOUND, LAST_ADMINISTRATOR */
  async revoke(caller: Caller, keyId: string): Promise<void> {
    await this.#registry.changeAlone(async () => {
      this.#recheck(caller)
      const before = this.get(caller, keyId)
      if (before.revokedAt !== null) return
      const after = { ...before, revokedAt: Date.now(), previousHash: null, previousUntil: null }
      this.#keepAdministrator(caller, before, after)
      await this.#registry.save(after)
    })
  }

  #limitsOf({ keyId }: Caller): CallerLimits {
    return this.#registry.get(keyId)?.limits ?? {}
  }

  /** The caller's key may have been revoked or narrowed while the request arrived or waited. */
  #recheck({ keyId, scopes, isOperator }: Caller): void {
    const key = isOperator ? undefined : this.#registry.get(keyId)
    if (!key) return
    const isAsBefore =
      statusOf(key, Date.now()) === 'active' && [...scopes].every(scope => key.scopes.includes(scope))
    if (!isAsBefore) throw new ServiceError('INVALID_API_KEY', 'The API key is no longer valid')
  }

  #getActive(caller: Caller, keyId: string): ApiKeyRecord {
    this.#recheck(caller)
    const key = this.get(caller, keyId)
    if (key.revokedAt !== null) throw new ServiceError('KEY_REVOKED', `The API key ${keyId} is revoked`)
    return key
  }

  async #checkSession(tenantId: string, sessionId: string, scopes: readonly Scope[]): Promise<void> {
    refuseAdminOfSession(scopes)
    if (await this.#sessions.findSession(tenantId, sessionId)) return
    throw invalidField('sessionId', 'must be the id of a session of the tenant')
  }

  #checkNumber(tenantId: string): void {
    const now = Date.now()
    const active = this.#registry.list(tenantId).filter(key => statusOf(key, now) === 'active')
    if (active.length < maxKeys) return
    const message = `The tenant has ${maxKeys} API keys; revoke one first`
    throw new ServiceError('KEY_LIMIT_REACHED', message, { limit: maxKeys })
  }

  /** Callers who administer the server can always make another administrator. */
  #keepAdministrator(caller: Caller, before: ApiKeyRecord, after: ApiKeyRecord): void {
    const now = Date.now()
    const lasts = administersUntil(before, now)
    if (caller.isOperator || lasts === 0 || administersUntil(after, now) >= lasts) return
    const others = this.#registry.list(before.tenantId).filter(key => key.id !== before.id)
    if (others.some(key => administersUntil(key, now) >= lasts)) return
    const message = `The API key ${before.id} is the last administrator of its tenant; create another one first`
    throw new ServiceError('LAST_ADMINISTRATOR', message)
  }
}

/** Until when a key administers its tenant; 0: it does not. */
function administersUntil(key: ApiKeyRecord, now: number): number {
  const administers = statusOf(key, now) === 'active' && key.scopes.includes('admin')
  return administers ? (key.expiresAt ?? Number.POSITIVE_INFINITY) : 0
}

function refuseAdminOfSession(scopes: readonly Scope[]): void {
  if (scopes.includes('admin')) {
    throw invalidField('scopes', 'admin cannot be given to a key that is bound to one session')
  }
}

/** @throws ServiceError INVALID_REQUEST */
function toExpiry(text: string | null): number | null {
  if (text === null) return null
  const at = Date.parse(text)
  if (at <= Date.now()) throw invalidField('expiresAt', 'must be in the future')
  return at
}
