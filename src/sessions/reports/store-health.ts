import type { Log } from '../../lib/log.ts'
import type { Store } from '../ports/index.ts'

/** Whether the store works, and how many sessions it has. */
export type StoreState = {
  /** Milliseconds of `performance.now()` at which the check began. */
  checkedAt: number
} & ({ ok: true; sessions: { active: number; total: number } } | { ok: false })

/** How long one look at the store answers for, in milliseconds. */
const validMs = 1_000

/** Whether the store can be read and written. A look writes to the disk and anyone may ask: one serves for a while. */
export class StoreHealth {
  readonly #store: Store
  readonly #faults: Pick<Log, 'error'>
  #seen: { at: number; health: Promise<StoreState> } | undefined

  constructor(store: Store, faults: Pick<Log, 'error'>) {
    this.#store = store
    this.#faults = faults
  }

  /** Never rejects. */
  look(): Promise<StoreState> {
    const now = performance.now()
    if (!this.#seen || now - this.#seen.at > validMs) this.#seen = { at: now, health: this.#check(now) }
    return this.#seen.health
  }

  async #check(checkedAt: number): Promise<StoreState> {
    try {
      await this.#store.check()
      return { checkedAt, ok: true, sessions: await this.#store.countSessions() }
    } catch (error) {
      this.#faults.error({ err: error }, 'store not responding')
      return { checkedAt, ok: false }
    }
  }
}
