import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit'

/** An attacker with many addresses must not fill the memory. */
const mostWindows = 100_000

interface Window {
  hits: number
  /** In the time of `performance.now()`. */
  end: number
}

/**
 * The counts of the rate limit, in memory. Windows are measured as durations. The library's store uses the wall clock:
 * setting it back by two hours would refuse a caller for two hours.
 */
export class RateLimitWindows implements Store {
  readonly localKeys = true
  readonly #windows = new Map<string, Window>()
  #windowMs = 0
  #timer: NodeJS.Timeout | undefined

  init({ windowMs }: Pick<Options, 'windowMs'>): void {
    this.#windowMs = windowMs
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#removeEnded(), windowMs)
    this.#timer.unref()
  }

  get(key: string): ClientRateLimitInfo | undefined {
    const window = this.#find(key)
    return window && toInfo(window)
  }

  increment(key: string): ClientRateLimitInfo {
    const window = this.#find(key) ?? { hits: 0, end: performance.now() + this.#windowMs }
    window.hits++
    this.#windows.set(key, window)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > mostWindows && oldest !== undefined) this.#windows.delete(oldest)
    return toInfo(window)
  }

  decrement(key: string): void {
    const window = this.#find(key)
    if (window && window.hits > 0) window.hits--
  }

  resetKey(key: string): void {
    this.#windows.delete(key)
  }

  resetAll(): void {
    this.#windows.clear()
  }

  shutdown(): void {
    clearInterval(this.#timer)
    this.resetAll()
  }

  #find(key: string): Window | undefined {
    const window = this.#windows.get(key)
    return window && window.end > performance.now() ? window : undefined
  }

  #removeEnded(): void {
    const now = performance.now()
    for (const [key, { end }] of this.#windows) if (end <= now) this.#windows.delete(key)
  }
}

/** Converts the end of the window to the current wall clock, which the headers use. */
function toInfo({ hits, end }: Window): ClientRateLimitInfo {
  return { totalHits: hits, resetTime: new Date(Date.now() + Math.max(0, end - performance.now())) }
}
