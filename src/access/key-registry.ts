import { timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { changeUpToDate } from '../lib/changed-elsewhere.ts'
import type { Log } from '../lib/log.ts'
import { OneAtATime } from '../lib/one-at-a-time.ts'
import type { ApiKeyRecord, KeyStore, RevisedMemory } from '../sessions/ports/index.ts'
import { type Caller, defaultTenantId } from '../sessions/records.ts'
import type { CredentialTrace, KnownCaller } from './caller-directory.ts'
import { hashKeyText } from './key-text.ts'

/** How old the stored time of a key's last use may be, in milliseconds. */
const usesAreStoredAfterMs = 60_000
/** How many keys of a tenant that are revoked or expired are remembered. */
const mostOver = 1_000

/**
 * All stored keys, in memory as they are stored, so that a request needs no query. Where several nodes share the store,
 * `refresh` brings the memory up to date, and each change makes sure that it was.
 */
export class KeyRegistry implements RevisedMemory {
  readonly #store: KeyStore
  readonly #faults: Pick<Log, 'error'>
  readonly #known = new Map<string, ApiKeyRecord>()
  readonly #callers = new WeakMap<ApiKeyRecord, { current: KnownCaller; previous: KnownCaller }>()
  readonly #changes = new OneAtATime()
  /** The keys whose last use is not stored yet. */
  #used = new Set<string>()
  #usesStoredAt = Date.now()
  #revision = 0
  /** Resolves when all memory of this node has what was stored before the call; undefined: no other node shares the store. */
  readonly refresh: (() => Promise<void>) | undefined

  constructor(store: KeyStore, faults: Pick<Log, 'error'>, refresh?: () => Promise<void>) {
    this.#store = store
    this.#faults = faults
    this.refresh = refresh
  }

  open(): Promise<void> {
    return this.#load()
  }

  get revision(): number {
    return this.#revision
  }

  reload(): Promise<void> {
    return this.#changes.run('keys', () => this.#load())
  }

  async close(): Promise<void> {
    await this.#storeUses()
  }

  /** Whether a tenant other than the default one has a key. */
  get hasOtherTenants(): boolean {
    return this.#known.values().some(key => key.tenantId !== defaultTenantId && key.revokedAt === null)
  }

  /**
   * Recognizes a key; undefined: it is unknown, revoked or expired.
   * @param id the public id in the credential: see `readKeyId`
   */
  find(id: string, credential: string): KnownCaller | undefined {
    return this.findByHash(id, hashKeyText(credential))
  }

  /** As `find`, for a key that another node may have made or changed just now. */
  async findAfresh(id: string, credential: string): Promise<KnownCaller | undefined> {
    await this.refresh?.()
    return this.find(id, credential)
  }

  /** As `find`, by the hash of the key. */
  findByHash(id: string, hash: string): KnownCaller | undefined {
    const key = this.#known.get(id)
    if (!key) return undefined
    const { current, previous } = this.#callersOf(key)
    const found = isSame(hash, key.hash)
      ? current
      : key.previousHash !== null && isSame(hash, key.previousHash)
        ? previous
        : undefined
    if (!found?.isValid()) return undefined
    this.#noteUse(key)
    return found
  }

  /** Undefined: there is no such key. */
  get(id: string): Readonly<ApiKeyRecord> | undefined {
    return this.#known.get(id)
  }

  /** Oldest first; of all tenants if none is given. */
  list(tenantId: string | undefined): ApiKeyRecord[] {
    return [...this.#known.values()]
      .filter(key => tenantId === undefined || key.tenantId === tenantId)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  /**
   * Makes changes one by one, so that what is stored and what is in memory agree. A change is made again where another
   * node was faster, so it must not store anything before `save`.
   */
  changeAlone<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.run('keys', () => changeUpToDate(change, () => this.#load()))
  }

  /** Stores a key as it is now; to be called in `changeAlone`. */
  async save(key: ApiKeyRecord): Promise<ApiKeyRecord> {
    this.#revision = await this.#store.saveKey(key, this.#revision)
    this.#known.set(key.id, key)
    await this.#forgetOldest(key.tenantId)
    return key
  }

  #callersOf(key: ApiKeyRecord) {
    const known = this.#callers.get(key)
    if (known) return known
    const caller = toCaller(key)
    const made = {
      current: {
        caller: { ...caller, keyVersion: key.hash },
        isValid: () => this.#opens(key, key.hash),
        trace: toTrace(key, key.hash),
      },
      // Who replaced it may distrust who has it: it grants nothing that outlives it.
      previous: {
        caller: {
          ...caller,
          ...(key.previousHash !== null && { keyVersion: key.previousHash }),
          expiresAt: Math.min(key.previousUntil ?? 0, key.expiresAt ?? Number.POSITIVE_INFINITY),
        },
        isValid: () => this.#opens(key, key.previousHash),
        trace: toTrace(key, key.previousHash ?? ''),
      },
    }
    this.#callers.set(key, made)
    return made
  }

  /** Whether the text with this hash still opens all that the key opened when it was found. */
  #opens({ id, scopes }: ApiKeyRecord, hash: string | null): boolean {
    const now = Date.now()
    const key = this.#known.get(id)
    if (!key || statusOf(key, now) !== 'active' || !scopes.every(scope => key.scopes.includes(scope))) {
      return false
    }
    return key.hash === hash || (key.previousHash === hash && (key.previousUntil ?? 0) > now)
  }

  /** In place: callers that were found by this record stay known. */
  #noteUse(key: ApiKeyRecord): void {
    const now = Date.now()
    key.lastUsedAt = now
    this.#used.add(key.id)
    if (now - this.#usesStoredAt < usesAreStoredAfterMs) return
    this.#storeUses().catch(error => this.#faults.error({ err: error }, 'storing the uses of keys failed'))
  }

  async #storeUses(): Promise<void> {
    this.#usesStoredAt = Date.now()
    const uses = new Map([...this.#used].map(id => [id, this.#known.get(id)?.lastUsedAt ?? 0]))
    this.#used = new Set()
    if (uses.size > 0) this.#noteRevision(await this.#store.noteUses(uses))
  }

  /** A revision of this node's own; after a change of another node, all is read again. */
  #noteRevision(revision: number): void {
    if (revision === this.#revision + 1) this.#revision = revision
  }

  /** Reads all keys. Those that are the same stay the same objects, so that their callers stay known. */
  async #load(): Promise<void> {
    const revision = await this.#store.readRevision()
    const stored = await this.#store.loadKeys()
    const ids = new Set(stored.map(({ id }) => id))
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id)
    for (const key of stored) this.#remember(key)
    this.#revision = revision
  }

  #remember(key: ApiKeyRecord): void {
    const known = this.#known.get(key.id)
    if (!known) {
      this.#known.set(key.id, key)
      return
    }
    // A use that is not stored yet is later than the one that is.
    const lastUsedAt = latest(known.lastUsedAt, key.lastUsedAt)
    if (isDeepStrictEqual({ ...known, lastUsedAt }, { ...key, lastUsedAt })) known.lastUsedAt = lastUsedAt
    else this.#known.set(key.id, { ...key, lastUsedAt })
  }

  /** Forgets those that have been over for longest. */
  async #forgetOldest(tenantId: string): Promise<void> {
    const now = Date.now()
    const over = this.list(tenantId).filter(key => statusOf(key, now) !== 'active')
    if (over.length <= mostOver) return
    const endOf = ({ revokedAt, expiresAt }: ApiKeyRecord) => revokedAt ?? expiresAt ?? 0
    const ids = over
      .sort((a, b) => endOf(a) - endOf(b))
      .slice(0, over.length - mostOver)
      .map(({ id }) => id)
    this.#noteRevision(await this.#store.removeKeys(ids))
    for (const id of ids) this.#known.delete(id)
  }
}

export type KeyStatus = 'active' | 'expired' | 'revoked'

export function statusOf({ revokedAt, expiresAt }: ApiKeyRecord, now: number): KeyStatus {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active'
}

function latest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other)
}

function toCaller({ id, tenantId, name, scopes, sessionId, expiresAt }: ApiKeyRecord): Caller {
  return { tenantId, keyId: id, name, scopes: new Set(scopes), sessionId, isOperator: false, expiresAt }
}

function toTrace({ id, tenantId, scopes }: ApiKeyRecord, credentialHash: string): CredentialTrace {
  return { tenantId, createdBy: id, credentialHash, scopes, token: null }
}

function isSame(hash: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hash), Buffer.from(other))
}
