/** How long a node keeps what it has taken ahead, at most. */
const longestMs = 2_000

/**
 * Unused places of a window that a node has taken ahead. They lapse with the step of the window that they count in. A
 * node takes as many as it is likely to use: twice as many whenever it has used all of them in time, none after a pause.
 */
export class Allowance {
  step = 0
  #left = 0
  #used = 0
  #ahead = 0
  #lapsesAt = Number.NEGATIVE_INFINITY

  left(now: number): number {
    return now < this.#lapsesAt ? this.#left : 0
  }

  /** Whether there is nothing to give back, lapsed or not. */
  get isEmpty(): boolean {
    return this.#left === 0
  }

  get lapsesAt(): number {
    return this.#lapsesAt
  }

  /** Uses one. @returns whether there was one */
  use(now: number): boolean {
    if (this.left(now) === 0) return false
    this.#left--
    this.#used++
    return true
  }

  /** Returns one that was not needed. @returns false if it has lapsed: it belongs to the store */
  return(step: number, now: number): boolean {
    if (step !== this.step || now >= this.#lapsesAt) return false
    this.#left++
    this.#used--
    return true
  }

  /** How much to take ahead with the next request to the store. */
  nextAhead(now: number): number {
    if (now >= this.#lapsesAt)
      this.#ahead = now < this.#lapsesAt + longestMs ? Math.min(this.#ahead, this.#used) : 0
    else this.#ahead = Math.max(1, 2 * this.#ahead)
    return this.#ahead
  }

  /** Takes out what is left, to be given back to the store. */
  empty(): number {
    const left = this.#left
    this.#left = 0
    return left
  }

  /**
   * Begins anew; what was left has been taken out before.
   *
   * @param used of `granted`, by those who have waited for it
   * @param askedAt when the store was asked, from which on `stepEndsInMs` is sure to be over in time
   */
  grant(step: number, granted: number, used: number, askedAt: number, stepEndsInMs: number): void {
    this.step = step
    this.#left = granted - used
    this.#used = used
    this.#lapsesAt = askedAt + Math.min(stepEndsInMs, longestMs)
  }
}
