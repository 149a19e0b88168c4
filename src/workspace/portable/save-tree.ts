import type { BigIntStats } from 'node:fs'
import { type FileHandle, readlink } from 'node:fs/promises'
import { isFsError } from '../files/file-errors.ts'
import { toFileName } from '../files/file-name.ts'
import { TreeWalk } from '../files/tree-walk.ts'
import { Directory, hasDescriptorPaths } from '../provisioning/directory.ts'
import { type BaseNode, type BaseTree, hashOf, isSame, keyOf } from './base-tree.ts'
import { type Blobs, TooLarge } from './blobs.ts'
import type { ManifestEntry } from './manifest.ts'

const batchSize = 10_000
/** How many files are stored at the same time. */
const atOnce = 16
/** More entries than this are too many for one manifest. */
const maxEntries = 1_000_000
/** A file that was changed this recently could change again without a trace, in milliseconds. */
const racyMs = 2_000

export interface SavedTree {
  entries: ManifestEntry[]
  /** Whether every entry is as it was in the base. */
  isUnchanged: boolean
  /** Special files, and what is not readable. */
  leftOut: number
  filesRead: number
}

/**
 * Stores a directory that programs may change meanwhile, without following any link: each file as it is when it is
 * read. Files that are as they were in the base are not opened.
 *
 * @throws TooLarge, ENOENT if there is no directory or it was moved
 */
export async function saveTree(
  path: string,
  base: BaseTree,
  blobs: Pick<Blobs, 'add'>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<SavedTree> {
  const top = await Directory.open(path, { pinned: hasDescriptorPaths, isForbidden: () => false })
  const saving = new TreeSaving(top, base, blobs, maxBytes)
  try {
    return await saving.run(signal)
  } finally {
    await saving.close()
    await top.close()
  }
}

class TreeSaving {
  readonly #tree: TreeWalk
  readonly #base: BaseTree
  readonly #blobs: Pick<Blobs, 'add'>
  readonly #entries: (ManifestEntry | undefined)[] = []
  /** Blobs by hash: those of the base, and those of this snapshot. */
  readonly #known: Map<string, string>
  readonly #storing = new Set<Promise<void>>()
  readonly #startedAt = Date.now()
  #bytesLeft: number
  #leftOut = 0
  #filesRead = 0
  #isUnchanged = true
  #fault: { error: unknown } | undefined

  constructor(top: Directory, base: BaseTree, blobs: Pick<Blobs, 'add'>, maxBytes: number) {
    this.#tree = new TreeWalk(top, { batchSize })
    this.#base = base
    this.#blobs = blobs
    this.#known = new Map(base.blobs)
    this.#bytesLeft = maxBytes
  }

  async run(signal: AbortSignal): Promise<SavedTree> {
    const way: (BaseNode | undefined)[] = [this.#base.top]
    for (;;) {
      signal.throwIfAborted()
      this.#throwFault()
      const name = await this.#next()
      if (!name) {
        if ((await this.#tree.leave()) === undefined) break
        way.pop()
        continue
      }
      if (this.#entries.length >= maxEntries) throw new TooLarge('too many files')
      const before = way.at(-1)?.children.get(keyOf(name))
      const isEntered = await this.#add(name, way.length - 1, before)
      if (isEntered) way.push(before)
    }
    await Promise.all(this.#storing)
    this.#throwFault()
    const entries = this.#entries.filter(entry => entry !== undefined)
    return {
      entries,
      isUnchanged: this.#isUnchanged && entries.length === this.#base.entries.length,
      leftOut: this.#leftOut,
      filesRead: this.#filesRead,
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#storing)
    await this.#tree.close()
  }

  #throwFault(): void {
    if (this.#fault) throw this.#fault.error
  }

  /** A directory that cannot be read counts as an empty one. */
  async #next(): Promise<Buffer | undefined> {
    try {
      return await this.#tree.next()
    } catch (error) {
      if (!isFsError(error, 'EACCES', 'EPERM')) throw error
      this.#leftOut++
      return undefined
    }
  }

  /** @returns whether it is a directory, which is entered */
  async #add(bytes: Buffer, depth: number, before: BaseNode | undefined): Promise<boolean> {
    const name = toFileName(bytes)
    try {
      const stats = await this.#tree.here.lstat(name)
      const common = { depth, name: bytes, mode: Number(stats.mode) & 0o777 }
      if (stats.isDirectory()) {
        await this.#tree.enter(name)
        this.#push({ ...common, kind: 'directory' }, before)
        return true
      }
      if (stats.isSymbolicLink()) {
        const target = await readlink(this.#tree.here.at(name), { encoding: 'buffer' })
        this.#push({ ...common, kind: 'link', target }, before)
      } else if (stats.isFile()) {
        await this.#addFile(name, common, stats, before)
      } else {
        this.#leftOut++
      }
    } catch (error) {
      // It was removed or replaced meanwhile, or is not readable.
      if (!isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM', 'ENXIO')) throw error
      if (isFsError(error, 'EACCES', 'EPERM')) this.#leftOut++
    }
    return false
  }

  async #addFile(
    name: Buffer | string,
    common: Pick<ManifestEntry, 'depth' | 'name' | 'mode'>,
    stats: BigIntStats,
    before: BaseNode | undefined,
  ): Promise<void> {
    const known = before?.entry
    if (known?.kind === 'file' && known.seen !== null && known.seen === this.#toSeen(stats)) {
      this.#take(known.size)
      this.#push({ ...known, ...common }, before)
      return
    }
    const file = await this.#tree.here.openFile(name)
    if (!file) return
    const place = this.#entries.push(undefined) - 1
    const storing: Promise<void> = this.#store(file, common)
      .then(entry => {
        this.#entries[place] = entry
        if (!isSame(entry, known)) this.#isUnchanged = false
      })
      .catch(error => {
        if (isFsError(error, 'EACCES', 'EPERM', 'EIO')) this.#leftOut++
        else this.#fault ??= { error }
      })
      .finally(() => this.#storing.delete(storing))
    this.#storing.add(storing)
    if (this.#storing.size >= atOnce) await Promise.race(this.#storing)
  }

  async #store(
    file: FileHandle,
    common: Pick<ManifestEntry, 'depth' | 'name' | 'mode'>,
  ): Promise<Extract<ManifestEntry, { kind: 'file' }>> {
    try {
      const stats = await file.stat({ bigint: true })
      this.#filesRead++
      const { blob, size } = await this.#blobs.add(file, this.#known, this.#bytesLeft)
      this.#take(size)
      const after = await file.stat({ bigint: true })
      const seen = this.#toSeen(after)
      const mode = Number(after.mode) & 0o777
      const isCalm = seen === this.#toSeen(stats) && size === Number(after.size)
      const modifiedAt = Number(after.mtimeNs) / 1e6
      const entry = {
        ...common,
        kind: 'file' as const,
        mode,
        size,
        blob,
        modifiedAt,
        seen: isCalm ? seen : null,
      }
      this.#known.set(hashOf(entry), blob)
      return entry
    } finally {
      await file.close()
    }
  }

  #push(entry: ManifestEntry, before: BaseNode | undefined): void {
    if (!isSame(entry, before?.entry)) this.#isUnchanged = false
    this.#entries.push(entry)
  }

  #take(size: number): void {
    this.#bytesLeft -= size
    if (this.#bytesLeft < 0) throw new TooLarge('too many bytes')
  }

  /** null: the state could change again without its times changing. */
  #toSeen({ dev, ino, size, mtimeNs, ctimeNs, ctimeMs, mtimeMs }: BigIntStats): string | null {
    const last = Math.max(Number(ctimeMs), Number(mtimeMs))
    return last > this.#startedAt - racyMs ? null : [dev, ino, size, mtimeNs, ctimeNs].join(':')
  }
}
