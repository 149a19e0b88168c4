import { existsSync } from 'node:fs'
import { Checksum } from './checksum.ts'
import { listCopiedTables } from './copied-tables.ts'
import { migrate } from './migrate.ts'
import { type Driver, loadDriver, toClientConfig } from './postgres/driver.ts'
import {
  defaultSchema,
  describePlace,
  openPostgresStore,
  type PostgresOptions,
} from './postgres/open-postgres.ts'
import { toStorable } from './postgres/storable-text.ts'
import { type Connection, openConnection } from './sqlite/connection.ts'
import { claimFile, locateFile } from './sqlite/open-sqlite.ts'
import { StoreOpenError, toStoreOpenError } from './store-open-error.ts'

export interface CopyProgress {
  table: string
  done: number
  total: number
  isVerifying: boolean
}

export interface CopiedTable {
  table: string
  rows: number
  /** Of all rows, in whatever order. */
  checksum: string
}

type Client = InstanceType<Driver['Client']>
type Row = Record<string, unknown>

/** Rows in one statement; pieces of attachments have a megabyte each. */
const batchRows = 500
const batchPieces = 8

/**
 * Copies a store from a SQLite file into an empty PostgreSQL database, in one transaction, and reads it back: counts
 * and checksums of each table have to agree. No server may use either of them meanwhile. The file's rows are left as
 * they are; a file of an older program is brought to today's shape first, as a start would do.
 * @throws {StoreOpenError} when one of them cannot be used, or the database is not empty
 */
export async function copyStore(
  from: string,
  to: PostgresOptions,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopiedTable[]> {
  if (!existsSync(from)) throw new StoreOpenError('unreadable', from, `There is no file ${from}`)
  const file = locateFile(from)
  const ownership = claimFile(file, undefined)
  try {
    const connection = openConnection(file)
    try {
      await migrate(connection.db, file)
      return await copyInto(connection, to, onProgress)
    } finally {
      connection.close()
    }
  } catch (error) {
    throw toStoreOpenError(error, file)
  } finally {
    ownership.release()
  }
}

async function copyInto(
  source: Connection,
  to: PostgresOptions,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopiedTable[]> {
  const place = describePlace(to)
  // Brings the tables to their shape, and keeps servers out by its lease.
  const store = await openPostgresStore(to)
  const driver = await loadDriver(place)
  const client = new driver.Client(toClientConfig(driver, to.url, to.schema ?? defaultSchema))
  try {
    await client.connect()
    await client.query('begin')
    await refuseFull(client, place)
    const copied: CopiedTable[] = []
    for (const table of listCopiedTables(source)) {
      const sent = await copyTable(source, client, table, onProgress)
      const found = await readBack(client, table, sent, onProgress)
      if (found.rows !== sent.rows || found.checksum !== sent.checksum) {
        throw new StoreOpenError(
          'unreadable',
          place,
          `The table ${table} was not copied as it is: ${sent.rows} rows (${sent.checksum}) were sent, ` +
            `${found.rows} (${found.checksum}) were found. Nothing was kept`,
        )
      }
      copied.push(sent)
    }
    await client.query('commit')
    return copied
  } finally {
    await client.end()
    await store.close()
  }
}

async function refuseFull(client: Client, place: string): Promise<void> {
  const { rows } = await client.query('select count(*) as count from sessions')
  if (rows[0].count === 0) return
  throw new StoreOpenError(
    'locked',
    place,
    `The database ${place} has ${rows[0].count} sessions already. Copy into an empty one, or name another schema`,
  )
}

async function copyTable(
  source: Connection,
  client: Client,
  table: string,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopiedTable> {
  const columns = await readColumns(client, table)
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')
  const total = Number(source.execute(`select count(*) as count from "${table}"`)[0]?.count)
  const sum = new Checksum()
  const limit = table === 'attachment_pieces' ? batchPieces : batchRows
  let last = 0
  onProgress({ table, done: 0, total, isVerifying: false })
  for (;;) {
    const page = `select rowid as "rowid", ${names} from "${table}" where rowid > ${last} order by rowid limit ${limit}`
    const rows = source.execute(page).map(row => toStorableRow(row))
    if (rows.length === 0) break
    last = Number(rows.at(-1)?.rowid)
    for (const row of rows) sum.add(columns.map(({ name }) => row[name]))
    await client.query(
      `insert into "${table}" (${names}) select * from unnest(${arrays})`,
      columns.map(({ name }) => rows.map(row => row[name])),
    )
    onProgress({ table, done: sum.rows, total, isVerifying: false })
  }
  return { table, rows: sum.rows, checksum: sum.value }
}

async function readBack(
  client: Client,
  table: string,
  { rows: total }: CopiedTable,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopiedTable> {
  const columns = await readColumns(client, table)
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  const sum = new Checksum()
  const limit = table === 'attachment_pieces' ? batchPieces : batchRows
  await client.query(`declare copied no scroll cursor for select ${names} from "${table}"`)
  for (;;) {
    const { rows } = await client.query(`fetch ${limit} from copied`)
    if (rows.length === 0) break
    for (const row of rows) sum.add(columns.map(({ name }) => row[name]))
    onProgress({ table, done: sum.rows, total, isVerifying: true })
  }
  await client.query('close copied')
  return { table, rows: sum.rows, checksum: sum.value }
}

async function readColumns(client: Client, table: string): Promise<{ name: string; type: string }[]> {
  const { rows } = await client.query(
    `select column_name as name, udt_name as type from information_schema.columns
      where table_schema = current_schema() and table_name = $1 order by ordinal_position`,
    [table],
  )
  return rows
}

function toStorableRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toStorable(value)]))
}
