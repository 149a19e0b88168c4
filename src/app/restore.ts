import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { copyStore } from '../store/copy-store.ts'
import { createStagedStore, type StagedStore } from '../store/dump/staged-store.ts'
import { claimFile, locateFile } from '../store/sqlite/open-sqlite.ts'
import { toStoreOpenError } from '../store/store-open-error.ts'
import { BackupError } from '../workspace/backup/backup-error.ts'
import type { FilePartName } from '../workspace/backup/backup-format.ts'
import { readBackup } from '../workspace/backup/read-backup.ts'
import { FileUnpacker } from '../workspace/backup/unpack-files.ts'
import { type BackupProgress, type BackupSummary, exists, toBackupFault, verifyBackup } from './back-up.ts'
import { databaseFileIn, type StorePlaces } from './store-places.ts'

export interface RestoreSummary extends BackupSummary {
  /** Sessions with secrets that need the key of the server that was backed up. */
  sealedSessions: number
}

/** Made in the directories that are filled, so that what is complete is moved into place by renaming it. */
const stagingName = '.restoring'

/**
 * Restores a backup into an empty place, all or nothing. The backup is verified before anything is written.
 * @throws BackupError, StoreOpenError
 */
export async function restore(
  file: string,
  places: StorePlaces,
  onProgress: (progress: BackupProgress) => void,
): Promise<RestoreSummary> {
  const path = resolve(file)
  const summary = await verifyBackup(path, onProgress)
  const target = locateFile(databaseFileIn(places.dataDir))
  let ownership: ReturnType<typeof claimFile>
  try {
    ownership = claimFile(target, undefined)
  } catch (error) {
    throw toStoreOpenError(error, target)
  }
  const restoration = new Restoration(path, places, onProgress)
  try {
    return { ...summary, sealedSessions: await restoration.run(summary) }
  } catch (error) {
    throw toBackupFault(error)
  } finally {
    await restoration.clear()
    ownership.release()
  }
}

class Restoration {
  readonly #file: string
  readonly #places: StorePlaces
  readonly #onProgress: (progress: BackupProgress) => void
  #sealed = 0

  constructor(file: string, places: StorePlaces, onProgress: (progress: BackupProgress) => void) {
    this.#file = file
    this.#places = places
    this.#onProgress = onProgress
  }

  /** @returns how many sessions have sealed secrets */
  async run(summary: BackupSummary): Promise<number> {
    await this.#refuseFull(summary.parts)
    await this.clear()
    const { staged, moves } = await this.#unpack()
    const undo: string[] = []
    try {
      for (const [from, to] of moves) {
        await rename(from, to)
        undo.push(to)
      }
      await this.#install(staged)
    } catch (error) {
      for (const place of undo) await rm(place, { recursive: true, force: true })
      throw error
    }
    return this.#sealed
  }

  /** Removes what is staged, also by an earlier restore that was killed. */
  async clear(): Promise<void> {
    for (const directory of [this.#places.dataDir, this.#places.workspacesDir]) {
      await rm(join(directory, stagingName), { recursive: true, force: true })
    }
  }

  async #refuseFull(parts: readonly FilePartName[]): Promise<void> {
    const { dataDir, workspacesDir } = this.#places
    const full = [databaseFileIn(dataDir), `${databaseFileIn(dataDir)}-wal`]
    if (parts.includes('secrets')) full.push(join(dataDir, 'secret.key'), join(dataDir, 'server-key.json'))
    for (const path of full) if (await exists(path)) throw notEmpty(path)
    const directories = [
      join(dataDir, 'file-history'),
      ...(parts.includes('workspaces') ? [workspacesDir] : []),
    ]
    for (const path of directories) {
      const names = (await exists(path)) ? await readdir(path) : []
      if (names.some(name => name !== stagingName)) throw notEmpty(path)
    }
  }

  /** Writes everything beside its place. @returns the store, and what is to be renamed */
  async #unpack(): Promise<{ staged: string; moves: [string, string][] }> {
    const { dataDir, workspacesDir } = this.#places
    const staging = join(dataDir, stagingName)
    const workspaces = join(workspacesDir, stagingName)
    await mkdir(staging, { recursive: true, mode: 0o700 })
    const unpackers: Record<FilePartName, FileUnpacker> = {
      'file-history': new FileUnpacker(join(staging, 'file-history')),
      secrets: new FileUnpacker(join(staging, 'secrets')),
      workspaces: new FileUnpacker(workspaces),
    }
    const staged = join(staging, 'claude-code-api.db')
    let store: StagedStore | undefined
    const free = await freeBytes(staging)
    const { size } = await stat(this.#file)
    try {
      const { manifest } = await readBackup(
        this.#file,
        {
          header: async header => {
            store = await createStagedStore(staged, header.migrations, header.tables)
          },
          rows: (table, rows) => store?.add(table.name, table.columns, rows),
          file: (part, entry, content) => unpackers[part].add(entry, content),
        },
        ({ readBytes, unpackedBytes }) => {
          if (unpackedBytes > free)
            throw new BackupError(`There is not enough room in ${dataDir} for the backup`)
          this.#onProgress({ phase: 'unpacking', done: readBytes, total: size })
        },
      )
      for (const unpacker of Object.values(unpackers)) await unpacker.finish()
      this.#sealed = (await store?.finish(manifest.withoutFiles)) ?? 0
    } finally {
      store?.close()
    }
    const moves: [string, string][] = []
    for (const [from, to] of [
      [join(staging, 'secrets'), dataDir],
      [workspaces, workspacesDir],
    ] as const) {
      const names = (await exists(from)) ? await readdir(from) : []
      for (const name of names) moves.push([join(from, name), join(to, name)])
    }
    const history = join(staging, 'file-history')
    if (await exists(history)) moves.push([history, join(dataDir, 'file-history')])
    return { staged, moves }
  }

  /** The last step: from now on the store is there. */
  async #install(staged: string): Promise<void> {
    const { dataDir, database } = this.#places
    if (!database) {
      await rename(staged, databaseFileIn(dataDir))
      return
    }
    await copyStore(staged, database, ({ done, total }) =>
      this.#onProgress({ phase: 'copying', done, total }),
    )
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

function notEmpty(path: string): BackupError {
  return new BackupError(
    `A backup is restored into an empty place, and ${path} exists already. Name another data directory, or move it away`,
  )
}
