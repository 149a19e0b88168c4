import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Body, Step } from '../database.ts'
import { type Client, isConflict, isConnectionError, type Pool, type PoolClient } from './driver.ts'
import type { Lease } from './lease.ts'
import { insist, pauses, unavailable } from './patience.ts'
import { toPgQuery } from './statements.ts'

const maxConflicts = 10

/**
 * The last transaction of each slot of a server. Each that writes leaves its id, so that after a broken connection the
 * database can say whether it was committed. (`pg_xact_status` cannot: after a crash, numbers are used again.)
 */
export const createOutcomesTable = `create table if not exists store_transactions (
  owner text not null,
  slot integer not null,
  transaction text not null,
  primary key (owner, slot)
)`

/** Runs a body of which all queries see the same state. */
export function readAtOnce<T>(pool: Pool, body: () => Body<T>, waitMs: number): Promise<T> {
  const attempt = () =>
    onClient(pool, async client => {
      await client.query('begin transaction isolation level repeatable read, read only')
      const value = await complete(client, body())
      await client.query('commit')
      return value
    })
  return insist(attempt, waitMs)
}

/** Runs bodies that write, each in one transaction, as long as the lease is this server's. */
export class Transactions {
  readonly #pool: Pool
  readonly #lease: Lease
  /** Slots that no transaction has. */
  readonly #free: number[] = []
  #slots = 0

  constructor(pool: Pool, lease: Lease) {
    this.#pool = pool
    this.#lease = lease
  }

  /** @throws ServiceError STORE_UNAVAILABLE when the database stays away, or is another server's */
  async run<T>(body: () => Body<T>): Promise<T> {
    const slot = this.#free.pop() ?? this.#slots++
    try {
      return await this.#runIn(slot, body)
    } finally {
      this.#free.push(slot)
    }
  }

  async #runIn<T>(slot: number, body: () => Body<T>): Promise<T> {
    let conflicts = 0
    for (const delay of pauses()) {
      const id = randomUUID()
      const ending: { value?: T; isCommitting: boolean } = { isCommitting: false }
      try {
        return await insist(() => this.#attempt(slot, id, body, ending))
      } catch (error) {
        if (isConflict(error) && ++conflicts < maxConflicts) {
          await pause(delay)
          continue
        }
        if (!(error instanceof UnknownOutcome)) throw error
        if (await this.#wasCommitted(slot, id)) return ending.value as T
      }
    }
    throw unavailable()
  }

  #attempt<T>(
    slot: number,
    id: string,
    body: () => Body<T>,
    ending: { value?: T; isCommitting: boolean },
  ): Promise<T> {
    return onClient(this.#pool, async client => {
      // One round trip: neither of the values comes from outside.
      const results = (await client.query(
        `begin; ${this.#lease.guard};
        insert into store_transactions values ('${this.#lease.owner}', ${slot}, '${id}')
          on conflict (owner, slot) do update set transaction = excluded.transaction`,
      )) as unknown as { rowCount: number }[]
      if (results[1]?.rowCount !== 1) throw unavailable(new Error('The lease of the database is lost'))
      ending.value = await complete(client, body())
      try {
        await client.query('commit')
      } catch (error) {
        throw isConnectionError(error) ? new UnknownOutcome(error) : error
      }
      return ending.value
    })
  }

  /** Waits for a transaction whose connection broke and that has not ended yet. */
  async #wasCommitted(slot: number, id: string): Promise<boolean> {
    for (const delay of pauses()) {
      try {
        const { rows } = await this.#pool.query(
          'select transaction from store_transactions where owner = $1 and slot = $2 for update',
          [this.#lease.owner, slot],
        )
        return rows[0]?.transaction === id
      } catch (error) {
        if (!isConnectionError(error)) throw error
      }
      await pause(delay)
    }
    throw unavailable()
  }
}

/** The connection broke while the transaction was being committed. */
class UnknownOutcome extends Error {
  constructor(cause: unknown) {
    super('The outcome of a transaction is not known', { cause })
  }
}

/** Gives the connection back usable, or not at all. */
async function onClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    return await work(client)
  } catch (error) {
    const cause = error instanceof UnknownOutcome ? error.cause : error
    broken = isConnectionError(cause) ? (cause as Error) : await rollBack(client)
    throw error
  } finally {
    client.release(broken)
  }
}

async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** Runs a body to its end, with each query awaited. */
export async function complete<T>(client: PoolClient | Client, body: Body<T>): Promise<T> {
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

async function take(client: PoolClient | Client, { query, wants }: Step): Promise<unknown[] | number> {
  const { rows, rowCount } = await client.query(toPgQuery(query))
  return wants === 'rows' ? rows : (rowCount ?? 0)
}
