import { randomUUID } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { Precondition } from '../../sessions/ports/index.ts'
import type { Directory } from '../provisioning/directory.ts'
import { isFsError, notAllowed } from './file-errors.ts'
import type { FileName } from './file-name.ts'
import { requirePrecondition } from './precondition.ts'
import { requireInside, type Scope } from './safe-path.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants

/** The limit of new directories, each of which is held open until the file is written. */
const maxNewLevels = 100

export interface FileToWrite {
  scope: Scope
  /** The requested path, for messages. */
  asked: string
  /** The names of directories that may be missing, and of the file. */
  names: readonly FileName[]
  bytes: Uint8Array
  precondition: Precondition
}

/**
 * Writes a file into a directory that is held open: first to a temporary file, which then replaces the old one. A link
 * in that place is replaced, never written through.
 */
export async function writeFileIn(
  directory: Directory,
  { scope, asked, names, bytes, precondition }: FileToWrite,
): Promise<{ stats: BigIntStats; created: boolean }> {
  const parents = names.slice(0, -1)
  const name = names.at(-1) ?? ''
  if (names.includes('..'))
    throw invalidField('path', 'must not have ".." after a directory that does not exist')
  if (parents.length > maxNewLevels)
    throw invalidField('path', `must have at most ${maxNewLevels} new directories`)
  if (parents.length > 0) requirePrecondition(precondition, undefined, asked)
  const made = await makeDirectories(directory, parents, asked)
  const parent = made.at(-1) ?? directory
  try {
    await requireInside(parent, scope, asked)
    const before = await requireFree(parent, name, precondition, asked)
    return await replace(parent, { name, asked, before, bytes, precondition })
  } finally {
    for (const opened of made) await opened.close()
  }
}

async function makeDirectories(
  directory: Directory,
  names: readonly FileName[],
  asked: string,
): Promise<Directory[]> {
  const made: Directory[] = []
  let here = directory
  try {
    for (const name of names) {
      await mkdir(here.at(name)).catch(error => {
        if (!isFsError(error, 'EEXIST')) throw error
      })
      here = await here.openDirectory(name)
      made.push(here)
    }
    return made
  } catch (error) {
    for (const opened of made) await opened.close()
    throw isFsError(error, 'ELOOP', 'ENOTDIR') ? notAllowed(asked) : error
  }
}

/** Returns the current state; throws if the file must not be replaced. */
async function requireFree(
  directory: Directory,
  name: FileName,
  precondition: Precondition,
  asked: string,
): Promise<BigIntStats | undefined> {
  const stats = await directory.lstat(name).catch(error => {
    if (isFsError(error, 'ENOENT')) return undefined
    throw error
  })
  if (stats?.isDirectory()) throw invalidField('path', 'must not be a directory')
  if (stats && !stats.isFile() && !stats.isSymbolicLink())
    throw invalidField('path', 'must be a regular file')
  requirePrecondition(precondition, stats, asked)
  return stats
}

async function replace(
  directory: Directory,
  {
    name,
    asked,
    before,
    bytes,
    precondition,
  }: Pick<FileToWrite, 'asked' | 'bytes' | 'precondition'> & {
    name: FileName
    before: BigIntStats | undefined
  },
): Promise<{ stats: BigIntStats; created: boolean }> {
  const temporary = `.${randomUUID()}.tmp`
  const file = await open(directory.at(temporary), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o666)
  try {
    await file.writeFile(bytes)
    if (before?.isFile()) await file.chmod(Number(before.mode) & 0o777)
    await file.sync()
    // Calls of this API are serialized, but Claude may have changed the file meanwhile.
    const now = await requireFree(directory, name, precondition, asked)
    await putInPlace(directory, temporary, name, precondition.noneMatch === '*', asked)
    return { stats: await file.stat({ bigint: true }), created: now === undefined }
  } catch (error) {
    await unlink(directory.at(temporary)).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
}

/** @param onlyCreate replace nothing, not even a file that appeared at this moment */
async function putInPlace(
  directory: Directory,
  temporary: string,
  name: FileName,
  onlyCreate: boolean,
  asked: string,
): Promise<void> {
  if (onlyCreate) {
    try {
      await link(directory.at(temporary), directory.at(name))
      await unlink(directory.at(temporary))
      return
    } catch (error) {
      if (isFsError(error, 'EEXIST'))
        throw new ServiceError('PRECONDITION_FAILED', `${JSON.stringify(asked)} exists`)
      // The file system does not support hard links.
      if (!isFsError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error
    }
  }
  await rename(directory.at(temporary), directory.at(name))
}
