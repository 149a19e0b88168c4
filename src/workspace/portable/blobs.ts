import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from './sync-directory.ts'

/** Files up to this size are read at once, so that one that is there already is not written. */
const smallBytes = 1024 * 1024
const pieceBytes = 256 * 1024
const suffix = '.unfinished'

/** Names a blob: the SHA-256 of its content, and who wrote it. */
export const blobName = /^[0-9a-f]{64}-[0-9a-f]{8}$/

export class TooLarge extends Error {}

/**
 * The contents of a session's files, by their SHA-256. Each writer has names of its own and names only blobs that the
 * snapshot before or itself has written. So a writer that removes what it no longer names never removes a blob of
 * another writer, even if it is late because another node has the session by now.
 */
export class Blobs {
  readonly #directory: string
  readonly #writer: string

  /** @param writer of this run of the server: eight hexadecimal digits */
  constructor(directory: string, writer: string) {
    this.#directory = directory
    this.#writer = writer
  }

  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
  }

  /**
   * Stores the rest of an open file.
   *
   * @param known blobs that need not be written, by hash
   * @throws TooLarge if there are more than `maxBytes`
   */
  async add(
    file: FileHandle,
    known: ReadonlyMap<string, string>,
    maxBytes: number,
  ): Promise<{ blob: string; size: number }> {
    const first = await readUpTo(file, smallBytes + 1)
    if (first.length > maxBytes) throw new TooLarge()
    if (first.length > smallBytes) return this.#addLarge(first, file, maxBytes)
    const hash = createHash('sha256').update(first).digest('hex')
    const size = first.length
    const blob = known.get(hash)
    return { blob: blob ?? (await this.#write(hash, out => out.writeFile(first))), size }
  }

  async #addLarge(first: Buffer, file: FileHandle, maxBytes: number) {
    const hash = createHash('sha256')
    let size = 0
    const blob = await this.#write(hash, async out => {
      for (let piece = first; piece.length > 0; piece = await readUpTo(file, pieceBytes)) {
        size += piece.length
        if (size > maxBytes) throw new TooLarge()
        hash.update(piece)
        await out.writeFile(piece)
      }
    })
    return { blob, size }
  }

  async #write(
    hash: string | ReturnType<typeof createHash>,
    fill: (out: FileHandle) => Promise<void>,
  ): Promise<string> {
    const unfinished = join(this.#directory, `${randomUUID()}${suffix}`)
    const out = await open(unfinished, 'wx', 0o600)
    try {
      await fill(out)
      await out.datasync()
      const name = `${typeof hash === 'string' ? hash : hash.digest('hex')}-${this.#writer}`
      await rename(unfinished, join(this.#directory, name))
      return name
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    } finally {
      await out.close()
    }
  }

  /** Resolves when all that was written is durable. */
  sync(): Promise<void> {
    return syncDirectory(this.#directory)
  }

  /** Copies a blob into an open file. @returns whether it is there and as it was */
  async copy(blob: string, into: FileHandle): Promise<boolean> {
    const file = await open(join(this.#directory, blob), 'r').catch(() => undefined)
    if (!file) return false
    try {
      const hash = createHash('sha256')
      for (;;) {
        const piece = await readUpTo(file, pieceBytes)
        if (piece.length === 0) return blob.startsWith(hash.digest('hex'))
        hash.update(piece)
        await into.writeFile(piece)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error
      return false
    } finally {
      await file.close()
    }
  }

  async remove(blob: string): Promise<void> {
    await rm(join(this.#directory, blob), { force: true })
  }

  /** Lists files that were written before a time, unfinished ones included. */
  async listOlder(before: number): Promise<string[]> {
    const old: string[] = []
    for (const name of await readdir(this.#directory).catch(() => [])) {
      const stats = await stat(join(this.#directory, name)).catch(() => undefined)
      if (stats && stats.mtimeMs < before) old.push(name)
    }
    return old
  }
}

async function readUpTo(file: FileHandle, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, null)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
