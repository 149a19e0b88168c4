import {
  type DataTypeNode,
  Kysely,
  type KyselyPlugin,
  OperationNodeTransformer,
  PostgresDialect,
  RawNode,
  type RootOperationNode,
  sql,
} from 'kysely'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../sessions/ports/index.ts'
import { migrateWithin } from '../migrate.ts'
import type { Migration } from '../migration.ts'
import type { StoreSchema } from '../schema.ts'
import { createSqlStore } from '../sql-store.ts'
import { StoreOpenError } from '../store-open-error.ts'
import { appendFunctions, dropOtherFunctions } from './append-functions.ts'
import { AppendLane } from './append-lane.ts'
import { loadDriver, type Pool, toClientConfig } from './driver.ts'
import { claimLease, createLeaseTable, defaultLeaseMs, type Lease, shareAsNode } from './lease.ts'
import { createPostgresDatabase } from './postgres-database.ts'
import { refuseBesideNodes } from './refuse-beside-nodes.ts'
import { refuseUnadmitted } from './refuse-unadmitted.ts'
import { createOutcomesTable } from './transactions.ts'

export const defaultSchema = 'claude_code_api'
const defaultConnections = 10

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  url: string
  /** Where all tables are. */
  schema?: string | undefined
  /** Bounds the connections; one more is used for appends. */
  maxConnections?: number | undefined
  /** How long another server waits after this one has crashed, in milliseconds; of a node: its lease. */
  leaseMs?: number | undefined
  /** The id of this life of a node, where several share the database; it writes once it has joined. */
  nodeId?: string | undefined
}

/** Where a database is, without the password. */
export function describePlace({ url, schema = defaultSchema }: PostgresOptions): string {
  if (!URL.canParse(url)) return `(schema ${schema})`
  const { host, pathname } = new URL(url)
  return `postgres://${host}${pathname} (schema ${schema})`
}

/**
 * Opens the store in a PostgreSQL database, for this process alone, and brings it to the shape that this program knows.
 *
 * @param migrations default: all
 * @throws {StoreOpenError} with a `reason`, when it is of a newer program, held by another server, or cannot be used
 */
export async function openPostgresStore(
  options: PostgresOptions,
  log?: Pick<Log, 'warn'>,
  migrations?: readonly Migration[],
): Promise<Store> {
  const place = describePlace(options)
  const driver = await loadDriver(place)
  const {
    url,
    schema = defaultSchema,
    maxConnections = defaultConnections,
    leaseMs = defaultLeaseMs,
    nodeId,
  } = options
  const config = toClientConfig(driver, url, schema, nodeId === undefined ? undefined : leaseMs / 2)
  const pool = new driver.Pool({ ...config, max: maxConnections })
  // Whatever uses the connection is told by its query; without a listener the process would end.
  pool.on('connect', client => client.on('error', () => undefined))
  pool.on('error', error => log?.warn({ err: error }, 'a connection to the database broke'))
  let lease: Lease | undefined
  try {
    await migratePostgres(pool, schema, place, migrations)
    lease =
      nodeId === undefined
        ? await claimLease(pool, place, leaseMs, log)
        : await shareAsNode(pool, place, nodeId)
    await createFunctions(pool, nodeId === undefined)
    const lane = new AppendLane(driver, config, lease.owner)
    const store = createSqlStore(createPostgresDatabase(pool, lane, lease, () => pool.end()))
    if (nodeId === undefined) await store.check()
    return store
  } catch (error) {
    await lease?.release().catch(() => undefined)
    await pool.end()
    throw toOpenError(error, place)
  }
}

/** All steps in one transaction, which other programs wait for. */
async function migratePostgres(
  pool: Pool,
  schema: string,
  place: string,
  migrations: readonly Migration[] | undefined,
): Promise<void> {
  const db = new Kysely<StoreSchema>({
    dialect: new PostgresDialect({ pool: new BorrowedPool(pool) }),
    plugins: [new PostgresTypes()],
  })
  await db.transaction().execute(async transaction => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`claude-code-api ${schema}`}, 0))`.execute(
      transaction,
    )
    await sql`create schema if not exists ${sql.id(schema)}`.execute(transaction)
    const check = refuseUnadmitted.bind(undefined, transaction, place)
    await migrateWithin(transaction, place, check, migrations)
    await sql.raw(createLeaseTable).execute(transaction)
    await sql.raw(refuseBesideNodes).execute(transaction)
    await sql.raw(createOutcomesTable).execute(transaction)
  })
}

/** @param isAlone whether no other program uses the functions of its version */
async function createFunctions(pool: Pool, isAlone: boolean): Promise<void> {
  const client = await pool.connect()
  const statements = [...appendFunctions, ...(isAlone ? [dropOtherFunctions] : [])]
  try {
    // Two that replace a function at the same time would fail.
    await client.query(
      `begin; select pg_advisory_xact_lock(hashtextextended('claude-code-api functions', 0)); ${statements.join(';\n')}; commit`,
    )
  } finally {
    client.release()
  }
}

function toOpenError(error: unknown, place: string): StoreOpenError {
  if (error instanceof StoreOpenError) return error
  const text =
    error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)
  return new StoreOpenError(
    'unreadable',
    place,
    `The database ${place} cannot be used (${text}). Check the address, the user's rights and that the server runs`,
    { cause: error },
  )
}

/** Kysely would end the pool. */
class BorrowedPool {
  readonly options = {}
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  connect() {
    return this.#pool.connect()
  }

  async end(): Promise<void> {}
}

/** Gives the columns of migrations the types of PostgreSQL; text is ordered by its bytes, as SQLite does. */
class PostgresTypes extends OperationNodeTransformer implements KyselyPlugin {
  transformQuery({ node }: { node: RootOperationNode }): RootOperationNode {
    return this.transformNode(node)
  }

  async transformResult<T>({ result }: { result: T }): Promise<T> {
    return result
  }

  override transformDataType(node: DataTypeNode): DataTypeNode {
    const type =
      node.dataType === 'text' ? 'text collate "C"' : node.dataType === 'blob' ? 'bytea' : undefined
    return type ? (RawNode.createWithSql(type) as unknown as DataTypeNode) : node
  }
}
