import { constants, createWriteStream } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { RepositoryRefused } from '../git/repository-refused.ts'
import { isFsError } from './file-errors.ts'

/** A path; bytes if it is not UTF-8. */
type FilePath = string | Buffer

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/** The size limit of a file with one line, such as HEAD: more than the longest path or branch name. */
export const maxLineBytes = 16 * 1024

export async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch {
    return undefined
  }
}

/**
 * Reads a file in a user's repository. Opens only regular files, and never waits for another program.
 *
 * @returns undefined if there is no file
 * @throws RepositoryRefused if it is not a regular file, or larger than `maxBytes`
 */
export async function readRegularFile(path: FilePath, maxBytes: number): Promise<Buffer | undefined> {
  const file = await openRegularFile(path, maxBytes)
  if (!file) return undefined
  try {
    const chunks: Buffer[] = []
    for (let left = maxBytes + 1; left > 0; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(Math.min(left, 64 * 1024)))
      if (bytesRead === 0) return Buffer.concat(chunks)
      chunks.push(buffer.subarray(0, bytesRead))
      left -= bytesRead
    }
    throw tooLarge(path)
  } finally {
    await file.close()
  }
}

/** Same as `readRegularFile`, for a file with one line of text. */
export async function readLine(path: FilePath, maxBytes = maxLineBytes): Promise<string | undefined> {
  return (await readRegularFile(path, maxBytes))?.toString().trim()
}

/** Copies a regular file. @returns whether there was one @throws RepositoryRefused */
export async function copyRegularFile(from: FilePath, to: string, maxBytes: number): Promise<boolean> {
  const file = await openRegularFile(from, maxBytes)
  if (!file) return false
  await pipeline(file.createReadStream({ end: maxBytes }), createWriteStream(to, { mode: 0o600 }))
  return true
}

/** Checks without reading. @returns whether there is a file @throws RepositoryRefused */
export async function requireRegularFile(path: FilePath, maxBytes: number): Promise<boolean> {
  try {
    const stats = await lstat(path)
    if (!stats.isFile()) throw notRegular(path)
    if (stats.size > maxBytes) throw tooLarge(path)
    return true
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** @throws RepositoryRefused */
export async function openRegularFile(path: FilePath, maxBytes: number): Promise<FileHandle | undefined> {
  // Checked before it is opened, because opening a device can have an effect.
  if (!(await requireRegularFile(path, maxBytes))) return undefined
  let file: FileHandle | undefined
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    if ((await file.stat()).isFile()) return file
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR')) return undefined
    if (!isFsError(error, 'ELOOP', 'ENXIO')) throw error
  }
  await file?.close()
  throw notRegular(path)
}

export function notRegular(path: FilePath): RepositoryRefused {
  return new RepositoryRefused('unsafe', path, 'is not a regular file')
}

function tooLarge(path: FilePath): RepositoryRefused {
  return new RepositoryRefused('unsafe', path, 'is too large')
}
