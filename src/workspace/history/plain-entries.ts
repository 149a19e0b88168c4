import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { isFsError } from '../files/file-errors.ts'

export interface PlainEntry {
  name: Buffer
  path: Buffer
  type: 'file' | 'directory' | 'other'
}

/** Lists the entries of a directory as bytes, without opening them; empty if there is no directory. */
export async function* readEntries(directory: string | Buffer): AsyncGenerator<PlainEntry> {
  try {
    // The typings lack names as bytes.
    const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 }
    for await (const entry of await opendir(directory, options)) {
      const name = entry.name as unknown as Buffer
      yield {
        name,
        path: Buffer.concat([Buffer.from(directory), Buffer.from('/'), name]),
        type: typeOf(entry),
      }
    }
  } catch (error) {
    // The entry was removed meanwhile.
    if (!isFsError(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}

/** Lists all entries below, without following links. */
export async function* walkEntries(directory: string | Buffer): AsyncGenerator<PlainEntry> {
  const waiting: Buffer[] = [Buffer.from(directory)]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for await (const entry of readEntries(next)) {
      if (entry.type === 'directory') waiting.push(entry.path)
      yield entry
    }
  }
}

function typeOf(entry: Dirent): PlainEntry['type'] {
  if (entry.isDirectory()) return 'directory'
  return entry.isFile() ? 'file' : 'other'
}
