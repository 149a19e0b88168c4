import type pg from 'pg'
import { StoreOpenError } from '../store-open-error.ts'

export type Driver = typeof pg
export type { Client, ClientConfig, Pool, PoolClient } from 'pg'

/** @throws {StoreOpenError} `unreadable`, when the package `pg` is not installed */
export async function loadDriver(place: string): Promise<Driver> {
  try {
    // Only who uses PostgreSQL has the package.
    return (await import('pg')).default
  } catch (error) {
    throw new StoreOpenError(
      'unreadable',
      place,
      'The store is configured to use PostgreSQL, but the package "pg" is not installed. Install it with `npm install pg@8`',
      { cause: error },
    )
  }
}

const int8 = 20
const numeric = 1700

/**
 * How every connection is set up. Counters, times and sums are numbers here: none of them comes near the 2^53 from
 * which a number is not exact.
 *
 * @param silentMs of a node: the time after which the database ends a transaction whose client is silent or cut off, in
 *   milliseconds, so that no row is locked when the lease is over
 */
export function toClientConfig(
  driver: Driver,
  url: string,
  schema: string,
  silentMs?: number,
): pg.ClientConfig {
  // A partitioned server must not keep rows locked for ever.
  const idleMs = Math.ceil(silentMs ?? 60_000)
  const cutOff = silentMs === undefined ? '' : ` -c tcp_user_timeout=${idleMs}`
  return {
    connectionString: url,
    application_name: 'claude-code-api',
    options: `-c search_path=${schema} -c idle_in_transaction_session_timeout=${idleMs}${cutOff}`,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
    keepAlive: true,
    types: {
      getTypeParser(oid: number, format?: unknown) {
        if ((oid === int8 || oid === numeric) && format !== 'binary') return Number
        return driver.types.getTypeParser(oid, format as 'text')
      },
    } as pg.CustomTypesConfig,
  }
}

/** SQLSTATEs after which the same connection, or another one, may work again. */
const passingStates = new Set(['57P01', '57P02', '57P03', '57P05', '53300', '25P03'])

/** Whether the server could not be reached, or went away: what was asked for may or may not have happened. */
export function isConnectionError(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return state.startsWith('08') || passingStates.has(state)
  if (!(error instanceof Error)) return false
  return 'syscall' in error || error instanceof AggregateError || driverMessages.test(error.message)
}

/** The package `pg` tells its own errors apart by their text alone. */
const driverMessages =
  /^(Connection terminated|Connection ended|timeout (expired|exceeded)|Query read timeout|Client (has encountered|was closed))/

/** Whether the transaction was undone because of another one, and can be run again. */
export function isConflict(error: unknown): boolean {
  const code = sqlState(error)
  return code === '40001' || code === '40P01'
}

/**
 * Whether a prepared statement was refused because its tables have other columns since. The message is translated, and the
 * code has other causes; the routine is PostgreSQL's own (`plancache.c`).
 */
export function isOutdatedPlan(error: unknown): boolean {
  return sqlState(error) === '0A000' && (error as { routine?: unknown }).routine === 'RevalidateCachedQuery'
}

/** PostgreSQL's error code; undefined for an error that is not from the database. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && severity !== undefined ? code : undefined
}
