import { chmod, type FileHandle, mkdir, open, symlink } from 'node:fs/promises'
import { toFileName } from '../files/file-name.ts'
import { Directory, hasDescriptorPaths } from '../provisioning/directory.ts'
import type { Blobs } from './blobs.ts'
import type { ManifestEntry } from './manifest.ts'

const atOnce = 16

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>

/**
 * Fills an empty directory. Only one directory is open at a time, whatever their depth.
 *
 * @returns the number of files whose content is missing or damaged; they are empty
 */
export async function restoreTree(
  path: string,
  entries: AsyncIterable<ManifestEntry>,
  blobs: Pick<Blobs, 'copy'>,
  signal: AbortSignal,
): Promise<number> {
  const top = await Directory.open(path, { pinned: hasDescriptorPaths, isForbidden: () => false })
  const restoring = new TreeRestoring(top, blobs)
  try {
    for await (const entry of entries) {
      signal.throwIfAborted()
      await restoring.add(entry)
    }
    return await restoring.finish()
  } finally {
    await restoring.close()
  }
}

class TreeRestoring {
  #here: Directory
  /** The rights of the open directories below the top, which they get when everything is in them. */
  readonly #modes: number[] = []
  readonly #blobs: Pick<Blobs, 'copy'>
  readonly #copying = new Set<Promise<void>>()
  #missing = 0
  #fault: { error: unknown } | undefined

  constructor(top: Directory, blobs: Pick<Blobs, 'copy'>) {
    this.#here = top
    this.#blobs = blobs
  }

  async add(entry: ManifestEntry): Promise<void> {
    while (this.#modes.length > entry.depth) await this.#leave()
    if (this.#fault) throw this.#fault.error
    const name = toFileName(entry.name)
    const path = this.#here.at(name)
    if (entry.kind === 'directory') {
      await mkdir(path, { mode: 0o700 })
      await this.#move(await this.#here.openDirectory(name))
      this.#modes.push(entry.mode)
    } else if (entry.kind === 'link') {
      await symlink(entry.target, path)
    } else {
      await this.#addFile(entry, await open(path, 'wx', 0o600))
    }
  }

  async finish(): Promise<number> {
    while (this.#modes.length > 0) await this.#leave()
    await Promise.all(this.#copying)
    if (this.#fault) throw this.#fault.error
    return this.#missing
  }

  async close(): Promise<void> {
    await Promise.all(this.#copying)
    await this.#here.close()
  }

  async #addFile(entry: FileEntry, file: FileHandle): Promise<void> {
    const copying: Promise<void> = this.#copy(entry, file)
      .catch(error => {
        this.#fault ??= { error }
      })
      .finally(() => this.#copying.delete(copying))
    this.#copying.add(copying)
    if (this.#copying.size >= atOnce) await Promise.race(this.#copying)
  }

  async #copy({ blob, mode, modifiedAt }: FileEntry, file: FileHandle): Promise<void> {
    try {
      if (!(await this.#blobs.copy(blob, file))) {
        this.#missing++
        await file.truncate()
      }
      await file.chmod(mode)
      await file.utimes(modifiedAt / 1000, modifiedAt / 1000)
    } finally {
      await file.close()
    }
  }

  async #leave(): Promise<void> {
    const left = this.#here
    const parent = await left.openParent()
    await chmod(left.base, this.#modes.pop() ?? 0o700)
    await this.#move(parent)
  }

  async #move(next: Directory): Promise<void> {
    const before = this.#here
    this.#here = next
    await before.close()
  }
}
