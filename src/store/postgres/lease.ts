import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../lib/log.ts'
import { StoreOpenError } from '../store-open-error.ts'
import type { Pool } from './driver.ts'
import { insist } from './patience.ts'
import { isAlive } from './refuse-beside-nodes.ts'

/** How long a lease is good without being renewed, in milliseconds: what a start waits for at most after a crash. */
export const defaultLeaseMs = 15_000

/**
 * The row that says which server owns the database. Times are those of the database, so that the clocks of servers do
 * not matter, and no decision to write is based on them: each write asks in its own transaction whether the row still
 * names its server. `owner` is the primary key, so that taking it over waits for writes that hold it `for key share`,
 * and renewing it does not.
 */
export const createLeaseTable = `create table if not exists store_lease (
  owner text primary key,
  only_one boolean not null default true unique check (only_one),
  holder text not null,
  expires_at timestamptz not null,
  last_batch bigint not null default 0,
  last_result jsonb
)`

/** The right of a server to write to the database. */
export interface Lease {
  /** The values that the row must have for a write of this server. */
  readonly owner: string
  /** A statement that returns a row as long as the server may write, and keeps it so until the transaction is over. */
  readonly guard: string
  /** Idempotent. */
  release(): Promise<void>
}

interface Holder {
  owner: string
  holder: string
  /** By the clock of the database, in milliseconds. */
  until: number
  /** In milliseconds. */
  remaining: number
}

/**
 * Becomes the owner of the database. Waits for the lease of a server that crashed, and not for one that lives.
 * @throws {StoreOpenError} `locked`, naming the server that holds it
 */
export async function claimLease(
  pool: Pool,
  place: string,
  leaseMs: number,
  log: Pick<Log, 'warn'> | undefined,
): Promise<Lease> {
  const owner = randomUUID()
  const holder = `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}`
  const seen = await readHolder(pool)
  if (seen && !(await tryClaim(pool, owner, holder, leaseMs))) {
    const seconds = Math.ceil(Math.max(0, seen.remaining) / 1_000)
    log?.warn({ place, holder: seen.holder }, `waiting at most ${seconds} s for the lease of the database`)
    await waitFor(pool, place, seen, () => tryClaim(pool, owner, holder, leaseMs))
  } else if (!seen && !(await tryClaim(pool, owner, holder, leaseMs))) {
    throw refusal(place, (await readHolder(pool))?.holder)
  }
  if (seen) {
    log?.warn({ place, predecessor: seen.holder }, 'The database was not closed by the process that had it')
  }
  return keep(pool, owner, leaseMs, log)
}

async function waitFor(
  pool: Pool,
  place: string,
  seen: Holder,
  claim: () => Promise<boolean>,
): Promise<void> {
  let { remaining } = seen
  for (;;) {
    await pause(Math.min(Math.max(remaining, 20), 500))
    if (await claim()) return
    const now = await readHolder(pool)
    // Renewed, or taken by another server, which lives.
    if (now && (now.owner !== seen.owner || now.until > seen.until)) throw refusal(place, now.holder)
    remaining = now?.remaining ?? 0
  }
}

async function tryClaim(pool: Pool, owner: string, holder: string, leaseMs: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `insert into store_lease (owner, holder, expires_at)
      select $1, $2, clock_timestamp() + $3 * interval '1 millisecond'
      where not exists (select 1 from nodes where ${isAlive})
      on conflict (only_one) do update set
        owner = excluded.owner, holder = excluded.holder, expires_at = excluded.expires_at,
        last_batch = 0, last_result = null
      where store_lease.expires_at <= clock_timestamp()`,
    [owner, holder, leaseMs],
  )
  return rowCount === 1
}

/** The nodes of a cluster hold the database together; of them the one that stays longest is named. */
async function readHolder(pool: Pool): Promise<Holder | undefined> {
  const { rows } = await pool.query(
    `select *, until - (extract(epoch from clock_timestamp()) * 1000)::float8 as remaining from (
      select owner, holder, (extract(epoch from expires_at) * 1000)::float8 as until from store_lease
      union all
      select id, 'the node ' || url, lease_until::float8 from nodes where ${isAlive}
    ) as holders order by until desc limit 1`,
  )
  return rows[0]
}

/**
 * The share of a node of a cluster, which is its row in `nodes`: it joins and leaves by the port `NodeStore`. While a
 * server has the database for itself, no node writes.
 *
 * @throws {StoreOpenError} `locked`, naming a server that has the database for itself
 */
export async function shareAsNode(pool: Pool, place: string, id: string): Promise<Lease> {
  // A server that was stopped for longer than its lease finds its row gone, and renews nothing.
  await pool.query('delete from store_lease where expires_at <= clock_timestamp()')
  const { rows } = await pool.query('select holder from store_lease')
  if (rows[0]) throw refusal(place, rows[0].holder)
  if (!/^[\w-]{1,100}$/.test(id)) throw new Error('the id of a node is not a plain name')
  return {
    owner: id,
    // The end of a life waits for its transactions, which end by themselves when the node hangs; a renewal does not.
    guard: `select 1 from nodes where id = '${id}' and state <> 'dead'
      and not exists (select 1 from store_lease where expires_at > clock_timestamp()) for key share`,
    release: async () => {},
  }
}

function refusal(place: string, holder = 'another process'): StoreOpenError {
  const text = `The database ${place} is in use by ${holder}. Stop it, or use another database or schema`
  return new StoreOpenError('locked', place, text)
}

function keep(pool: Pool, owner: string, leaseMs: number, log: Pick<Log, 'warn'> | undefined): Lease {
  let released: Promise<void> | undefined

  async function renew(): Promise<void> {
    const { rowCount } = await pool.query(
      `update store_lease set expires_at = clock_timestamp() + $2 * interval '1 millisecond' where owner = $1`,
      [owner, leaseMs],
    )
    if (rowCount === 1 || released) return
    clearInterval(timer)
    log?.warn({}, 'the database was taken over by another server; nothing is written any more')
  }

  const timer = setInterval(() => {
    renew().catch(error => log?.warn({ err: error }, 'the lease of the database could not be renewed'))
  }, leaseMs / 3)
  timer.unref()

  async function releaseOnce(): Promise<void> {
    clearInterval(timer)
    await insist(() => pool.query('delete from store_lease where owner = $1', [owner]), 2_000)
  }

  return {
    owner,
    guard: `select 1 from store_lease where owner = '${owner}' for key share`,
    release() {
      released ??= releaseOnce()
      return released
    },
  }
}
