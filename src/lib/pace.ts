import { setImmediate } from 'node:timers'

/** How much is handed out in one round of the event loop. */
const perRound = 64

/**
 * Spreads work that many ask for at the same moment over rounds of the event loop, so that other work comes in
 * between. What is asked for within the measure of a round is handed out at once.
 */
export class Pace {
  readonly #perRound: number
  readonly #waiting: (() => void)[] = []
  #left: number
  #scheduled = false

  constructor(limit = perRound) {
    this.#perRound = limit
    this.#left = limit
  }

  /** Undefined: now. Else resolves in a later round, in the order of asking. */
  take(): Promise<void> | undefined {
    this.#schedule()
    if (this.#left > 0) {
      this.#left--
      return undefined
    }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#begin())
  }

  #begin(): void {
    this.#scheduled = false
    const next = this.#waiting.splice(0, this.#perRound)
    this.#left = this.#perRound - next.length
    // The next immediate comes after one look at the sockets.
    if (this.#waiting.length > 0 || next.length > 0) this.#schedule()
    for (const resolve of next) resolve()
  }
}
