import { setTimeout as pause } from 'node:timers/promises'
import type { RevisedMemory, RevisionName, RevisionStore } from '../sessions/ports/index.ts'

/** How old the memory of this node may be. */
const defaultPeriodMs = 1_000
/** However many requests ask, the store is asked no more often. */
const shortestPauseMs = 20

export interface RevisionWatchParts {
  store: RevisionStore
  onFault(error: unknown): void
  /** Default: 1 s. */
  periodMs?: number | undefined
}

/**
 * Keeps what this node has in memory as it is stored: it compares the revisions once a second, with one small query, and
 * has reloaded what other nodes have changed.
 */
export class RevisionWatch {
  readonly #parts: RevisionWatchParts
  readonly #memories = new Map<RevisionName, RevisedMemory>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #startedAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(parts: RevisionWatchParts) {
    this.#parts = parts
  }

  add(name: RevisionName, memory: RevisedMemory): void {
    this.#memories.set(name, memory)
  }

  start(): void {
    const { periodMs = defaultPeriodMs, onFault } = this.#parts
    this.#timer ??= setInterval(() => void this.check().catch(onFault), periodMs).unref()
  }

  /**
   * Resolves when the memory has all that was stored before the call. Calls share one query, so that the load of the store
   * does not depend on their number.
   */
  check(): Promise<void> {
    // A comparison that runs may have read before the caller's change was stored.
    this.#next ??= this.#compareAfter(this.#running)
    return this.#next
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await Promise.allSettled([this.#running, this.#next])
  }

  async #compareAfter(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined)
    const rest = this.#startedAt + shortestPauseMs - performance.now()
    if (rest > 0) await pause(rest)
    this.#startedAt = performance.now()
    this.#next = undefined
    const running = this.#compare()
    this.#running = running
    try {
      await running
    } finally {
      if (this.#running === running) this.#running = undefined
    }
  }

  async #compare(): Promise<void> {
    if (this.#isClosed) return
    const revisions = await this.#parts.store.readRevisions()
    const stale = [...this.#memories].filter(
      ([name, { revision }]) => revision !== (revisions.get(name) ?? 0),
    )
    await Promise.all(stale.map(([, memory]) => memory.reload()))
  }
}
