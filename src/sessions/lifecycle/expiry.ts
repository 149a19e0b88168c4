import { type Alarm, atTime } from '../../lib/alarm.ts'
import { withoutAuditEntry } from '../ports/audit.ts'
import type { Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

const batchSize = 100

/**
 * Lets sessions expire when their time has come. One timer waits for the next expiry: activity only ever moves
 * an expiry to later, so a timer that is set is never too late.
 */
export class ExpirySweeper {
  readonly #store: Store
  readonly #expire: (session: SessionRecord) => Promise<void>
  readonly #onFault: (error: unknown) => void
  #timer: { at: number; alarm: Alarm } | undefined
  #sweeping: Promise<void> | undefined
  #closed = false

  constructor(
    store: Store,
    expire: (session: SessionRecord) => Promise<void>,
    onFault: (error: unknown) => void,
  ) {
    this.#store = store
    this.#expire = expire
    this.#onFault = onFault
  }

  /** Expires what is due now; calls share one sweep. */
  sweep(): Promise<void> {
    this.#sweeping ??= withoutAuditEntry(() => this.#sweepAll()).finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /** A session now expires at that time. */
  schedule(at: number): void {
    if (this.#closed || (this.#timer && this.#timer.at <= at)) return
    this.#timer?.alarm.cancel()
    const alarm = atTime(at, () => {
      this.#timer = undefined
      this.sweep().catch(error => {
        this.#onFault(error)
        this.schedule(Date.now() + 60_000)
      })
    })
    this.#timer = { at, alarm }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.alarm.cancel()
    await this.#sweeping?.catch(() => {})
  }

  async #sweepAll(): Promise<void> {
    for (;;) {
      const due = await this.#store.listExpiredSessions(Date.now(), batchSize)
      for (const session of due) await this.#expire(session)
      if (due.length < batchSize) break
    }
    const next = await this.#store.findNextExpiry()
    if (next !== undefined) this.schedule(next)
  }
}
