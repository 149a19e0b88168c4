import { setTimeout as pause } from 'node:timers/promises'
import type { Body, Database } from '../database.ts'
import type { Query } from '../query.ts'
import { noteCheck } from '../store-checks.ts'
import { type AppendLane, isLeaseLost } from './append-lane.ts'
import type { Pool } from './driver.ts'
import type { Lease } from './lease.ts'
import { measureExcess } from './measure.ts'
import { insist, patienceMs, streamPatienceMs, unavailable } from './patience.ts'
import { toPgQuery } from './statements.ts'
import { readAtOnce, Transactions } from './transactions.ts'

const recentMs = 5_000
/** A health check does not wait for a database that is away. */
const checkMs = 1_000

/**
 * A database on PostgreSQL. Single queries run on any connection of the pool, reads of several in one snapshot, and
 * changes of sessions in the lane. `onClose` is called once, after what was handed in is written.
 */
export function createPostgresDatabase(
  pool: Pool,
  lane: AppendLane,
  lease: Lease,
  onClose: () => Promise<void>,
): Database {
  let closed: Promise<void> | undefined
  const transactions = new Transactions(pool, lease)
  const running = new Set<Promise<unknown>>()

  function ensureOpen(): void {
    if (closed) throw new Error('The store is closed')
  }

  /** Running work is finished before the database is closed. */
  async function track<T>(work: Promise<T>): Promise<T> {
    running.add(work)
    try {
      return await work
    } finally {
      running.delete(work)
    }
  }

  async function all<O>(query: Query<O>): Promise<O[]> {
    ensureOpen()
    return track(insist(async () => (await pool.query(toPgQuery(query))).rows))
  }

  async function read<T>(body: () => Body<T>, waits: 'request' | 'stream' = 'request'): Promise<T> {
    ensureOpen()
    return track(readAtOnce(pool, body, waits === 'stream' ? streamPatienceMs : patienceMs))
  }

  async function transaction<T>(body: () => Body<T>): Promise<T> {
    ensureOpen()
    return track(transactions.run(body))
  }

  async function closeOnce(): Promise<void> {
    await Promise.race([Promise.allSettled(running), pause(patienceMs, undefined, { ref: false })])
    await lane.close()
    await lease.release().catch(() => undefined)
    await onClose()
  }

  return {
    all,
    first: async query => (await all(query))[0],
    read,
    transaction,

    async write(change) {
      ensureOpen()
      return track(lane.write(change)).catch(error => {
        throw isLeaseLost(error) ? unavailable(error) : error
      })
    },

    async check() {
      ensureOpen()
      const { failedAt } = lane
      if (failedAt !== undefined && performance.now() - failedAt < recentMs) {
        throw new Error('the last write to the store failed')
      }
      await track(insist(() => pool.query(toPgQuery(noteCheck({ now: Date.now() }))), checkMs))
    },

    async measureExcess(maxBytes) {
      ensureOpen()
      return track(insist(() => measureExcess(pool, maxBytes)))
    },

    // PostgreSQL uses free space again by itself.
    reclaimStep: async () => false,

    close() {
      closed ??= closeOnce()
      return closed
    },
  }
}
