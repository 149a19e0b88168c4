import { applyWrite } from '../apply-write.ts'
import type { Body, Database } from '../database.ts'
import { noteCheck } from '../store-checks.ts'
import type { Connection } from './connection.ts'
import { createGroupCommit } from './group-commit.ts'

/** For so long after a failed write the store counts as one that cannot be written, in milliseconds. */
const recentMs = 5_000
const fillerBytes = 64 * 1024
/** In one transaction: 1 MiB. */
const reclaimedPages = 256

/**
 * A database in one SQLite file, on one connection. A read runs all its queries in one go, between two transactions,
 * so that a page and its total agree. `onClose` is called once, after what was handed in is written, and closes the
 * connection.
 */
export function createSqliteDatabase(connection: Connection, onClose: () => void): Database {
  const writer = createGroupCommit(connection)
  let closed: Promise<void> | undefined

  function ensureOpen(): void {
    if (closed) throw new Error('The store is closed')
  }

  async function closeOnce(): Promise<void> {
    // Only its place in the queue matters: a full disk must not keep the file from being released.
    await writer.write(() => undefined).catch(() => undefined)
    onClose()
  }

  async function transaction<T>(body: () => Body<T>): Promise<T> {
    ensureOpen()
    return writer.write(() => connection.complete(body()))
  }

  return {
    async all(query) {
      ensureOpen()
      return connection.all(query)
    },

    async first(query) {
      ensureOpen()
      return connection.all(query)[0]
    },

    async read(body) {
      ensureOpen()
      return connection.complete(body())
    },

    transaction,
    write: write => transaction(() => applyWrite(write)),

    async check() {
      ensureOpen()
      const { failedAt } = writer
      if (failedAt !== undefined && performance.now() - failedAt < recentMs) {
        throw new Error('the last write to the store failed')
      }
      // A row of its own always finds room; what failed before may have been larger.
      if (failedAt !== undefined) await writer.probe(() => writeFiller(connection))
      await writer.probe(() => {
        connection.run(noteCheck({ now: Date.now() }))
        connection.execute('delete from store_checks where id = 2')
      })
    },

    async measureExcess(maxBytes) {
      ensureOpen()
      return countUsedPages(connection) * readPragma(connection, 'page_size') - maxBytes
    },

    async reclaimStep() {
      ensureOpen()
      // 2: incremental. Older files keep their free pages until `prune --compact` has written them anew.
      if (readPragma(connection, 'auto_vacuum') !== 2 || readPragma(connection, 'freelist_count') === 0)
        return false
      return writer.write(() => {
        connection.execute(`pragma incremental_vacuum(${reclaimedPages})`)
        return readPragma(connection, 'freelist_count') > 0
      })
    },

    close() {
      closed ??= closeOnce()
      return closed
    },
  }
}

function readPragma(connection: Connection, pragma: string): number {
  return Number(connection.execute(`pragma ${pragma}`)[0]?.[pragma])
}

function countUsedPages(connection: Connection): number {
  return readPragma(connection, 'page_count') - readPragma(connection, 'freelist_count')
}

/** To be removed in another transaction: what one transaction both writes and removes may never reach the disk. */
function writeFiller(connection: Connection): void {
  connection.execute(
    `insert or replace into store_checks (id, checked_at) values (2, zeroblob(${fillerBytes}))`,
  )
}
