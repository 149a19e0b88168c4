import type { StoreDatabase } from '../open-store.ts'
import { openPostgresDump } from './postgres-dump.ts'
import { openSqliteDump } from './sqlite-dump.ts'
import type { StoreDump } from './store-dump.ts'

/**
 * Opens a store for reading, beside a server that may be running.
 * @param file the SQLite file, unless there is a `database`
 * @throws {StoreOpenError} when it cannot be read, or a newer program has changed it
 */
export function openStoreDump(file: string, database: StoreDatabase | undefined): Promise<StoreDump> {
  return database ? openPostgresDump(database) : openSqliteDump(file)
}
