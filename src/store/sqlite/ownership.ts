import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { StoreOpenError, sqliteResultCode } from '../store-open-error.ts'
import { DatabaseSync } from './engine.ts'

export interface Owner {
  pid: number
  host: string
  /** ISO 8601. */
  since: string
}

export interface Ownership {
  /** The previous holder of the file, if it did not release it in order. */
  readonly predecessor: Owner | undefined
  /** Idempotent. */
  release(): void
}

const sqliteBusy = 5

/**
 * Makes this process the only one that serves the database. The claim is a lock that the operating system
 * takes back when the process dies, however it dies.
 *
 * It is SQLite's lock on a file of its own, as Node has none: on the database itself it would keep out
 * backups and shells as well. Who holds it stands in a text file beside it, as the locked one cannot be read.
 * @throws {StoreOpenError} `locked`, naming the holder
 */
export function claimOwnership(file: string): Ownership {
  const lockFile = `${file}.lock`
  const ownerFile = `${file}.owner`
  createPrivateFile(lockFile)
  const lock = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    lock.close()
    if (sqliteResultCode(error) !== sqliteBusy) throw error
    throw new StoreOpenError('locked', file, describeHolder(file, readOwner(ownerFile)), { cause: error })
  }
  try {
    const predecessor = readOwner(ownerFile)
    writeOwner(ownerFile, { pid: process.pid, host: hostname(), since: new Date().toISOString() })
    return {
      predecessor,
      release() {
        if (!lock.isOpen) return
        // The lock file stays: removing it could remove it from under a new holder.
        rmSync(ownerFile, { force: true })
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * Creates the file for this user only, unless it exists. One that exists is never opened: closing a file drops
 * all locks that the process has on it (POSIX), also those of a store that is open in this process.
 */
export function createPrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

function describeHolder(file: string, owner: Owner | undefined): string {
  const holder = owner ? `process ${owner.pid} on ${owner.host} since ${owner.since}` : 'another process'
  return `The database ${file} is in use by ${holder}. Stop it, or use another data directory`
}

function writeOwner(ownerFile: string, owner: Owner): void {
  const draft = `${ownerFile}.new`
  writeFileSync(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  renameSync(draft, ownerFile)
}

/** An unreadable file does not fail the start: it only informs, it does not decide. */
export function readOwner(ownerFile: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(ownerFile, 'utf8'))
    return isOwner(owner) ? owner : undefined
  } catch {
    return undefined
  }
}

function isOwner(value: unknown): value is Owner {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'host' in value &&
    typeof value.host === 'string' &&
    'since' in value &&
    typeof value.since === 'string'
  )
}
