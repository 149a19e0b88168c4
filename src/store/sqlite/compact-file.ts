import { toStoreOpenError } from '../store-open-error.ts'
import { openConnection } from './connection.ts'
import { claimFile } from './open-sqlite.ts'

/**
 * Writes a SQLite file anew without its free space; from then on it can shrink in small steps. Needs about as much free
 * space on the disk as the file has.
 * @throws {StoreOpenError} when a server uses it, or it cannot be written
 */
export function compactFile(file: string): void {
  try {
    const ownership = claimFile(file, undefined)
    try {
      const connection = openConnection(file)
      try {
        connection.execute('pragma auto_vacuum = incremental')
        connection.execute('vacuum')
        connection.execute('pragma wal_checkpoint(truncate)')
      } finally {
        connection.close()
      }
    } finally {
      ownership.release()
    }
  } catch (error) {
    throw toStoreOpenError(error, file)
  }
}
