import { Header, Pax } from 'tar'
import { tarBlockSize } from '../files/tar-header.ts'
import { BackupError } from './backup-error.ts'
import type { DigestedEntry } from './part-digest.ts'

const maxPathBytes = 4096
const maxExtensionBytes = 64 * 1024
const types = new Set(['File', 'Directory', 'SymbolicLink'])

export interface ReadEntry extends DigestedEntry {
  /** To be read to its end before the next entry is asked for. */
  content: AsyncGenerator<Buffer>
}

/**
 * Reads a tar strictly: entries with plain relative names, regular files, directories and symbolic links, each block as
 * our writer makes it. Links are only reported.
 * @throws BackupError
 */
export async function* readTar(input: AsyncIterable<Buffer>): AsyncGenerator<ReadEntry> {
  const source = new ByteSource(input)
  let extension: Pax | undefined
  for (;;) {
    const block = await source.take(tarBlockSize)
    if (isZero(block)) break
    const header = new Header(block, 0, extension)
    if (!header.cksumValid) throw damaged('an entry has a wrong checksum')
    const sizeBytes = header.size ?? 0
    if (header.type === 'ExtendedHeader' && !extension) {
      if (sizeBytes > maxExtensionBytes) throw damaged('an extended header is too long')
      extension = Pax.parse((await takePadded(source, sizeBytes)).toString())
      continue
    }
    extension = undefined
    const entry = toEntry(header, sizeBytes)
    const content = contentOf(source, entry.sizeBytes)
    yield { ...entry, content }
    // Of an entry that was not read, the rest.
    for await (const _ of content);
  }
  if (!isZero(await source.take(tarBlockSize))) throw damaged('its end is not where it should be')
  if (!(await source.isAtEnd())) throw damaged('there is something behind its end')
}

function toEntry(header: Header, sizeBytes: number): DigestedEntry {
  const { type, mode, linkpath } = header
  if (!types.has(type))
    throw new BackupError(`The backup has an entry of a kind that is not allowed: ${type}`)
  const kind = type as DigestedEntry['type']
  const path = checkPath(type === 'Directory' ? (header.path ?? '').replace(/\/$/, '') : (header.path ?? ''))
  if (kind !== 'File' && sizeBytes > 0) throw damaged(`${JSON.stringify(path)} has a content`)
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw damaged(`${JSON.stringify(path)} has no size`)
  const entry = { path, type: kind, mode: (mode ?? 0) & 0o777, sizeBytes }
  return kind === 'SymbolicLink' ? { ...entry, target: linkpath ?? '' } : entry
}

/** @throws BackupError for a path that leads out of the directory that it is unpacked in */
function checkPath(path: string): string {
  const isPlain =
    Buffer.byteLength(path) <= maxPathBytes &&
    !path.includes('\0') &&
    path.split('/').every(name => name !== '' && name !== '.' && name !== '..')
  if (isPlain) return path
  throw new BackupError(
    `The backup has an entry with a path that is not allowed: ${JSON.stringify(path.slice(0, 200))}`,
  )
}

async function* contentOf(source: ByteSource, sizeBytes: number): AsyncGenerator<Buffer> {
  yield* source.pieces(sizeBytes)
  if (!isZero(await source.take(paddingOf(sizeBytes)))) throw damaged('bytes between entries are not zero')
}

async function takePadded(source: ByteSource, sizeBytes: number): Promise<Buffer> {
  const content = await source.take(sizeBytes)
  await source.take(paddingOf(sizeBytes))
  return content
}

function paddingOf(sizeBytes: number): number {
  return (tarBlockSize - (sizeBytes % tarBlockSize)) % tarBlockSize
}

function isZero(bytes: Buffer): boolean {
  return bytes.every(byte => byte === 0)
}

export function damaged(how: string): BackupError {
  return new BackupError(`The backup is damaged: ${how}`)
}

/** Takes bytes from a stream, as many as are asked for. */
class ByteSource {
  readonly #input: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(input: AsyncIterable<Buffer>) {
    this.#input = input[Symbol.asyncIterator]()
  }

  /** @throws BackupError at the end of the stream */
  async take(count: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this.pieces(count)) pieces.push(piece)
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
  }

  async *pieces(count: number): AsyncGenerator<Buffer> {
    let left = count
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#fill())) throw damaged('it is cut off')
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  async isAtEnd(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#fill())
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#input.next()
      if (done) return false
      if (value.length === 0) continue
      this.#rest = value
      return true
    }
  }
}
