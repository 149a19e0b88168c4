import type { NodeStore } from '../../sessions/ports/index.ts'
import { createNodes } from '../nodes.ts'
import type { Query } from '../query.ts'
import { loadDriver, toClientConfig } from './driver.ts'
import { defaultSchema, describePlace, type PostgresOptions } from './open-postgres.ts'
import { toPgQuery, withValidPlans } from './statements.ts'

/** The nodes of a database, on a connection of its own. */
export interface NodeConnection {
  nodes: NodeStore
  close(): Promise<void>
}

/**
 * Connects to the nodes of a database that has its tables, for what must not wait. Nothing is tried twice: the caller
 * knows how long it can wait.
 *
 * @param boundMs the limit for connecting, and for each answer, in milliseconds
 * @throws {StoreOpenError} `unreadable`, when the package `pg` is not installed
 */
export async function openNodes(options: PostgresOptions, boundMs: number): Promise<NodeConnection> {
  const driver = await loadDriver(describePlace(options))
  const { options: settings, ...config } = toClientConfig(
    driver,
    options.url,
    options.schema ?? defaultSchema,
    boundMs,
  )
  const bound = Math.ceil(boundMs)
  const pool = new driver.Pool({
    ...config,
    application_name: 'claude-code-api warden',
    options: `${settings} -c statement_timeout=${bound}`,
    connectionTimeoutMillis: bound,
    query_timeout: bound,
    // A connection whose answer did not come in time is given up; the next query gets another one.
    max: 2,
    idleTimeoutMillis: 0,
  })
  pool.on('connect', client => client.on('error', () => undefined))
  pool.on('error', () => undefined)

  async function all<O>(query: Query<O>): Promise<O[]> {
    return (await withValidPlans(() => pool.query(toPgQuery(query)))).rows
  }

  return {
    nodes: createNodes({ all, first: async query => (await all(query))[0] }),
    close: () => pool.end(),
  }
}
