import { type Alarm, atTime } from '../../lib/alarm.ts'
import type { SessionsCluster } from '../cluster.ts'
import { withoutAuditEntry } from '../ports/audit.ts'
import type { Store } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'

const batchSize = 100
/** The default of `SessionsCluster.expiryMs`. */
const longestPauseMs = 30_000
const shortestPauseMs = 1_000

/**
 * Lets sessions expire when their time has come. One timer waits for the next expiry: activity only ever moves
 * an expiry to later, so a timer that is set is never too late. Where several nodes share the store, it looks now and then
 * for those that other nodes have left.
 */
export class ExpirySweeper {
  readonly #store: Store
  readonly #expire: (session: SessionRecord) => Promise<void>
  readonly #onFault: (error: unknown) => void
  readonly #cluster: SessionsCluster | undefined
  #timer: { at: number; alarm: Alarm } | undefined
  #sweeping: Promise<void> | undefined
  #closed = false

  constructor(
    store: Store,
    expire: (session: SessionRecord) => Promise<void>,
    onFault: (error: unknown) => void,
    cluster?: SessionsCluster,
  ) {
    this.#store = store
    this.#cluster = cluster
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
      const own = this.#cluster ? await this.#ownOf(due, this.#cluster) : due
      for (const session of own) await this.#expire(session)
      if (due.length < batchSize || own.length === 0) break
    }
    const next = await this.#store.findNextExpiry()
    if (this.#cluster) this.schedule(nextLook(next, this.#cluster))
    else if (next !== undefined) this.schedule(next)
  }

  async #ownOf(due: readonly SessionRecord[], cluster: SessionsCluster): Promise<SessionRecord[]> {
    const own: SessionRecord[] = []
    for (const session of due) if (await cluster.mayExpire(session)) own.push(session)
    return own
  }
}

/** The next expiry may be that of a session of another node, which is late. */
function nextLook(next: number | undefined, { expiryMs = longestPauseMs }: SessionsCluster): number {
  const now = Date.now()
  return Math.max(now + Math.min(shortestPauseMs, expiryMs), Math.min(next ?? now + expiryMs, now + expiryMs))
}
