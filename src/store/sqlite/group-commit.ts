import { setImmediate } from 'node:timers'
import type { Connection } from './connection.ts'

/** Bounds for how long one transaction keeps the process from doing anything else. */
const maxBatch = 500

export interface GroupCommit {
  /**
   * Runs `work` inside the next transaction and resolves with what it returned once that is durable. A `work`
   * that throws is undone alone and rejects alone; when the transaction as a whole fails, all of it rejects.
   * Works run, and their promises settle, in the order of the calls.
   */
  write<T>(work: () => T): Promise<T>
  /** As `write`, for a work that only finds out whether there can be one. */
  probe<T>(work: () => T): Promise<T>
  /** When the newest transaction failed, as `performance.now()` has it; undefined when it did not. Probes do not count. */
  readonly failedAt: number | undefined
}

interface Waiting {
  /** Runs inside its savepoint; returns how to settle once the transaction is durable. */
  run(): () => void
  reject(error: unknown): void
  readonly isProbe: boolean
}

/**
 * Writes what is handed in during one round of the event loop as one transaction, because the wait for the
 * disk costs the same for one change as for many.
 */
export function createGroupCommit(connection: Connection): GroupCommit {
  let waiting: Waiting[] = []
  let failedAt: number | undefined

  function flush(): void {
    const batch = waiting.slice(0, maxBatch)
    waiting = waiting.slice(maxBatch)
    if (waiting.length > 0) setImmediate(flush)
    const { settlements, isWritten } = writeBatch(connection, batch)
    if (batch.some(({ isProbe }) => !isProbe)) failedAt = isWritten ? undefined : performance.now()
    for (const settle of settlements) settle()
  }

  function add<T>(work: () => T, isProbe: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        const value = work()
        return () => resolve(value)
      }
      // Not a microtask: it would write what one callback hands in, and the next callback's on its own.
      if (waiting.push({ run, reject, isProbe }) === 1) setImmediate(flush)
    })
  }

  return {
    write: work => add(work, false),
    probe: work => add(work, true),
    get failedAt() {
      return failedAt
    },
  }
}

function writeBatch(
  connection: Connection,
  batch: readonly Waiting[],
): { settlements: (() => void)[]; isWritten: boolean } {
  try {
    connection.execute('begin immediate')
    let isWritten = true
    const onFault = () => {
      isWritten = false
    }
    const settlements = batch.map(entry => writeOne(connection, entry, onFault))
    connection.execute('commit')
    return { settlements, isWritten }
  } catch (error) {
    rollBack(connection)
    return { settlements: batch.map(entry => () => entry.reject(error)), isWritten: false }
  }
}

/** A failed rollback is tried again after the next batch, whose `begin` fails because of it. */
function rollBack(connection: Connection): void {
  if (!connection.inTransaction) return
  try {
    connection.execute('rollback')
  } catch {
    // The error that led here says what is wrong; this one would only hide it.
  }
}

function writeOne(connection: Connection, entry: Waiting, onFault: () => void): () => void {
  connection.execute('savepoint change')
  try {
    const settle = entry.run()
    connection.execute('release change')
    return settle
  } catch (error) {
    // After some errors (a full disk) SQLite has undone the whole transaction: then nothing in it stands.
    if (!connection.inTransaction) throw error
    if (isFaultOfFile(error)) onFault()
    connection.execute('rollback to change')
    connection.execute('release change')
    return () => entry.reject(error)
  }
}

/** SQLite's result codes that speak of the file and not of what was to be written: busy to cannot open, and no database. */
const fileFaults = new Set([5, 6, 7, 8, 10, 11, 13, 14, 26])

function isFaultOfFile(error: unknown): boolean {
  const { errcode } = (error ?? {}) as { errcode?: unknown }
  return typeof errcode === 'number' && fileFaults.has(errcode & 0xff)
}
