import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../sessions/ports/index.ts'
import { migrate } from '../migrate.ts'
import { createSqlStore } from '../sql-store.ts'
import { toStoreOpenError } from '../store-open-error.ts'
import { type Connection, openConnection } from './connection.ts'
import { claimOwnership, createPrivateFile, type Ownership } from './ownership.ts'
import { createSqliteDatabase } from './sqlite-database.ts'

/**
 * Opens the store in a file, for this process alone, and brings it to the shape that this program knows. A directory
 * or file that is missing is created, for this user only.
 * @param file `:memory:` for a store that ends with the process
 * @throws {StoreOpenError} with a `reason`, when the database is of a newer program, held by another process,
 * damaged, or cannot be read and written
 */
export async function openSqliteStore(file: string, log: Pick<Log, 'warn'> | undefined): Promise<Store> {
  const opened: { ownership?: Ownership; connection?: Connection } = {}
  try {
    const inMemory = file === ':memory:'
    const path = inMemory ? file : locateFile(file)
    if (!inMemory) {
      opened.ownership = claimFile(path, log)
      createPrivateFile(path)
    }
    const connection = openConnection(path)
    opened.connection = connection
    await migrate(connection.db, path)
    const database = createSqliteDatabase(connection, () => {
      if (!inMemory) checkpoint(connection, path, log)
      release(opened)
    })
    const store = createSqlStore(database)
    // SQLite opens what it may only read without a word; better to know now than at the first message.
    await store.check()
    return store
  } catch (error) {
    release(opened)
    throw toStoreOpenError(error, file)
  }
}

/** Creates the directory; the same file has one path, whatever links lead to it, so that it has one lock. */
export function locateFile(file: string): string {
  const directory = dirname(file)
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 })
  return existsSync(file) ? realpathSync(file) : join(realpathSync(directory), basename(file))
}

/** Makes this process the only one that serves the file, and warns of one that did not release it. */
export function claimFile(file: string, log: Pick<Log, 'warn'> | undefined): Ownership {
  const ownership = claimOwnership(file)
  const { predecessor } = ownership
  if (predecessor) log?.warn({ file, predecessor }, 'The database was not closed by the process that had it')
  return ownership
}

function release(opened: { ownership?: Ownership; connection?: Connection }): void {
  try {
    opened.connection?.close()
  } finally {
    opened.ownership?.release()
  }
}

/** Leaves one file without a journal, ready to be copied; without it nothing is lost, only the next open slower. */
function checkpoint(connection: Connection, file: string, log: Pick<Log, 'warn'> | undefined): void {
  try {
    connection.execute('pragma wal_checkpoint(truncate)')
  } catch (error) {
    log?.warn({ file, error }, 'The journal could not be written back to the database')
  }
}
