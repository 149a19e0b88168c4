import { type TarEntry, tarBlockSize, toTarHeader } from '../files/tar-header.ts'
import {
  type BackupHeader,
  type BackupManifest,
  type FilePartName,
  headerName,
  manifestName,
} from './backup-format.ts'
import type { ListedFile } from './list-files.ts'
import { PartDigest, partOf } from './part-digest.ts'
import { type RowValue, toRowLines } from './stored-rows.ts'

const ownFileMode = 0o600

/** The content of a backup, read once and in order. */
export interface BackupSource {
  header: BackupHeader
  rows(table: BackupHeader['tables'][number]): AsyncIterable<RowValue[][]>
  files(part: FilePartName): AsyncIterable<ListedFile>
  /** Asked for after everything else. */
  rest(): Promise<Pick<BackupManifest, 'withoutFiles' | 'skipped'>>
}

/** Writes a backup as a tar, a piece at a time. */
export async function* writeBackup(source: BackupSource): AsyncGenerator<Buffer> {
  const { header } = source
  const writer = new EntryWriter(Date.parse(header.createdAt))
  yield* writer.text(headerName, `${JSON.stringify(header, null, 2)}\n`)
  for (const table of header.tables) {
    const part = `store/${table.name}`
    writer.open(part)
    let number = 0
    for await (const rows of source.rows(table)) {
      yield* writer.rows(`${part}/${String(++number).padStart(7, '0')}.jsonl`, rows)
    }
  }
  for (const part of header.parts) {
    writer.open(part)
    for await (const file of source.files(part)) yield* writer.file(part, file)
  }
  const manifest: BackupManifest = { parts: writer.finish(), ...(await source.rest()) }
  yield* writer.text(manifestName, `${JSON.stringify(manifest, null, 2)}\n`)
  yield Buffer.alloc(2 * tarBlockSize)
}

/** Writes entries and keeps the digests of their parts. */
class EntryWriter {
  readonly #modifiedAt: number
  readonly #parts = new Map<string, PartDigest>()

  /** @param modifiedAt of all entries: times of files mean little where they are unpacked */
  constructor(modifiedAt: number) {
    this.#modifiedAt = modifiedAt
  }

  /** Makes a part that may stay empty. */
  open(part: string): PartDigest {
    const digest = this.#parts.get(part) ?? new PartDigest()
    this.#parts.set(part, digest)
    return digest
  }

  *text(path: string, text: string): Generator<Buffer> {
    const content = Buffer.from(text)
    const digest = this.#begin({ path, type: 'File', mode: ownFileMode, sizeBytes: content.length })
    digest.value.add(content)
    digest.value.count(1)
    yield digest.block
    yield* padded(content)
  }

  *rows(path: string, rows: readonly RowValue[][]): Generator<Buffer> {
    const content = toRowLines(rows)
    const digest = this.#begin({ path, type: 'File', mode: ownFileMode, sizeBytes: content.length })
    digest.value.add(content)
    digest.value.count(rows.length)
    yield digest.block
    yield* padded(content)
  }

  async *file(
    part: FilePartName,
    { path, mode, target, sizeBytes, content }: ListedFile,
  ): AsyncGenerator<Buffer> {
    const type = target !== undefined ? 'SymbolicLink' : content ? 'File' : 'Directory'
    const fields = { path: `${part}/${path}`, type, mode, sizeBytes } as const
    const digest = this.#begin(target === undefined ? fields : { ...fields, target })
    digest.value.count(1)
    yield digest.block
    if (!content) return
    let written = 0
    for await (const piece of content) {
      digest.value.add(piece)
      written += piece.length
      yield piece
    }
    yield Buffer.alloc(paddingOf(written))
  }

  finish(): BackupManifest['parts'] {
    return Object.fromEntries([...this.#parts].map(([name, digest]) => [name, digest.finish()]))
  }

  #begin(entry: Omit<TarEntry, 'modifiedAt'>): { value: PartDigest; block: Buffer } {
    const value = this.open(partOf(entry.path))
    value.begin(entry)
    return { value, block: toTarHeader({ ...entry, modifiedAt: this.#modifiedAt }) }
  }
}

function* padded(content: Buffer): Generator<Buffer> {
  yield content
  yield Buffer.alloc(paddingOf(content.length))
}

function paddingOf(sizeBytes: number): number {
  return (tarBlockSize - (sizeBytes % tarBlockSize)) % tarBlockSize
}
