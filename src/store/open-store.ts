import { existsSync } from 'node:fs'
import type { Log } from '../lib/log.ts'
import type { Store } from '../sessions/ports/index.ts'
import { describePlace, openPostgresStore, type PostgresOptions } from './postgres/open-postgres.ts'
import { DatabaseSync } from './sqlite/engine.ts'
import { claimFile, locateFile, openSqliteStore } from './sqlite/open-sqlite.ts'
import { StoreOpenError, toStoreOpenError } from './store-open-error.ts'

export type StoreDatabase = PostgresOptions

export interface StoreOptions {
  /** Path of the SQLite file; `:memory:` for one that ends with the store. */
  file: string
  /** A PostgreSQL database in place of the file. */
  database?: StoreDatabase
  log?: Pick<Log, 'warn'>
}

/**
 * Opens the store, for this process alone, and brings it to the shape that this program knows.
 * @throws {StoreOpenError} with a `reason`, when it cannot be used
 * @example
 * const store = await openStore({ file: '/var/lib/claude-code-api/store.db' })
 */
export async function openStore({ file, database, log }: StoreOptions): Promise<Store> {
  if (!database) return openSqliteStore(file, log)
  // A store in memory has no directory to share.
  if (file === ':memory:') return openPostgresStore(database, log)
  const path = locateFile(file)
  // The rest of the file's directory belongs to one server as well.
  const ownership = claim(path, log)
  try {
    const store = await openPostgresStore(database, log)
    await refuseUnmigrated(store, path, database)
    return { ...store, close: () => store.close().finally(() => ownership.release()) }
  } catch (error) {
    ownership.release()
    throw error
  }
}

function claim(file: string, log: Pick<Log, 'warn'> | undefined) {
  try {
    return claimFile(file, log)
  } catch (error) {
    throw toStoreOpenError(error, file)
  }
}

/** A server that begins empty although there is a store is seldom what its owner wants. */
async function refuseUnmigrated(store: Store, file: string, database: StoreDatabase): Promise<void> {
  const { total } = await store.countSessions()
  if (total > 0) return
  const left = countSessionsInFile(file)
  if (left === 0) return
  await store.close()
  throw new StoreOpenError(
    'unmigrated',
    file,
    `The file ${file} has ${left} sessions, and the database ${describePlace(database)} has none. ` +
      `Copy them with \`claude-code-api migrate --from ${file} --to <url>\`, or move the file away to start empty`,
  )
}

function countSessionsInFile(file: string): number {
  if (!existsSync(file)) return 0
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const known = database.prepare("select 1 from sqlite_master where name = 'sessions'").get()
    return known ? Number(database.prepare('select count(*) as count from sessions').get()?.count) : 0
  } catch (error) {
    throw toStoreOpenError(error, file)
  } finally {
    database.close()
  }
}
