import { firstIdAt } from '../../lib/time-ordered-id.ts'
import type { AuditStore } from '../../sessions/ports/audit.ts'

const hourMs = 60 * 60 * 1000
const batchSize = 500

/** Removes entries of the audit log that are older than they are to be kept, once an hour. */
export class AuditRetention {
  readonly #store: Pick<AuditStore, 'trimAudit'>
  readonly #retentionMs: number | undefined
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #trimming: Promise<void> = Promise.resolve()
  readonly #isFirst: () => boolean
  #isClosed = false

  /**
   * @param retentionMs undefined: entries are kept forever
   * @param isFirst whether this node removes them, of all that share the store; left out: always
   */
  constructor(
    store: Pick<AuditStore, 'trimAudit'>,
    retentionMs: number | undefined,
    onFault: (error: unknown) => void,
    isFirst: () => boolean = () => true,
  ) {
    this.#isFirst = isFirst
    this.#store = store
    this.#retentionMs = retentionMs
    this.#onFault = onFault
  }

  start(): void {
    const retentionMs = this.#retentionMs
    if (retentionMs === undefined) return
    const trim = () => {
      if (!this.#isFirst()) return
      this.#trimming = this.#trimAll(retentionMs).catch(this.#onFault)
    }
    this.#timer ??= setInterval(trim, hourMs).unref()
    trim()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#trimming
  }

  async #trimAll(retentionMs: number): Promise<void> {
    const beforeId = firstIdAt(Date.now() - retentionMs)
    while (!this.#isClosed && (await this.#store.trimAudit(beforeId, batchSize)) === batchSize) {
      // Each round is a transaction of its own.
    }
  }
}
