const parts = 60

/**
 * Counts what has happened within a window of time that moves on in steps of a 60th. Nothing is forgotten too early, so
 * there are never more than the limit within any window. Times are in milliseconds, of any one clock.
 */
export class SlidingWindow {
  readonly #stepMs: number
  /** Counts by the number of the step, oldest first. */
  readonly #counts = new Map<number, number>()
  #sum = 0

  constructor(windowMs: number) {
    this.#stepMs = windowMs / parts
  }

  count(now: number): number {
    this.#forget(now)
    return this.#sum
  }

  add(now: number, count = 1): void {
    const step = Math.floor(now / this.#stepMs)
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + count)
    this.#sum += count
  }

  /** Takes back one that was added at a time. */
  undo(at: number): void {
    const step = Math.floor(at / this.#stepMs)
    const count = this.#counts.get(step)
    if (count === undefined) return
    if (count > 1) this.#counts.set(step, count - 1)
    else this.#counts.delete(step)
    this.#sum--
  }

  /** The time until there are fewer than the limit, in milliseconds. */
  freesIn(limit: number, now: number): number {
    this.#forget(now)
    let left = this.#sum
    for (const [step, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      if (left < limit) break
      left -= count
      if (left < limit) return (step + parts + 1) * this.#stepMs - now
    }
    return 0
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / this.#stepMs) - parts
    for (const [step, count] of this.#counts) {
      if (step >= oldest) continue
      this.#counts.delete(step)
      this.#sum -= count
    }
  }
}

/** Windows by name, of which only as many are kept as there is room for: those that were used last. */
export class SlidingWindows {
  readonly #windowMs: number
  readonly #most: number
  readonly #windows = new Map<string, SlidingWindow>()

  constructor(windowMs: number, most = 100_000) {
    this.#windowMs = windowMs
    this.#most = most
  }

  get size(): number {
    return this.#windows.size
  }

  has(name: string): boolean {
    return this.#windows.has(name)
  }

  forget(name: string): void {
    this.#windows.delete(name)
  }

  of(name: string): SlidingWindow {
    const window = this.#windows.get(name) ?? new SlidingWindow(this.#windowMs)
    this.#windows.delete(name)
    this.#windows.set(name, window)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > this.#most && oldest !== undefined) this.#windows.delete(oldest)
    return window
  }
}
