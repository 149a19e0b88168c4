import type { BigIntStats } from 'node:fs'
import { invalidField } from '../../contract/errors.ts'
import type { FileEntry, FileType } from '../../contract/files.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import { readCursor, toCursor } from '../../lib/cursor.ts'
import type { Tree, TreeQuery } from '../../sessions/ports/index.ts'
import type { Directory } from '../provisioning/directory.ts'
import { firstNames } from '../provisioning/directory-names.ts'
import { isFsError, noSuchFile } from './file-errors.ts'
import { type FileName, toFileName, toShownName } from './file-name.ts'
import { toEpochMs } from './file-version.ts'
import { absolutePathOf, type Place, type Scope, toShownPath, walk } from './safe-path.ts'

/** The limit of entries in one response, over all levels. */
const maxEntries = 5_000
/** The limit of entries of a subdirectory. */
const maxChildren = 1_000
/** The number of entries that are inspected together. */
const batchSize = 32

/** A directory among the entries, with the way to it from the listed directory. */
interface Branch {
  entry: FileEntry
  way: readonly FileName[]
  /** Absolute. */
  path: string
}

/** Lists one page of a directory with the levels below it, upper levels first, up to the limit of entries. */
export async function listTree(scope: Scope, query: TreeQuery): Promise<Tree> {
  const place = await walk(scope, query.path)
  try {
    requireDirectory(place, query.path)
    const list = ['files', place.directoryPath]
    const after = query.cursor === undefined ? undefined : parseCursor(list, query.cursor)
    // One more name than requested shows whether there is a next page.
    const names = await firstNames(place.directory, query.limit + 1, after)
    const page = names.slice(0, query.limit)
    const entries = await new TreeReader(scope, place.directory).read(place.directoryPath, page, query.depth)
    const last = page.at(-1)
    return {
      path: toShownPath(scope.roots, place.directoryPath),
      entries,
      nextCursor: names.length > page.length && last ? toCursor(list, [last.toString('base64url')]) : null,
    }
  } finally {
    await place.close()
  }
}

/** @throws ServiceError if there is no directory */
function requireDirectory({ names, stats }: Place, path: string): void {
  if (names.length === 0) return
  throw stats ? invalidField('path', 'must be a directory') : noSuchFile(path)
}

function parseCursor(list: readonly unknown[], cursor: string): Buffer {
  const [name] = readCursor(list, cursor) ?? []
  if (typeof name !== 'string') throw invalidField('cursor', 'must be a cursor of this directory')
  return Buffer.from(name, 'base64url')
}

class TreeReader {
  readonly #scope: Scope
  readonly #top: Directory
  #room = maxEntries

  constructor(scope: Scope, top: Directory) {
    this.#scope = scope
    this.#top = top
  }

  async read(path: string, names: readonly Buffer[], depth: number): Promise<FileEntry[]> {
    const first = await this.#describeAll(this.#top, path, [], names)
    let level = first.branches
    for (let depthReached = 1; depthReached < depth && level.length > 0; depthReached++) {
      const next: Branch[] = []
      for (const branch of level) next.push(...(await this.#expand(branch)))
      level = next
    }
    return first.entries
  }

  /** Adds the children of a directory to its entry. */
  async #expand({ entry, way, path }: Branch): Promise<Branch[]> {
    if (this.#room === 0) {
      entry.truncated = true
      return []
    }
    let directory: Directory | undefined
    try {
      directory = await this.#open(way)
      const limit = Math.min(maxChildren, this.#room)
      const names = await firstNames(directory, limit + 1)
      const { entries, branches } = await this.#describeAll(directory, path, way, names.slice(0, limit))
      entry.children = entries
      if (names.length > limit) entry.truncated = true
      return branches
    } catch (error) {
      if (!isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM')) throw error
      // The entry was removed or replaced meanwhile, or the server may not read it.
      entry.truncated = true
      return []
    } finally {
      await directory?.close()
    }
  }

  /** Opens each directory relative to its parent and never follows links, so that no step can be redirected. */
  async #open(way: readonly FileName[]): Promise<Directory> {
    let here = this.#top
    for (const name of way) {
      const next = await here.openDirectory(name).finally(() => here !== this.#top && here.close())
      here = next
    }
    return here
  }

  async #describeAll(directory: Directory, path: string, way: readonly FileName[], names: readonly Buffer[]) {
    const entries: FileEntry[] = []
    const branches: Branch[] = []
    for (let start = 0; start < names.length; start += batchSize) {
      const batch = names.slice(start, start + batchSize)
      const described = await Promise.all(batch.map(name => this.#describe(directory, path, name)))
      for (const [index, entry] of described.entries()) {
        if (!entry) continue
        entries.push(entry)
        const { name, type } = entry
        if (type !== 'directory' || name === '.git') continue
        const bytes = batch[index] ?? Buffer.from(name)
        branches.push({
          entry,
          way: [...way, toFileName(bytes)],
          path: `${path === '/' ? '' : path}/${name}`,
        })
      }
    }
    this.#room -= entries.length
    return { entries, branches }
  }

  /** @returns undefined if it no longer exists */
  async #describe(directory: Directory, path: string, bytes: Buffer): Promise<FileEntry | undefined> {
    let stats: BigIntStats
    try {
      stats = await directory.lstat(toFileName(bytes))
    } catch (error) {
      if (isFsError(error, 'ENOENT')) return undefined
      throw error
    }
    const { name, escaped } = toShownName(bytes)
    const absolute = `${path === '/' ? '' : path}/${name}`
    const type = toFileType(stats)
    const target = type === 'symlink' ? await this.#findTarget(absolute) : undefined
    return {
      path: toShownPath(this.#scope.roots, absolute),
      name,
      type,
      sizeBytes: type === 'file' ? Number(stats.size) : null,
      modifiedAt: toTimestamp(toEpochMs(stats)),
      ...(target !== undefined && { target }),
      ...(escaped && { escaped: true as const }),
    }
  }

  /** Returns the target of a link; undefined if it leads out, or nowhere. */
  async #findTarget(link: string): Promise<string | undefined> {
    try {
      const place = await walk(this.#scope, link)
      await place.close()
      return toShownPath(this.#scope.roots, absolutePathOf(place))
    } catch {
      return undefined
    }
  }
}

export function toFileType(stats: BigIntStats): FileType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'symlink' : 'other'
}
