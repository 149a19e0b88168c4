import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { isFsError } from '../files/file-errors.ts'

export interface PlainEntry {
  name: Buffer
  path: Buffer
  type: 'file' | 'directory' | 'other'
}

/** The entries of a directory by their bytes, without opening any of them; nothing where there is no directory. */
export async function* readEntries(directory: string | Buffer): AsyncGenerator<PlainEntry> {
  try {
    // Not in the types: names as bytes.
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
    // It went away while it was looked at.
    if (!isFsError(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}

/** The same of everything below. No link is followed. */
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
