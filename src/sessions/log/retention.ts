import type { Store } from '../ports/index.ts'

/** How many events one transaction removes: it keeps everything else waiting. */
const batchSize = 200
const longestPauseMs = 60_000
const shortestPauseMs = 1_000

/**
 * Removes the events of sessions that ended longer ago than they are to be kept. It looks every minute, or as
 * often as events are kept where that is shorter; a clock that is set does not keep it from looking.
 */
export class Retention {
  readonly #store: Pick<Store, 'trimEvents'>
  readonly #retentionMs: number
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #trimming: Promise<void> | undefined
  readonly #isFirst: () => boolean
  #closed = false

  /**
   * @param retentionMs how long events are kept after their session's end
   * @param isFirst see `SessionsCluster`
   */
  constructor(
    store: Pick<Store, 'trimEvents'>,
    retentionMs: number,
    onFault: (error: unknown) => void,
    isFirst: () => boolean = () => true,
  ) {
    this.#isFirst = isFirst
    this.#store = store
    this.#retentionMs = retentionMs
    this.#onFault = onFault
  }

  /** Starts the periodic checks. Leftovers of a previous run of the server do not delay the start. */
  start(): void {
    const pause = Math.min(Math.max(this.#retentionMs, shortestPauseMs), longestPauseMs)
    this.#timer ??= setInterval(() => {
      if (this.#isFirst()) this.trim().catch(this.#onFault)
    }, pause).unref()
  }

  /** Removes all that is due now; calls share one run. */
  trim(): Promise<void> {
    this.#trimming ??= this.#trimAll().finally(() => {
      this.#trimming = undefined
    })
    return this.#trimming
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#trimming?.catch(() => {})
  }

  async #trimAll(): Promise<void> {
    const endedBefore = Date.now() - this.#retentionMs
    while (!this.#closed && (await this.#store.trimEvents(endedBefore, batchSize))) {
      // Each round waits for a transaction, so requests come in between.
    }
  }
}
