import { setImmediate } from 'node:timers'

/** The number of grants per round of the event loop. */
const perRound = 64

/**
 * Spreads simultaneous work over rounds of the event loop, so that other work can run in between. Requests within the
 * budget of a round are granted at once.
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

  /** Returns undefined if work can start now; otherwise a promise that resolves in a later round, in order. */
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
    // The next immediate runs after one poll of the sockets.
    if (this.#waiting.length > 0 || next.length > 0) this.#schedule()
    for (const resolve of next) resolve()
  }
}
