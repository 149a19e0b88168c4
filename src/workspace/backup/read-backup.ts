import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { BackupError } from './backup-error.ts'
import {
  type BackupHeader,
  type BackupManifest,
  type FilePartName,
  filePartNames,
  headerName,
  manifestName,
  parseHeader,
  parseManifest,
  secretFileNames,
} from './backup-format.ts'
import { leadsOut } from './list-files.ts'
import { type DigestedEntry, PartDigest, partOf } from './part-digest.ts'
import { parseRowLines, type RowValue } from './stored-rows.ts'
import { damaged, type ReadEntry, readTar } from './tar-reader.ts'

const maxHeaderBytes = 1024 * 1024
/** A batch of rows, which ends with the row that makes it large. */
const maxRowsBytes = 512 * 1024 * 1024
const maxManifestBytes = 64 * 1024 * 1024

/** Gets the content of a backup in its order; nothing counts before `readBackup` has returned. */
export interface BackupReceiver {
  header?(header: BackupHeader): Promise<void>
  rows?(table: BackupHeader['tables'][number], rows: RowValue[][]): void
  /** @param entry its path is below the part */
  file?(part: FilePartName, entry: DigestedEntry, content: AsyncIterable<Buffer>): Promise<void>
}

export interface ReadProgress {
  /** Of the file. */
  readBytes: number
  /** After decompression. */
  unpackedBytes: number
}

/**
 * Reads a backup and checks it: every digest and count has to be that of its manifest.
 * @param onProgress may throw, which ends the reading
 * @throws BackupError when it is damaged, not a backup, or has what no backup has
 */
export async function readBackup(
  file: string,
  receiver: BackupReceiver,
  onProgress: (progress: ReadProgress) => void,
): Promise<{ header: BackupHeader; manifest: BackupManifest }> {
  const input = createReadStream(file, { highWaterMark: 256 * 1024 })
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  // Each of them ends with the other; the reader of `gunzip` gets the error.
  pipeline(input, gunzip, () => {})
  const reading = new BackupReading(receiver)
  let unpackedBytes = 0
  const counted = async function* () {
    for await (const piece of gunzip as AsyncIterable<Buffer>) {
      unpackedBytes += piece.length
      onProgress({ readBytes: input.bytesRead, unpackedBytes })
      yield piece
    }
  }
  try {
    for await (const entry of readTar(counted())) await reading.take(entry)
    return reading.finish()
  } catch (error) {
    throw toBackupError(error, unpackedBytes > 0)
  } finally {
    input.destroy()
    gunzip.destroy()
  }
}

function toBackupError(error: unknown, isGzip: boolean): unknown {
  const { code } = (error ?? {}) as { code?: unknown }
  if (typeof code !== 'string' || !/^Z_|^ERR_/.test(code)) return error
  return isGzip
    ? damaged(`it cannot be decompressed (${(error as Error).message})`)
    : new BackupError('The file is not a backup of claude-code-api, or is damaged at its beginning')
}

class BackupReading {
  readonly #receiver: BackupReceiver
  readonly #parts = new Map<string, PartDigest>()
  #header: BackupHeader | undefined
  #manifest: BackupManifest | undefined

  constructor(receiver: BackupReceiver) {
    this.#receiver = receiver
  }

  async take(entry: ReadEntry): Promise<void> {
    if (this.#manifest) throw damaged('there is something behind its manifest')
    if (!this.#header) {
      this.#header = await this.#readHeader(entry)
      for (const { name } of this.#header.tables) this.#digestOf(`store/${name}`)
      for (const part of this.#header.parts) this.#digestOf(part)
      await this.#receiver.header?.(this.#header)
      return
    }
    if (entry.path === manifestName) {
      this.#manifest = parseManifest((await this.#whole(entry, maxManifestBytes)).toString())
      return
    }
    const part = partOf(entry.path)
    if (!this.#parts.has(part) || part === headerName) throw unexpected(entry)
    await (part.startsWith('store/') ? this.#takeRows(entry) : this.#takeFile(part as FilePartName, entry))
  }

  finish(): { header: BackupHeader; manifest: BackupManifest } {
    if (!this.#header) throw new BackupError('The file is not a backup of claude-code-api')
    if (!this.#manifest) throw damaged('it has no manifest')
    const found = [...this.#parts].map(([name, digest]) => [name, digest.finish()] as const)
    for (const [name, { sha256, count, bytes }] of found) {
      const expected = this.#manifest.parts[name]
      if (expected?.sha256 !== sha256 || expected.count !== count || expected.bytes !== bytes) {
        throw damaged(`${name} is not what the manifest says`)
      }
    }
    if (Object.keys(this.#manifest.parts).length !== found.length) throw damaged('parts are missing')
    return { header: this.#header, manifest: this.#manifest }
  }

  async #readHeader(entry: ReadEntry): Promise<BackupHeader> {
    if (entry.path !== headerName) throw new BackupError('The file is not a backup of claude-code-api')
    const digest = this.#digestOf(headerName)
    digest.begin(entry)
    const text = await this.#whole(entry, maxHeaderBytes)
    digest.add(text)
    digest.count(1)
    return parseHeader(text.toString())
  }

  async #takeRows(entry: ReadEntry): Promise<void> {
    const [, name, file = '', ...more] = entry.path.split('/')
    const table = this.#header?.tables.find(table => table.name === name)
    if (!table || more.length > 0 || !/^\d+\.jsonl$/.test(file)) throw unexpected(entry)
    const digest = this.#digestOf(partOf(entry.path))
    digest.begin(entry)
    const text = await this.#whole(entry, maxRowsBytes)
    digest.add(text)
    const rows = parseRowLines(text, table.name, table.columns.length)
    digest.count(rows.length)
    this.#receiver.rows?.(table, rows)
  }

  async #takeFile(part: FilePartName, entry: ReadEntry): Promise<void> {
    if (!filePartNames.includes(part) || entry.path === part) throw unexpected(entry)
    const path = entry.path.slice(part.length + 1)
    if (part === 'secrets' && !(entry.type === 'File' && secretFileNames.includes(path)))
      throw unexpected(entry)
    const { target } = entry
    if (target !== undefined && leadsOut(path, target)) {
      throw new BackupError(
        `The backup has a link that leads out: ${JSON.stringify(entry.path.slice(0, 200))}`,
      )
    }
    const digest = this.#digestOf(part)
    digest.begin(entry)
    digest.count(1)
    const content = withDigest(entry.content, digest)
    await this.#receiver.file?.(part, { ...entry, path }, content)
    for await (const _ of content);
  }

  async #whole(entry: ReadEntry, maxBytes: number): Promise<Buffer> {
    if (entry.type !== 'File') throw unexpected(entry)
    if (entry.sizeBytes > maxBytes) throw damaged(`${JSON.stringify(entry.path)} is too large`)
    const pieces: Buffer[] = []
    for await (const piece of entry.content) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  #digestOf(part: string): PartDigest {
    const digest = this.#parts.get(part) ?? new PartDigest()
    this.#parts.set(part, digest)
    return digest
  }
}

async function* withDigest(content: AsyncIterable<Buffer>, digest: PartDigest): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    digest.add(piece)
    yield piece
  }
}

function unexpected({ path }: DigestedEntry): BackupError {
  return new BackupError(
    `The backup has an entry that does not belong there: ${JSON.stringify(path.slice(0, 200))}`,
  )
}
