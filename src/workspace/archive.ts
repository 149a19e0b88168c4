import type { BigIntStats } from 'node:fs'
import { type FileHandle, readlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { invalidField } from '../contract/errors.ts'
import type { Directory, FileName } from './directory.ts'
import { firstNames } from './directory-names.ts'
import { isFsError } from './file-errors.ts'
import { toFileName, toShownName } from './file-name.ts'
import { toEpochMs } from './file-version.ts'
import { absolutePathOf, isInside, type Scope, walk } from './safe-path.ts'
import { tarBlockSize, toTarHeader } from './tar-header.ts'

const chunkSize = 64 * 1024
/** Names of a directory that are held at a time. */
const batchSize = 10_000
/** Each level is held open while what is below it is read. */
const maxLevels = 256

/**
 * A directory, or a file, as tar.gz. Made while it is read, in the order of the names, so that the same files
 * make the same archive; what is held does not depend on how much there is.
 *
 * @param path absolute and without links
 */
export function archivePlace(scope: Scope, path: string, exclude: readonly string[]): Readable {
  const writer = new TarWriter(scope, path, exclude)
  const gzip = createGzip()
  const tar = Readable.from(writer.write(), { objectMode: false, highWaterMark: chunkSize })
  // Ends and closes the one with the other; whoever reads the archive is told of an error by it.
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
      if (name === undefined) yield* this.#directory(place.directory, '', maxLevels)
      else yield* this.#file(place.directory, name, basename(this.#top))
    } finally {
      await place.close()
    }
    yield Buffer.alloc(2 * tarBlockSize)
  }

  /** @param path in the archive, with a slash at its end; empty: the archive itself */
  async *#directory(directory: Directory, path: string, levelsLeft: number): AsyncGenerator<Buffer> {
    if (levelsLeft === 0) throw invalidField('path', 'is nested too deeply')
    for (let last: Buffer | undefined; ; ) {
      const names = await firstNames(directory, batchSize, last)
      for (const bytes of names) {
        const { name } = toShownName(bytes)
        if (this.#exclude.has(name) || this.#exclude.has(path + name)) continue
        yield* this.#entry(directory, toFileName(bytes), path + name, levelsLeft)
      }
      last = names.at(-1)
      if (!last || names.length < batchSize) return
    }
  }

  async *#entry(
    directory: Directory,
    name: FileName,
    path: string,
    levelsLeft: number,
  ): AsyncGenerator<Buffer> {
    const stats = await unlessGone(directory.lstat(name))
    if (stats?.isFile()) yield* this.#file(directory, name, path)
    if (stats?.isSymbolicLink()) yield* this.#link(directory, name, path, stats)
    if (!stats?.isDirectory()) return
    const inner = await unlessGone(directory.openDirectory(name))
    if (!inner) return
    try {
      yield toTarHeader({ ...toFields(stats), path: `${path}/`, type: 'Directory', sizeBytes: 0 })
      yield* this.#directory(inner, `${path}/`, levelsLeft - 1)
    } finally {
      await inner.close()
    }
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

  /** Only what leads to something in the archive: elsewhere it would lead out, or to something of another meaning. */
  async *#link(directory: Directory, name: FileName, path: string, stats: BigIntStats) {
    const text = await unlessGone(readlink(directory.at(name)))
    const leadsTo = text === undefined ? undefined : await this.#findTarget(path)
    if (text === undefined || leadsTo === undefined) return
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
      return isInside(this.#top, target) ? target : undefined
    } catch {
      return undefined
    }
  }
}

function toFields(stats: BigIntStats): { mode: number; modifiedAt: number } {
  return { mode: Number(stats.mode) & 0o777, modifiedAt: toEpochMs(stats) }
}

/** As many bytes as the header says, whatever has become of the file: what is missing is filled with zeros. */
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

/** What goes away while it is archived, or is not for this server to read, is not in the archive. */
async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}
