import { windowMs } from './envelope.ts'

/** The nonces of writes that have come, for as long as their requests could come again. */
export class Nonces {
  /** With the time at which they can be forgotten, oldest first. */
  readonly #seen = new Map<string, number>()

  /** Returns false if the nonce was used before. @param now of a clock that is never set */
  use(nonce: string, now: number): boolean {
    for (const [old, until] of this.#seen) {
      if (until > now) break
      this.#seen.delete(old)
    }
    if (this.#seen.has(nonce)) return false
    // A request can be as old as the window, and as far in the future.
    this.#seen.set(nonce, now + 2 * windowMs)
    return true
  }
}
