import { type Client, type Driver, loadDriver, toClientConfig } from '../postgres/driver.ts'
import { defaultSchema, describePlace, type PostgresOptions } from '../postgres/open-postgres.ts'
import { StoreOpenError } from '../store-open-error.ts'
import { listDumpedTables } from './schema-at.ts'
import type { DumpedTable, StoreDump, StoredValue } from './store-dump.ts'

/** Rows of one fetch; pieces of attachments have a megabyte each. */
const fetchedRows = 50

/** Opens a dump of a PostgreSQL schema: one transaction that sees the state of its beginning. */
export async function openPostgresDump(options: PostgresOptions): Promise<StoreDump> {
  const place = describePlace(options)
  const driver = await loadDriver(place)
  const client = new driver.Client(toConfig(driver, options))
  // A broken connection is reported by the query that needs it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await startDump(client, place)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw toDumpError(error, place)
  }
}

/** A slow disk or a slow reader of the archive may let more time pass between two queries than a server may. */
function toConfig(driver: Driver, { url, schema = defaultSchema }: PostgresOptions) {
  const config = toClientConfig(driver, url, schema)
  return { ...config, query_timeout: 0, options: `-c search_path=${schema}` }
}

async function startDump(client: Client, place: string): Promise<StoreDump> {
  await client.query('begin transaction isolation level repeatable read, read only')
  const { rows } = await client.query("select to_regclass('schema_migrations') is not null as found")
  if (!rows[0].found) throw new StoreOpenError('empty', place, `The database ${place} has no store`)
  const applied = await client.query('select name from schema_migrations order by name')
  const migrations: string[] = applied.rows.map(row => row.name)
  const tables: DumpedTable[] = []
  for (const table of await listDumpedTables(migrations, `The database ${place}`)) {
    const counted = await client.query(`select count(*) as count from "${table.name}"`)
    tables.push({ ...table, rows: Number(counted.rows[0].count) })
  }
  let closed: Promise<void> | undefined
  return {
    kind: 'postgres',
    migrations,
    tables,
    rows: table => readTable(client, place, table),
    close() {
      closed ??= client.end()
      return closed
    },
  }
}

async function* readTable(
  client: Client,
  place: string,
  { name, columns }: DumpedTable,
): AsyncGenerator<StoredValue[][]> {
  const names = columns.map(column => `"${column}"`).join(', ')
  const query = async (text: string): Promise<StoredValue[][]> => {
    try {
      return (await client.query<StoredValue[]>({ text, rowMode: 'array' })).rows
    } catch (error) {
      throw toDumpError(error, place)
    }
  }
  await query(`declare dumped no scroll cursor for select ${names} from "${name}"`)
  for (;;) {
    const rows = await query(`fetch ${fetchedRows} from dumped`)
    if (rows.length === 0) break
    yield rows
  }
  await query('close dumped')
}

function toDumpError(error: unknown, place: string): StoreOpenError {
  if (error instanceof StoreOpenError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new StoreOpenError('unreadable', place, `The database ${place} cannot be read (${text})`, {
    cause: error,
  })
}
