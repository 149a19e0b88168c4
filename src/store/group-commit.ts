import { setImmediate } from 'node:timers'
import type { Connection } from './node-sqlite.ts'

/** Bounds for how long one transaction keeps the process from doing anything else. */
const maxBatch = 500

export interface GroupCommit {
  /**
   * Runs `work` inside the next transaction and resolves with what it returned once that is durable. A `work`
   * that throws is undone alone and rejects alone; when the transaction as a whole fails, all of it rejects.
   * Works run, and their promises settle, in the order of the calls.
   */
  write<T>(work: () => T): Promise<T>
}

interface Waiting {
  /** Runs inside its savepoint; returns how to settle once the transaction is durable. */
  run(): () => void
  reject(error: unknown): void
}

/**
 * Writes what is handed in during one round of the event loop as one transaction, because the wait for the
 * disk costs the same for one change as for many.
 */
export function createGroupCommit(connection: Connection): GroupCommit {
  let waiting: Waiting[] = []

  function flush(): void {
    const batch = waiting.slice(0, maxBatch)
    waiting = waiting.slice(maxBatch)
    if (waiting.length > 0) setImmediate(flush)
    for (const settle of writeBatch(connection, batch)) settle()
  }

  return {
    write<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const run = () => {
          const value = work()
          return () => resolve(value)
        }
        // Not a microtask: it would write what one callback hands in, and the next callback's on its own.
        if (waiting.push({ run, reject }) === 1) setImmediate(flush)
      })
    },
  }
}

function writeBatch(connection: Connection, batch: readonly Waiting[]): (() => void)[] {
  try {
    connection.execute('begin immediate')
    const settlements = batch.map(entry => writeOne(connection, entry))
    connection.execute('commit')
    return settlements
  } catch (error) {
    rollBack(connection)
    return batch.map(entry => () => entry.reject(error))
  }
}

/** What cannot be undone now is tried again after the next batch, whose `begin` fails for it. */
function rollBack(connection: Connection): void {
  if (!connection.inTransaction) return
  try {
    connection.execute('rollback')
  } catch {
    // The error that led here says what is wrong; this one would only hide it.
  }
}

function writeOne(connection: Connection, entry: Waiting): () => void {
  connection.execute('savepoint change')
  try {
    const settle = entry.run()
    connection.execute('release change')
    return settle
  } catch (error) {
    // After some errors (a full disk) SQLite has undone the whole transaction: then nothing in it stands.
    if (!connection.inTransaction) throw error
    connection.execute('rollback to change')
    connection.execute('release change')
    return () => entry.reject(error)
  }
}
