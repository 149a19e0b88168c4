import { ApiError, ConnectionError } from './errors.ts'

export interface RetryOptions {
  /** How often a request or a stream is tried again without success in between. Default: 8. */
  retries?: number | undefined
  /** The longest wait that the server may ask for; a longer one is the caller's to decide. Default: a minute. */
  maxRetryAfterMs?: number | undefined
}

const shortestMs = 250
const longestMs = 10_000

/** Counts failures in a row, and waits longer after each. */
export class Backoff {
  readonly #retries: number
  readonly #maxRetryAfterMs: number
  #failures = 0

  constructor({ retries = 8, maxRetryAfterMs = 60_000 }: RetryOptions) {
    this.#retries = retries
    this.#maxRetryAfterMs = maxRetryAfterMs
  }

  /** To be called when something succeeded. */
  reset(): void {
    this.#failures = 0
  }

  /**
   * Waits before the next attempt.
   *
   * @throws the error if there is to be no further attempt
   */
  async wait(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const asked = error instanceof ApiError ? error.retryAfterMs : undefined
    if (this.#failures >= this.#retries || (asked ?? 0) > this.#maxRetryAfterMs) throw error
    const grown = Math.min(longestMs, shortestMs * 2 ** this.#failures)
    this.#failures++
    // Jitter: clients that were cut at the same time do not come back at the same time.
    const jittered = grown * (0.5 + Math.random() / 2)
    await sleep(asked === undefined ? jittered : asked + jittered / 4, signal)
  }
}

/** Whether the same request may be sent again. `isSafe`: twice has the effect of once. */
export function mayRepeat(error: unknown, isSafe: boolean): boolean {
  if (error instanceof ConnectionError) return isSafe
  if (!(error instanceof ApiError) || !error.retryable || error.retry !== 'same_key') return false
  // A conflict with another turn lasts until that turn ends; the caller has chosen not to wait for it.
  if (error.status === 409) return error.code === 'IDEMPOTENCY_IN_FLIGHT'
  const wasRefused = error.status === 429 || error.status === 503
  return isSafe || (wasRefused && error.code !== 'UNEXPECTED_RESPONSE')
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    if (signal?.aborted) return reject(signal.reason)
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
