import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit'
import type { SharedCounters } from '../sessions/limits/shared-counters.ts'

/** The counts of the rate limit over all nodes. Windows move on, instead of beginning with a first request. */
export class SharedRateLimit implements Store {
  readonly localKeys = false
  readonly #counters: SharedCounters
  readonly #limit: number
  #windowMs = 0

  constructor(counters: SharedCounters, limit: number) {
    this.#counters = counters
    this.#limit = limit
  }

  init({ windowMs }: Pick<Options, 'windowMs'>): void {
    this.#windowMs = windowMs
  }

  async increment(key: string): Promise<ClientRateLimitInfo> {
    const use = await this.#counters.take(`requests ${key}`, this.#windowMs, this.#limit)
    const { granted, left, freesInMs } = use
    const resetsInMs = left > 0 ? this.#windowMs : freesInMs
    return {
      totalHits: granted ? this.#limit - left : this.#limit + 1,
      resetTime: new Date(Date.now() + resetsInMs),
    }
  }

  /** The library calls it only with options that are not used. */
  decrement(): void {}

  resetKey(): void {}

  /** The counters belong to the sessions. */
  shutdown(): void {}
}
