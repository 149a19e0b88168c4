import { setTimeout as pause } from 'node:timers/promises'
import type { Body, Database, Step } from '../database.ts'
import { type Compiled, fill, prepared, type Query } from '../query.ts'
import { type AppendLane, isLeaseLost } from './append-lane.ts'
import { postgres } from './dialect.ts'
import { isConflict, isConnectionError, type Pool, type PoolClient } from './driver.ts'
import type { Lease } from './lease.ts'
import { insist, pauses, unavailable } from './patience.ts'

const recentMs = 5_000
/** A health check does not wait for a database that is away. */
const checkMs = 1_000
const maxConflicts = 10

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
  const running = new Set<Promise<unknown>>()

  function ensureOpen(): void {
    if (closed) throw new Error('The store is closed')
  }

  /** What runs is finished before the database is closed. */
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

  async function read<T>(body: () => Body<T>): Promise<T> {
    ensureOpen()
    return track(insist(() => inTransaction(pool, beginRead, body)))
  }

  async function transaction<T>(body: () => Body<T>): Promise<T> {
    ensureOpen()
    return track(write(pool, lease, body))
  }

  async function closeOnce(): Promise<void> {
    await Promise.allSettled(running)
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

    close() {
      closed ??= closeOnce()
      return closed
    },
  }
}

const noteCheck = prepared((db, at: { now: number }) =>
  db
    .insertInto('store_checks')
    .values({ id: 1, checked_at: at.now })
    .onConflict(conflict => conflict.column('id').doUpdateSet({ checked_at: at.now })),
)

const beginRead = 'begin transaction isolation level repeatable read, read only'

/**
 * Runs a body that writes, as long as the lease is this server's. When the connection breaks at its end, the database
 * is asked what became of the transaction; it is run again only when it was undone.
 */
async function write<T>(pool: Pool, lease: Lease, body: () => Body<T>): Promise<T> {
  const begin = `begin; select pg_current_xact_id()::text as xid from store_lease where owner = '${lease.owner}' for key share`
  let conflicts = 0
  for (const delay of pauses()) {
    const attempt: { xid?: string; value?: T } = {}
    try {
      return await insist(() => inTransaction(pool, begin, body, attempt))
    } catch (error) {
      if (isConflict(error) && ++conflicts < maxConflicts) {
        await pause(delay)
        continue
      }
      if (!(error instanceof UnknownOutcome)) throw error
      if (await wasCommitted(pool, error.xid)) return error.value as T
    }
  }
  throw unavailable()
}

/** The connection broke while the transaction was being committed. */
class UnknownOutcome extends Error {
  readonly xid: string
  readonly value: unknown
  /** For `insist`: this is not tried again without a look. */
  readonly code = 'unknown-outcome'
  readonly severity = 'local'

  constructor(xid: string, value: unknown, cause: unknown) {
    super('The outcome of a transaction is not known', { cause })
    this.xid = xid
    this.value = value
  }
}

async function wasCommitted(pool: Pool, xid: string): Promise<boolean> {
  for (const delay of pauses()) {
    try {
      const { rows } = await pool.query('select pg_xact_status($1::xid8) as status', [xid])
      if (rows[0].status === 'committed') return true
      if (rows[0].status === 'aborted') return false
    } catch (error) {
      if (!isConnectionError(error)) throw error
    }
    // Away, or the connection that broke has not been noticed yet.
    await pause(delay)
  }
  throw unavailable()
}

async function inTransaction<T>(
  pool: Pool,
  begin: string,
  body: () => Body<T>,
  attempt?: { xid?: string; value?: T },
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    const begun: unknown = await client.query(begin)
    const xid = readXid(begun)
    if (attempt && xid === undefined) throw unavailable(new Error('the lease of the database is lost'))
    const value = await complete(client, body())
    try {
      await client.query('commit')
    } catch (error) {
      if (xid !== undefined && isConnectionError(error)) throw new UnknownOutcome(xid, value, error)
      throw error
    }
    return value
  } catch (error) {
    const gone = isConnectionError(error instanceof UnknownOutcome ? error.cause : error)
    broken = gone ? (error as Error) : await rollBack(client)
    throw error
  } finally {
    client.release(broken)
  }
}

/** Two statements have two results. */
function readXid(results: unknown): string | undefined {
  return Array.isArray(results) ? results[1]?.rows[0]?.xid : undefined
}

async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error as Error
  }
}

async function complete<T>(client: PoolClient, body: Body<T>): Promise<T> {
  let step = body.next()
  while (!step.done) {
    let outcome: unknown[] | number
    try {
      outcome = await take(client, step.value)
    } catch (error) {
      step = body.throw(error)
      continue
    }
    step = body.next(outcome)
  }
  return step.value
}

async function take(client: PoolClient, { query, wants }: Step): Promise<unknown[] | number> {
  const { rows, rowCount } = await client.query(toPgQuery(query))
  return wants === 'rows' ? rows : (rowCount ?? 0)
}

/** Each text is prepared once on each connection, under a name of its own. */
const names = new WeakMap<Compiled, string>()
let named = 0

function toPgQuery({ template, values }: Query<unknown>): { name: string; text: string; values: unknown[] } {
  const compiled = template.compile(postgres)
  let name = names.get(compiled)
  if (name === undefined) {
    name = `q${++named}`
    names.set(compiled, name)
  }
  return { name, text: compiled.sql, values: fill(compiled, values) }
}
