import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Log } from '../lib/log.ts'
import type { Store } from '../sessions/ports/index.ts'
import { migrate } from './migrate.ts'
import { createSqlStore } from './sql-store.ts'
import { type Connection, openConnection } from './sqlite/connection.ts'
import { claimOwnership, createPrivateFile, type Ownership } from './sqlite/ownership.ts'
import { createSqliteDatabase } from './sqlite/sqlite-database.ts'
import { toStoreOpenError } from './store-open-error.ts'

export interface StoreOptions {
  /** Path of the database; `:memory:` for one that ends with the store. */
  file: string
  log?: Pick<Log, 'warn'>
}

/**
 * Opens the database, for this process alone, and brings it to the shape that this program knows. A directory
 * or file that is missing is created, for this user only.
 * @throws {StoreOpenError} with a `reason`, when the database is of a newer program, held by another process,
 * damaged, or cannot be read and written
 * @example
 * const store = await openStore({ file: '/var/lib/claude-code-api/store.db' })
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const opened: { ownership?: Ownership; connection?: Connection } = {}
  try {
    const inMemory = options.file === ':memory:'
    const file = inMemory ? options.file : locate(options.file)
    if (!inMemory) {
      opened.ownership = claimOwnership(file)
      warnOfCrash(file, opened.ownership, options.log)
      createPrivateFile(file)
    }
    const connection = openConnection(file)
    opened.connection = connection
    await migrate(connection.db, file)
    const database = createSqliteDatabase(connection, () => {
      if (!inMemory) checkpoint(connection, file, options.log)
      release(opened)
    })
    const store = createSqlStore(database)
    // SQLite opens what it may only read without a word; better to know now than at the first message.
    await store.check()
    return store
  } catch (error) {
    release(opened)
    throw toStoreOpenError(error, options.file)
  }
}

function release(opened: { ownership?: Ownership; connection?: Connection }): void {
  try {
    opened.connection?.close()
  } finally {
    opened.ownership?.release()
  }
}

/** Creates the directory; the same file has one path, whatever links lead to it, so that it has one lock. */
function locate(file: string): string {
  const directory = dirname(file)
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 })
  return existsSync(file) ? realpathSync(file) : join(realpathSync(directory), basename(file))
}

function warnOfCrash(file: string, { predecessor }: Ownership, log: Pick<Log, 'warn'> | undefined): void {
  if (predecessor) log?.warn({ file, predecessor }, 'The database was not closed by the process that had it')
}

/** Leaves one file without a journal, ready to be copied; without it nothing is lost, only the next open slower. */
function checkpoint(connection: Connection, file: string, log: Pick<Log, 'warn'> | undefined): void {
  try {
    connection.execute('pragma wal_checkpoint(truncate)')
  } catch (error) {
    log?.warn({ file, error }, 'The journal could not be written back to the database')
  }
}
