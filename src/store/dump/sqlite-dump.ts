import { existsSync } from 'node:fs'
import { DatabaseSync } from '../sqlite/engine.ts'
import { StoreOpenError, toStoreOpenError } from '../store-open-error.ts'
import { listDumpedTables } from './schema-at.ts'
import type { DumpedTable, StoreDump, StoredValue } from './store-dump.ts'

const busyTimeoutMs = 10_000
/** Bounds of a batch. */
const maxRows = 200
const maxSize = 4 * 1024 * 1024

/** Opens a dump of a SQLite file: one read transaction, which holds back nothing but the end of the journal. */
export async function openSqliteDump(file: string): Promise<StoreDump> {
  if (!existsSync(file)) throw new StoreOpenError('unreadable', file, `There is no database ${file}`)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs })
    return await startDump(database, file)
  } catch (error) {
    database?.close()
    throw toStoreOpenError(error, file)
  }
}

async function startDump(database: DatabaseSync, file: string): Promise<StoreDump> {
  database.exec('begin')
  const select = (sql: string) => database.prepare(sql).all()
  const migrations = select('select name from schema_migrations order by name').map(row => String(row.name))
  const known = await listDumpedTables(migrations, `The database ${file}`)
  const tables = known.map(table => {
    return { ...table, rows: Number(select(`select count(*) as count from "${table.name}"`)[0]?.count) }
  })
  return {
    kind: 'sqlite',
    migrations,
    tables,
    rows: table => readTable(database, file, table),
    async close() {
      if (database.isOpen) database.close()
    },
  }
}

async function* readTable(
  database: DatabaseSync,
  file: string,
  { name, columns }: DumpedTable,
): AsyncGenerator<StoredValue[][]> {
  const names = columns.map(column => `"${column}"`).join(', ')
  let batch: StoredValue[][] = []
  let size = 0
  try {
    // Rows of a table that was filled by a dump come back in the order in which they were.
    for (const row of database.prepare(`select ${names} from "${name}" order by rowid`).iterate()) {
      const values = Object.values(row) as StoredValue[]
      batch.push(values)
      size += sizeOf(values)
      if (batch.length < maxRows && size < maxSize) continue
      yield batch
      batch = []
      size = 0
    }
  } catch (error) {
    throw toStoreOpenError(error, file)
  }
  if (batch.length > 0) yield batch
}

function sizeOf(values: readonly StoredValue[]): number {
  return values.reduce<number>(
    (sum, value) => sum + (typeof value === 'object' || typeof value === 'string' ? (value?.length ?? 0) : 8),
    0,
  )
}
