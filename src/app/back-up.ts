import { constants, createWriteStream } from 'node:fs'
import { access, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { openStoreDump } from '../store/dump/open-dump.ts'
import type { DumpedTable, StoreDump, StoredValue } from '../store/dump/store-dump.ts'
import { BackupError } from '../workspace/backup/backup-error.ts'
import { type FilePartName, makeHeader, secretFileNames } from '../workspace/backup/backup-format.ts'
import { type FileListing, type ListedFile, listFiles } from '../workspace/backup/list-files.ts'
import { readBackup } from '../workspace/backup/read-backup.ts'
import { type BackupSource, writeBackup } from '../workspace/backup/write-backup.ts'
import { databaseFileIn, type StorePlaces } from './store-places.ts'
import { readVersion } from './version.ts'

export { BackupError } from '../workspace/backup/backup-error.ts'

export interface BackupOptions {
  withWorkspaces: boolean
  /** With `secret.key`, and the hash of the key that the server made. */
  withSecrets: boolean
  /** Whether an existing file is replaced. */
  force: boolean
}

export interface BackupProgress {
  phase: 'rows' | 'files' | 'verifying' | 'unpacking' | 'copying'
  done: number
  /** undefined: not known. */
  total?: number
}

export interface BackupSummary {
  createdAt: string
  store: 'sqlite' | 'postgres'
  rows: Record<string, number>
  files: number
  /** Files that are not in the backup: special files, links that lead out, unreadable ones. */
  skipped: number
  /** Of the backup. */
  bytes: number
  parts: FilePartName[]
  workspacesDir: string
}

/** Fast, and good enough for JSON. */
const compressionLevel = 3

/**
 * Makes a backup in a file, while a server may be running, and reads it back.
 * @throws BackupError, StoreOpenError; nothing is left then, and an existing file stays
 */
export async function backUp(
  file: string,
  places: StorePlaces,
  options: BackupOptions,
  onProgress: (progress: BackupProgress) => void,
): Promise<BackupSummary> {
  const path = resolve(file)
  if (!options.force && (await exists(path))) {
    throw new BackupError(`The file ${path} exists. Give another name, or --force to replace it`)
  }
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`)
  try {
    await writeDraft(draft, places, options, onProgress)
    const summary = await verifyBackup(draft, onProgress)
    if (options.force) await rename(draft, path)
    else await renameToNew(draft, path)
    await syncDirectory(dirname(path))
    return summary
  } catch (error) {
    throw toBackupFault(error)
  } finally {
    await rm(draft, { force: true })
  }
}

/** As `backUp`, into a stream, which cannot be read back. */
export async function backUpTo(
  output: Writable,
  places: StorePlaces,
  options: BackupOptions,
  onProgress: (progress: BackupProgress) => void,
): Promise<void> {
  try {
    await stream(output, places, options, onProgress)
  } catch (error) {
    throw toBackupFault(error)
  }
}

/**
 * Reads a backup and checks its digests and counts.
 * @throws BackupError
 */
export async function verifyBackup(
  file: string,
  onProgress: (progress: BackupProgress) => void,
): Promise<BackupSummary> {
  try {
    const { size } = await stat(file)
    const { header, manifest } = await readBackup(file, {}, ({ readBytes }) =>
      onProgress({ phase: 'verifying', done: readBytes, total: size }),
    )
    const { createdAt, store, tables, parts, workspacesDir } = header
    const rows = tables.map(({ name }) => [name, manifest.parts[`store/${name}`]?.count ?? 0] as const)
    const files = parts.reduce((sum, part) => sum + (manifest.parts[part]?.count ?? 0), 0)
    const { skipped } = manifest
    return {
      createdAt,
      store,
      rows: Object.fromEntries(rows),
      files,
      skipped,
      bytes: size,
      parts,
      workspacesDir,
    }
  } catch (error) {
    throw toBackupFault(error)
  }
}

async function writeDraft(
  draft: string,
  places: StorePlaces,
  options: BackupOptions,
  onProgress: (progress: BackupProgress) => void,
): Promise<void> {
  await mkdir(dirname(draft), { recursive: true })
  // Flushed to the disk before it counts as written.
  const output = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true })
  await stream(output, places, options, onProgress)
}

async function stream(
  output: Writable,
  places: StorePlaces,
  options: BackupOptions,
  onProgress: (progress: BackupProgress) => void,
): Promise<void> {
  const dump = await openStoreDump(databaseFileIn(places.dataDir), places.database)
  try {
    const tar = writeBackup(new LiveSource(dump, places, options, onProgress))
    await pipeline(Readable.from(tar, { objectMode: false }), createGzip({ level: compressionLevel }), output)
  } finally {
    await dump.close()
  }
}

/**
 * The content of a backup of a server that may be running. The server writes files before the rows that name them.
 * The rows are those of one moment, and the files are read after it: so the files of each row are there, unless
 * retention removes them meanwhile. Such sessions are named, and a restore forgets their file history.
 */
class LiveSource implements BackupSource {
  readonly header
  readonly #dump: StoreDump
  readonly #places: StorePlaces
  readonly #onProgress: (progress: BackupProgress) => void
  readonly #total: number
  readonly #histories = new Set<string>()
  /** Sessions with rows that name files. */
  readonly #withFiles = new Set<string>()
  readonly #listings: FileListing[] = []
  #rows = 0
  #files = 0

  constructor(
    dump: StoreDump,
    places: StorePlaces,
    { withWorkspaces, withSecrets }: BackupOptions,
    onProgress: (progress: BackupProgress) => void,
  ) {
    this.#dump = dump
    this.#places = places
    this.#onProgress = onProgress
    this.#total = dump.tables.reduce((sum, { rows }) => sum + rows, 0)
    const parts: FilePartName[] = ['file-history']
    if (withWorkspaces) parts.push('workspaces')
    if (withSecrets) parts.push('secrets')
    this.header = makeHeader({
      createdAt: new Date().toISOString(),
      program: readVersion(),
      store: dump.kind,
      migrations: [...dump.migrations],
      tables: dump.tables.map(({ name, columns }) => ({ name, columns: [...columns] })),
      parts,
      workspacesDir: places.workspacesDir,
    })
  }

  async *rows({ name }: { name: string }) {
    const table = this.#dump.tables.find(table => table.name === name) as DumpedTable
    for await (const rows of this.#dump.rows(table)) {
      this.#noteFiles(table, rows)
      this.#rows += rows.length
      this.#onProgress({ phase: 'rows', done: this.#rows, total: this.#total })
      yield rows
    }
  }

  async *files(part: FilePartName): AsyncGenerator<ListedFile> {
    const { dataDir, workspacesDir } = this.#places
    const listing =
      part === 'secrets'
        ? listFiles(dataDir, name => secretFileNames.includes(name))
        : part === 'workspaces'
          ? listFiles(workspacesDir, name => !name.startsWith('.'))
          : listFiles(join(dataDir, part), name => this.#histories.has(name))
    if (part !== 'file-history') this.#listings.push(listing)
    for await (const file of listing.files) {
      this.#onProgress({ phase: 'files', done: ++this.#files })
      yield file
    }
  }

  async rest() {
    const skipped = this.#listings.reduce((sum, listing) => sum + listing.skipped, 0)
    return { withoutFiles: await this.#findForgotten(), skipped }
  }

  #noteFiles({ name, columns }: DumpedTable, rows: readonly StoredValue[][]): void {
    const session = columns.indexOf('session_id')
    const at = (row: StoredValue[], column: string) => row[columns.indexOf(column)]
    for (const row of rows) {
      const id = String(row[session])
      if (name === 'file_histories') this.#histories.add(id)
      const namesFiles =
        (name === 'snapshots' && at(row, 'tree') !== null) ||
        (name === 'checkpoints' && namesContent(String(at(row, 'before'))))
      if (namesFiles) this.#withFiles.add(id)
    }
  }

  /** Sessions whose files are gone by now. */
  async #findForgotten(): Promise<string[]> {
    const forgotten: string[] = []
    for (const id of this.#withFiles) {
      if (!(await exists(join(this.#places.dataDir, 'file-history', id)))) forgotten.push(id)
    }
    return forgotten
  }
}

function namesContent(state: string): boolean {
  const { hash, kept } = JSON.parse(state) as { hash?: string | null; kept?: boolean }
  return typeof hash === 'string' && kept === true
}

/** Unlike `rename`, never replaces a file that another program has made meanwhile. */
async function renameToNew(draft: string, path: string): Promise<void> {
  const claimed = await open(path, 'wx', 0o600)
  await claimed.close()
  await rename(draft, path)
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}

/** Faults of the file system are the owner's to mend: they are told in one line. */
export function toBackupFault(error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  if (!(error instanceof Error) || typeof code !== 'string' || typeof syscall !== 'string') return error
  return new BackupError(error.message, { cause: error })
}
