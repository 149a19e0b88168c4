import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../lib/config-error.ts'
import { SessionRetention } from '../sessions/log/session-retention.ts'
import type { Store } from '../sessions/ports/index.ts'
import { openStore } from '../store/open-store.ts'
import { compactFile } from '../store/sqlite/compact-file.ts'
import { StoreOpenError } from '../store/store-open-error.ts'
import { databaseFileIn, type StorePlaces } from './store-places.ts'

export interface PruneOptions {
  /** Undefined: no session is removed for its age. */
  olderThanMs: number | undefined
  /** Undefined: no session is removed for the size of the store. */
  maxBytes: number | undefined
  /** Whether nothing is removed. */
  dryRun: boolean
  compact: boolean
}

export interface PruneSummary {
  /** Of a dry run: those that are old enough. */
  sessions: number
  /** Lines of conversations that no session has any more. */
  transcriptLines: number
  /** Beyond `maxBytes`, at the end; null: there is no limit. */
  excessBytes: number | null
  /** Of the SQLite file; null: there is none. */
  fileBytes: { before: number; after: number } | null
}

/** Lines in one transaction: no server waits. */
const batchSize = 5_000

/**
 * Removes what is not to be kept from a store that no server uses.
 * @throws StoreOpenError, ConfigError
 */
export async function prune(places: StorePlaces, options: PruneOptions): Promise<PruneSummary> {
  const { database, dataDir } = places
  const file = databaseFileIn(dataDir)
  if (options.compact && database) {
    throw new ConfigError('--compact', 'is for SQLite files; PostgreSQL uses free space again by itself')
  }
  const before = await sizeOf(file)
  if (!database && before === undefined) {
    throw new StoreOpenError('unreadable', file, `There is no database ${file}`)
  }
  const store = await openStore({ file, ...(database && { database }) })
  let summary: Omit<PruneSummary, 'fileBytes'>
  try {
    summary = await (options.dryRun ? look(store, options) : remove(store, dataDir, options))
  } finally {
    await store.close()
  }
  if (options.compact && !options.dryRun) compactFile(file)
  const after = await sizeOf(file)
  const fileBytes = !database && before !== undefined && after !== undefined ? { before, after } : null
  return { ...summary, fileBytes }
}

async function look({ retention }: Store, { olderThanMs, maxBytes }: PruneOptions) {
  const endedBefore = olderThanMs === undefined ? undefined : Date.now() - olderThanMs
  return {
    sessions: endedBefore === undefined ? 0 : await retention.countEnded(endedBefore),
    transcriptLines: await retention.countUnusedTranscripts(),
    excessBytes: await measure(retention, maxBytes),
  }
}

async function remove({ retention }: Store, dataDir: string, { olderThanMs, maxBytes }: PruneOptions) {
  let transcriptLines = 0
  for (let removed = batchSize; removed === batchSize; transcriptLines += removed) {
    removed = await retention.removeUnusedTranscripts(batchSize)
  }
  const sweep = new SessionRetention({
    store: retention,
    limits: { maxAgeMs: olderThanMs, maxBytes },
    // The next start of the server removes directories that were made for sessions which are gone.
    forgetFiles: ({ id }) => rm(join(dataDir, 'file-history', id), { recursive: true, force: true }),
    onFault: () => {},
    onExcess: () => {},
  })
  const sessions = await sweep.sweep()
  return { sessions, transcriptLines, excessBytes: await measure(retention, maxBytes) }
}

async function measure(retention: Store['retention'], maxBytes: number | undefined): Promise<number | null> {
  return maxBytes === undefined ? null : Math.max(0, await retention.measureExcess(maxBytes))
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  )
}
