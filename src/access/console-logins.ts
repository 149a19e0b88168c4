import { hash, randomBytes } from 'node:crypto'
import { ServiceError } from '../contract/errors.ts'
import type { Log } from '../lib/log.ts'
import type { ConsoleLoginRecord, ConsoleLoginStore } from '../sessions/ports/index.ts'

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
}

/**
 * The logins of the console, in memory as they are stored. Only the hash of a login's secret is kept. Whether its key is
 * still valid is not decided here: see `CallerDirectory.recall`.
 */
export class ConsoleLogins {
  readonly #store: ConsoleLoginStore
  readonly #faults: Pick<Log, 'error'>
  readonly #now: () => number
  readonly #mostPerTenant: number
  readonly #known = new Map<string, ConsoleLoginRecord>()
  readonly #writing = new Set<Promise<void>>()
  #instance = ''

  constructor({ store, faults, now = Date.now, mostPerTenant = mostLoginsPerTenant }: ConsoleLoginsParts) {
    this.#store = store
    this.#faults = faults
    this.#now = now
    this.#mostPerTenant = mostPerTenant
  }

  async open(): Promise<void> {
    this.#instance = await this.#store.loadInstance()
    for (const login of await this.#store.loadLogins()) this.#known.set(login.id, login)
    await this.#store.removeLogins(this.#dropOld())
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
    const over = this.#dropOld()
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
      await this.#store.addLogin(login, over)
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
    await this.#store.endLogin(login)
  }

  /** Forgets a login whose key is no longer valid. */
  forget({ id }: ConsoleLoginRecord): void {
    if (this.#known.delete(id)) this.#writeLater(this.#store.removeLogins([id]))
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
