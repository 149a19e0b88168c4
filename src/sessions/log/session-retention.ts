import { setTimeout as pause } from 'node:timers/promises'
import type { RetentionStore } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

/** Rows that one transaction removes: other writes wait for it. */
const batchSize = 200
/** The process of a session that has just ended may still write. */
const settleMs = 60_000
const longestPauseMs = 60_000

export interface SessionRetentionLimits {
  /** How long a session is kept after its end; undefined: for ever. */
  maxAgeMs: number | undefined
  /** Bounds the store; undefined: nothing does. */
  maxBytes: number | undefined
}

export interface SessionRetentionParts {
  store: RetentionStore
  limits: SessionRetentionLimits
  /** Removes the files of a session that is going to be removed. */
  forgetFiles(session: SessionRecord): Promise<void>
  onFault(error: unknown): void
  /** The store stays larger than it may be, because sessions that are not over make it so. */
  onExcess(bytes: number): void
  /** See `SessionsCluster`; left out: always. */
  isFirst?: (() => boolean) | undefined
}

/**
 * Removes sessions that are over, oldest first: those that ended too long ago, then more until the store is small enough.
 * It works in small transactions, and rests after each as long as it took, so that turns do not wait.
 */
export class SessionRetention {
  readonly #parts: SessionRetentionParts
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<number> | undefined
  #isTooLarge = false

  constructor(parts: SessionRetentionParts) {
    this.#parts = parts
  }

  /** Starts the periodic checks. */
  start(): void {
    const { limits, onFault, isFirst = () => true } = this.#parts
    const pauseMs = Math.min(Math.max(limits.maxAgeMs ?? longestPauseMs, 1_000), longestPauseMs)
    this.#timer ??= setInterval(() => {
      if (isFirst()) this.sweep().catch(onFault)
    }, pauseMs).unref()
  }

  /** Removes all that is due now; calls share one run. @returns the number of removed sessions */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    clearInterval(this.#timer)
    await this.#sweeping?.catch(() => {})
  }

  async #sweep(): Promise<number> {
    const removed = (await this.#removeOld()) + (await this.#removeExcess())
    while (!this.#isClosed && (await this.#parts.store.reclaimStep())) await this.#rest(0)
    return removed
  }

  async #removeOld(): Promise<number> {
    const { store, limits } = this.#parts
    if (limits.maxAgeMs === undefined) return 0
    const endedBefore = Date.now() - Math.max(limits.maxAgeMs, settleMs)
    for (let removed = 0; ; removed++) {
      const session = this.#isClosed ? undefined : await store.findOldestEnded(endedBefore)
      if (!session) return removed
      await this.#remove(session)
    }
  }

  async #removeExcess(): Promise<number> {
    const { store, limits, onExcess } = this.#parts
    if (limits.maxBytes === undefined || this.#isClosed) return 0
    let excess = await store.measureExcess(limits.maxBytes)
    let removed = 0
    while (excess > 0 && !this.#isClosed) {
      // Sessions are measured roughly: half of the way, then all is measured again.
      const count = await this.#removeBytes(excess / 2)
      if (count === 0) break
      removed += count
      excess = await store.measureExcess(limits.maxBytes)
    }
    const isTooLarge = excess > 0 && !this.#isClosed
    if (isTooLarge && !this.#isTooLarge) onExcess(excess)
    this.#isTooLarge = isTooLarge
    return removed
  }

  /** Removes sessions until they had so many bytes. @returns how many */
  async #removeBytes(bytes: number): Promise<number> {
    const { store } = this.#parts
    let count = 0
    for (let left = bytes; left > 0 && !this.#isClosed; count++) {
      const session = await store.findOldestEnded(Date.now() - settleMs)
      if (!session) break
      left -= await store.measureSession(session)
      await this.#remove(session)
    }
    return count
  }

  async #remove(session: SessionRecord): Promise<void> {
    const { store, forgetFiles } = this.#parts
    await forgetFiles(session)
    for (;;) {
      const startedAt = performance.now()
      if (!(await store.removeStep(session, batchSize)) || this.#isClosed) return
      await this.#rest(performance.now() - startedAt)
    }
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async #rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }
}
