import { Checksum } from '../checksum.ts'
import { everyTenant } from '../feed-positions.ts'
import { migrate } from '../migrate.ts'
import { type Connection, openConnection } from '../sqlite/connection.ts'
import { createPrivateFile } from '../sqlite/ownership.ts'
import { StoreOpenError, toStoreOpenError } from '../store-open-error.ts'
import { findMigrations, listDumpedTables } from './schema-at.ts'
import type { DumpedTable, StoredValue } from './store-dump.ts'

/** A SQLite file that is being filled with the rows of a dump. */
export interface StagedStore {
  /** @throws {StoreOpenError} when the rows do not fit into the table */
  add(table: string, columns: readonly string[], rows: readonly StoredValue[][]): void
  /**
   * Reads everything back, brings it to the shape that this program knows, and closes the file.
   * @param withoutFiles sessions whose file history is to be forgotten, because its files are not there
   * @returns how many sessions have secrets that only the key of the store can open
   */
  finish(withoutFiles: readonly string[]): Promise<number>
  /** Idempotent; without `finish` the file is not to be used. */
  close(): void
}

/**
 * Creates a SQLite file in the shape that a store had after these migrations.
 * @param tables of which rows are going to come
 * @throws {StoreOpenError} `newer`, when this program does not know one of the migrations; `corrupt`, when they do not
 * make these tables
 */
export async function createStagedStore(
  file: string,
  migrations: readonly string[],
  tables: readonly Pick<DumpedTable, 'name' | 'columns'>[],
): Promise<StagedStore> {
  const steps = findMigrations(migrations, 'The backup')
  refuseOtherTables(file, tables, await listDumpedTables(migrations, 'The backup'))
  createPrivateFile(file)
  const connection = openConnection(file)
  try {
    // Nothing of it counts before `finish`.
    connection.execute('pragma synchronous = off')
    await migrate(connection.db, file, steps)
  } catch (error) {
    connection.close()
    throw toStoreOpenError(error, file)
  }
  return toStagedStore(connection, file)
}

type Shape = readonly Pick<DumpedTable, 'name' | 'columns'>[]

function refuseOtherTables(file: string, given: Shape, expected: Shape): void {
  const describe = (tables: Shape) =>
    JSON.stringify(tables.map(({ name, columns }) => [name, columns.toSorted()]).sort())
  if (describe(given) === describe(expected)) return
  throw new StoreOpenError('corrupt', file, 'The tables of the backup are not those of its migrations')
}

function toStagedStore(connection: Connection, file: string): StagedStore {
  const added = new Map<string, { columns: readonly string[]; sum: Checksum }>()
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw toStoreOpenError(error, file)
    }
  }
  return {
    add(table, columns, rows) {
      const { sum } = added.get(table) ?? { sum: new Checksum() }
      added.set(table, { columns, sum })
      const names = columns.map(column => `"${column}"`).join(', ')
      const marks = columns.map(() => '?').join(', ')
      attempt(() => {
        const statement = connection.prepare(`insert into "${table}" (${names}) values (${marks})`)
        connection.execute('begin')
        for (const row of rows) {
          statement.run(row)
          sum.add(row)
        }
        connection.execute('commit')
      })
    },

    async finish(withoutFiles) {
      try {
        for (const [table, { columns, sum }] of added) readBack(connection, table, columns, sum)
        // A backup from before there was a file history names no session.
        if (withoutFiles.length > 0) forgetFiles(connection, withoutFiles)
        await migrate(connection.db, file)
        skipPositions(connection)
        connection.execute('pragma synchronous = full')
        connection.execute('pragma wal_checkpoint(truncate)')
        const [row] = connection.execute("select count(*) as count from sessions where secrets <> '{}'")
        return Number(row?.count)
      } catch (error) {
        throw toStoreOpenError(error, file)
      } finally {
        connection.close()
      }
    },

    close: () => connection.close(),
  }
}

/** Events that a store may write between a backup and its restore: a hundred a second for thirty years. */
const skippedPositions = 100_000_000_000

/**
 * Readers of the feed may have positions of events that were written after the backup. Those positions are not given
 * out again, and count as removed: such a reader is told of a gap, and never takes other events for its own.
 */
function skipPositions(connection: Connection): void {
  connection.execute(`insert into feed_head (id, position) values (1, ${skippedPositions})
    on conflict (id) do update set position = position + excluded.position`)
  connection.execute(`insert into feed_removals (tenant_id, through) select '${everyTenant}', position from feed_head where true
    on conflict (tenant_id) do update set through = excluded.through`)
}

function forgetFiles(connection: Connection, sessionIds: readonly string[]): void {
  for (const table of ['snapshots', 'checkpoints', 'file_histories']) {
    const statement = connection.prepare(`delete from "${table}" where session_id = ?`)
    for (const id of sessionIds) statement.run([id])
  }
}

function readBack(connection: Connection, table: string, columns: readonly string[], sum: Checksum): void {
  const names = columns.map(column => `"${column}"`).join(', ')
  const found = new Checksum()
  for (const row of connection.prepare(`select ${names} from "${table}"`).iterate([])) {
    found.add(Object.values(row as object))
  }
  if (found.rows === sum.rows && found.value === sum.value) return
  throw new Error(
    `the table ${table} was not stored as it is: ${sum.rows} rows were written, ${found.rows} were found`,
  )
}
