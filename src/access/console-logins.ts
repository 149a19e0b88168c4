import { hash, randomBytes } from 'node:crypto'
import { ServiceError } from '../contract/errors.ts'
import type { Log } from '../lib/log.ts'
import type { ConsoleLoginRecord, ConsoleLoginStore, RevisedMemory } from '../sessions/ports/index.ts'

/** A login that is not used for this long is over. */
export const idleLoginMs = 7 * 24 * 60 * 60 * 1000
/** A login is over after this long, however much it is used. */
export const longestLoginMs = 30 * 24 * 60 * 60 * 1000
/** Another login of the key replaces the one that was not used for longest. */
export const mostLoginsPerKey = 20
/** A total over all tenants would let one of them use up the logins of the others. */
const mostLoginsPerTenant = 10_000
/** How old the stored time of the last use may be. */
const useIsStoredAfterMs = 60_000

export interface ConsoleLoginsParts {
  store: ConsoleLoginStore
  faults: Pick<Log, 'error'>
  /** Milliseconds since 1970. */
  now?: () => number
  mostPerTenant?: number
  /** Brings the memory of this node up to date; left out: no other node shares the store. */
  refresh?: (() => Promise<void>) | undefined
}

/**
 * The logins of the console, in memory as they are stored. Only the hash of a login's secret is kept. Whether its key is
 * still valid is not decided here: see `CallerDirectory.recall`.
 *
 * Where several nodes share the store, they count logins as each of them knows them: logins that are made at the same
 * time on several nodes can exceed the limits by some.
 */
export class ConsoleLogins implements RevisedMemory {
  readonly #store: ConsoleLoginStore
  readonly #faults: Pick<Log, 'error'>
  readonly #now: () => number
  readonly #mostPerTenant: number
  readonly #known = new Map<string, ConsoleLoginRecord>()
  readonly #writing = new Set<Promise<void>>()
  readonly #refresh: (() => Promise<void>) | undefined
  /** The logins that this node is changing. */
  readonly #changing = new Set<string>()
  /** The logins that this node has changed since the store was asked for all of them. */
  #changed = new Set<string>()
  #loading: Promise<void> | undefined
  #instance = ''
  #revision = 0

  constructor(parts: ConsoleLoginsParts) {
    const { store, faults, now = Date.now, mostPerTenant = mostLoginsPerTenant, refresh } = parts
    this.#refresh = refresh
    this.#store = store
    this.#faults = faults
    this.#now = now
    this.#mostPerTenant = mostPerTenant
  }

  async open(): Promise<void> {
    this.#instance = await this.#store.loadInstance()
    await this.#load()
    await this.sweep()
  }

  get revision(): number {
    return this.#revision
  }

  /** Calls share one run. */
  reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** Removes logins that are too old; the store decides, because another node may know of a later use. */
  async sweep(): Promise<void> {
    const now = this.#now()
    await this.#store.removeOldLogins(now - longestLoginMs, now - idleLoginMs)
    if (this.#refresh) await this.reload()
    else this.#dropOld()
  }

  /** Finishes what is being written. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#writing)
  }

  /** Tells this server from others on the same host; stays the same for the life of the store. */
  get instance(): string {
    return this.#instance
  }

  /**
   * Makes a login, which is stored when this resolves.
   *
   * @param replaced the secret of a login that the new one takes the place of
   * @returns the secret, which is not kept
   * @throws ServiceError CALLER_LIMIT_REACHED
   */
  async create(
    facts: Omit<ConsoleLoginRecord, 'id' | 'createdAt' | 'lastUsedAt'>,
    replaced?: string,
  ): Promise<{ secret: string; login: ConsoleLoginRecord }> {
    await this.#refresh?.()
    const over = this.#refresh ? [] : this.#dropOld()
    if (replaced !== undefined && this.#known.delete(toId(replaced))) over.push(toId(replaced))
    const ofTenant = this.#known
      .values()
      .filter(login => login.tenantId === facts.tenantId)
      .toArray()
    const ofKey = ofTenant
      .filter(login => login.createdBy === facts.createdBy)
      .sort((a, b) => a.lastUsedAt - b.lastUsedAt)
    const replacedOnes = ofKey.slice(0, Math.max(0, ofKey.length - mostLoginsPerKey + 1))
    if (ofTenant.length - replacedOnes.length >= this.#mostPerTenant) {
      const limitName = 'logins of the console per tenant'
      const message = `${limitName}: at most ${this.#mostPerTenant} at once; log out elsewhere first`
      throw new ServiceError('CALLER_LIMIT_REACHED', message, { limitName, limit: this.#mostPerTenant })
    }
    for (const { id } of replacedOnes) {
      this.#known.delete(id)
      over.push(id)
    }
    const secret = randomBytes(32).toString('base64url')
    const now = this.#now()
    const login = { ...facts, id: toId(secret), createdAt: now, lastUsedAt: now }
    // Before it is stored, so that simultaneous logins count.
    this.#known.set(login.id, login)
    try {
      await this.#change([login.id, ...over], () => this.#store.addLogin(login, over))
    } catch (error) {
      this.#known.delete(login.id)
      throw error
    }
    return { secret, login }
  }

  /** Returns the login with this secret, and notes its use; undefined: it is unknown, has ended or is too old. */
  find(secret: string): ConsoleLoginRecord | undefined {
    const login = this.#known.get(toId(secret))
    if (!login || !this.isOpen(login)) return undefined
    const now = this.#now()
    if (now - login.lastUsedAt >= useIsStoredAfterMs) {
      login.lastUsedAt = now
      this.#writeLater(this.#store.noteLoginUse(login.id, now))
    }
    return login
  }

  /** As `find`, for a login that another node may have made or used. */
  async findAfresh(secret: string): Promise<ConsoleLoginRecord | undefined> {
    if (!this.#refresh) return undefined
    const id = toId(secret)
    // Its use at another node is not a change that is counted.
    await (this.#known.has(id) ? this.reload() : this.#refresh())
    const found = this.find(secret)
    if (!found) this.#known.delete(id)
    return found
  }

  /** Whether a login is neither ended nor too old. */
  isOpen(login: ConsoleLoginRecord): boolean {
    return this.#known.has(login.id) && endOf(login) > this.#now()
  }

  /** When the login is over if it is not used again. */
  endsAt(login: ConsoleLoginRecord): number {
    return endOf({ ...login, lastUsedAt: this.#now() })
  }

  /** Ends a login because its caller has logged out; resolves when that is stored. Idempotent. */
  async end(login: ConsoleLoginRecord): Promise<void> {
    if (!this.#known.delete(login.id)) return
    await this.#change([login.id], () => this.#store.endLogin(login))
  }

  /** Forgets a login whose key is no longer valid. */
  forget({ id }: ConsoleLoginRecord): void {
    if (this.#known.delete(id)) this.#writeLater(this.#change([id], () => this.#store.removeLogins([id])))
  }

  /** Changes logins; a reload that has asked the store before, or asks meanwhile, leaves them as they are. */
  async #change(ids: readonly string[], change: () => Promise<number>): Promise<void> {
    for (const id of ids) this.#changing.add(id)
    try {
      const revision = await change()
      if (revision === this.#revision + 1) this.#revision = revision
    } finally {
      for (const id of ids) {
        this.#changing.delete(id)
        this.#changed.add(id)
      }
    }
  }

  async #load(): Promise<void> {
    this.#changed = new Set()
    const revision = await this.#store.readRevision()
    const stored = new Map((await this.#store.loadLogins()).map(login => [login.id, login]))
    const isOwn = (id: string) => this.#changing.has(id) || this.#changed.has(id)
    for (const id of this.#known.keys()) if (!stored.has(id) && !isOwn(id)) this.#known.delete(id)
    for (const login of stored.values()) {
      const known = this.#known.get(login.id)
      // The same object, which responses hold.
      if (known) known.lastUsedAt = Math.max(known.lastUsedAt, login.lastUsedAt)
      else if (!isOwn(login.id)) this.#known.set(login.id, login)
    }
    this.#revision = revision
  }

  /** Drops logins that are too old. @returns their ids */
  #dropOld(): string[] {
    const now = this.#now()
    const over = this.#known
      .values()
      .filter(login => endOf(login) <= now)
      .map(({ id }) => id)
      .toArray()
    for (const id of over) this.#known.delete(id)
    return over
  }

  #writeLater(change: Promise<void>): void {
    const writing = change.catch(error =>
      this.#faults.error({ err: error }, 'storing a login of the console failed'),
    )
    this.#writing.add(writing)
    void writing.then(() => this.#writing.delete(writing))
  }
}

function endOf({ createdAt, lastUsedAt }: ConsoleLoginRecord): number {
  return Math.min(createdAt + longestLoginMs, lastUsedAt + idleLoginMs)
}

/** A secret of 256 random bits needs no slow hash. */
function toId(secret: string): string {
  return hash('sha256', secret, 'hex')
}
