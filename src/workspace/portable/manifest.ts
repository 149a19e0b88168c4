import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { blobName } from './blobs.ts'
import { syncDirectory } from './sync-directory.ts'

const header = { format: 'claude-code-api workspace snapshot', version: 1 } as const
const flushAt = 256 * 1024
const newline = 0x0a

/** An entry of a directory, as bytes where names and targets need them. */
export type ManifestEntry = { depth: number; name: Buffer; mode: number } & (
  | { kind: 'directory' }
  | { kind: 'link'; target: Buffer }
  | {
      kind: 'file'
      size: number
      blob: string
      /** Milliseconds since 1970. */
      modifiedAt: number
      /** Identifies the state of the file on its node; null: it may have changed while it was read. */
      seen: string | null
    }
)

const bytes = z.union([z.string(), z.strictObject({ base64: z.string() })])
const common = { depth: z.int().min(0), name: bytes, mode: z.int().min(0).max(0o777) }
const line = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('directory'), ...common }),
  z.strictObject({ kind: z.literal('link'), ...common, target: bytes }),
  z.strictObject({
    kind: z.literal('file'),
    ...common,
    size: z.int().min(0),
    blob: z.string().regex(blobName),
    modifiedAt: z.number(),
    seen: z.string().nullable(),
  }),
])

/** A manifest that is incomplete, or not one. */
export class DamagedManifest extends Error {}

/**
 * Writes the entries of a tree, each directory before its content. A line of JSON each, with the depth instead of the
 * path, so that a tree of any depth has a manifest of the size of its names.
 */
export async function writeManifest(path: string, entries: readonly ManifestEntry[]): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.unfinished`
  const file = await open(unfinished, 'wx', 0o600)
  try {
    let text = `${JSON.stringify(header)}\n`
    for (const entry of entries) {
      text += `${JSON.stringify(toLine(entry))}\n`
      if (text.length < flushAt) continue
      await file.writeFile(text)
      text = ''
    }
    await file.writeFile(`${text}${JSON.stringify({ entries: entries.length })}\n`)
    await file.sync()
    await rename(unfinished, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** @throws DamagedManifest, ENOENT */
export async function* readManifest(path: string): AsyncGenerator<ManifestEntry> {
  let count = -1
  let isComplete = false
  for await (const text of linesOf(path)) {
    if (isComplete) throw new DamagedManifest('more than the end')
    const value = parse(text)
    if (count === -1) {
      if (JSON.stringify(value) !== JSON.stringify(header)) throw new DamagedManifest('another format')
      count = 0
    } else if (value !== null && typeof value === 'object' && 'entries' in value) {
      if (value.entries !== count) throw new DamagedManifest('entries are missing')
      isComplete = true
    } else {
      count++
      yield toEntry(value)
    }
  }
  if (!isComplete) throw new DamagedManifest('no end')
}

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  const rest: Buffer[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: flushAt }) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      yield Buffer.concat([...rest.splice(0), chunk.subarray(from, end)])
      from = end + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    throw new DamagedManifest('not JSON')
  }
}

function toLine(entry: ManifestEntry): z.input<typeof line> {
  const { name, ...rest } = entry
  const common = { ...rest, name: toJson(name) }
  return common.kind === 'link' ? { ...common, target: toJson(common.target) } : common
}

function toEntry(value: unknown): ManifestEntry {
  const parsed = line.safeParse(value)
  if (!parsed.success) throw new DamagedManifest('not an entry')
  const { name: text, ...rest } = parsed.data
  const name = toBytes(text)
  const shown = name.toString('latin1')
  if (shown === '' || shown === '.' || shown === '..' || /[/\0]/.test(shown)) {
    throw new DamagedManifest('not a name')
  }
  return rest.kind === 'link' ? { ...rest, name, target: toBytes(rest.target) } : { ...rest, name }
}

function toJson(name: Buffer): string | { base64: string } {
  return isUtf8(name) ? name.toString() : { base64: name.toString('base64') }
}

function toBytes(name: string | { base64: string }): Buffer {
  return typeof name === 'string' ? Buffer.from(name) : Buffer.from(name.base64, 'base64')
}
