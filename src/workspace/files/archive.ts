import type { BigIntStats } from 'node:fs'
import { type FileHandle, readlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { isInside } from '../../lib/paths.ts'
import type { Directory } from '../provisioning/directory.ts'
import { isFsError } from './file-errors.ts'
import { type FileName, toFileName, toShownName, toShownTarget } from './file-name.ts'
import { toEpochMs } from './file-version.ts'
import { absolutePathOf, type Scope, walk } from './safe-path.ts'
import { tarBlockSize, toTarHeader } from './tar-header.ts'
import { TreeWalk } from './tree-walk.ts'

const chunkSize = 64 * 1024
/** The number of a directory's names that are held in memory at a time. */
const batchSize = 10_000

/**
 * Streams a directory or a file as tar.gz, sorted by name, so that the same files make the same archive. Memory use
 * does not depend on the size of the directory.
 *
 * @param path absolute and without links
 */
export function archivePlace(scope: Scope, path: string, exclude: readonly string[]): Readable {
  const writer = new TarWriter(scope, path, exclude)
  const gzip = createGzip()
  const tar = Readable.from(writer.write(), { objectMode: false, highWaterMark: chunkSize })
  // Ends and closes both streams together, so that the reader of the archive gets errors.
  pipeline(tar, gzip, () => {})
  return gzip
}

class TarWriter {
  readonly #scope: Scope
  readonly #top: string
  readonly #exclude: ReadonlySet<string>

  constructor(scope: Scope, top: string, exclude: readonly string[]) {
    this.#scope = scope
    this.#top = top
    this.#exclude = new Set(exclude)
  }

  async *write(): AsyncGenerator<Buffer> {
    const place = await walk(this.#scope, this.#top)
    try {
      const [name] = place.names
      if (name === undefined) yield* this.#tree(place.directory)
      else yield* this.#file(place.directory, place.entry, basename(this.#top))
    } finally {
      await place.close()
    }
    yield Buffer.alloc(2 * tarBlockSize)
  }

  async *#tree(top: Directory): AsyncGenerator<Buffer> {
    const tree = new TreeWalk(top, { batchSize })
    // The path in the archive, with a trailing slash; empty: the root of the archive.
    let path = ''
    try {
      for (;;) {
        const bytes = await unlessGone(tree.next())
        if (!bytes) {
          if ((await tree.leave()) === undefined) return
          path = path.slice(0, path.lastIndexOf('/', path.length - 2) + 1)
          continue
        }
        const { name } = toShownName(bytes)
        if (this.#exclude.has(name) || this.#exclude.has(path + name)) continue
        const stats = await unlessGone(tree.here.lstat(toFileName(bytes)))
        if (!stats?.isDirectory()) yield* this.#entry(tree.here, toFileName(bytes), path + name, stats)
        else if (await unlessGone(tree.enter(toFileName(bytes)))) {
          path = `${path}${name}/`
          yield toTarHeader({ ...toFields(stats), path, type: 'Directory', sizeBytes: 0 })
        }
      }
    } finally {
      await tree.close()
    }
  }

  async *#entry(
    directory: Directory,
    name: FileName,
    path: string,
    stats: BigIntStats | undefined,
  ): AsyncGenerator<Buffer> {
    if (stats?.isFile()) yield* this.#file(directory, name, path)
    if (stats?.isSymbolicLink()) yield* this.#link(directory, name, path, stats)
  }

  async *#file(directory: Directory, name: FileName, path: string): AsyncGenerator<Buffer> {
    const file = await unlessGone(directory.openFile(name))
    if (!file) return
    try {
      const stats = await file.stat({ bigint: true })
      const sizeBytes = Number(stats.size)
      yield toTarHeader({ ...toFields(stats), path, type: 'File', sizeBytes })
      yield* contentOf(file, sizeBytes)
    } finally {
      await file.close()
    }
  }

  /** Whether a link leads to something in the archive; other links would lead out, or have another meaning there. */
  async *#link(directory: Directory, name: FileName, path: string, stats: BigIntStats) {
    const bytes = await unlessGone(readlink(directory.at(name), { encoding: 'buffer' }))
    const leadsTo = bytes && (await this.#findTarget(path))
    if (!bytes || leadsTo === undefined) return
    const text = toShownTarget(bytes)
    const from = dirname(path)
    const isPlain = !text.startsWith('/') && !join(from, text).startsWith('..')
    const target = isPlain ? text : relative(join(this.#top, from), leadsTo) || '.'
    yield toTarHeader({ ...toFields(stats), path, type: 'SymbolicLink', sizeBytes: 0, target })
  }

  async #findTarget(path: string): Promise<string | undefined> {
    try {
      const place = await walk(this.#scope, join(this.#top, path))
      await place.close()
      const target = absolutePathOf(place)
      // A target that does not exist may go up again and lead out.
      if (place.names.includes('..')) return undefined
      return isInside(this.#top, target) ? target : undefined
    } catch {
      return undefined
    }
  }
}

function toFields(stats: BigIntStats): { mode: number; modifiedAt: number } {
  return { mode: Number(stats.mode) & 0o777, modifiedAt: toEpochMs(stats) }
}

/** Sends exactly as many bytes as the header says; if the file has shrunk, the rest is zeros. */
async function* contentOf(file: FileHandle, sizeBytes: number): AsyncGenerator<Buffer> {
  let position = 0
  while (position < sizeBytes) {
    const length = Math.min(chunkSize, sizeBytes - position)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position)
    if (bytesRead === 0) break
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
  const end = Math.ceil(sizeBytes / tarBlockSize) * tarBlockSize
  for (; position < end; position += chunkSize) yield Buffer.alloc(Math.min(chunkSize, end - position))
}

/** Whether to leave out an entry because it was removed meanwhile, or the server may not read it. */
async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}
