import { lstat, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import {
  maxLineBytes,
  notRegular,
  readLine,
  readRegularFile,
  realPathOf,
  requireRegularFile,
} from '../files/regular-file.ts'
import { RepositoryRefused } from './repository-refused.ts'
import type { RepositoryZone } from './repository-zone.ts'

/** The limit on a repository's settings file, which the server parses itself. */
const maxConfigBytes = 1024 * 1024

/** The directories of a git working tree, as real paths. */
export interface Repository {
  /** The root of the working tree; of a bare repository, its git directory. */
  root: string
  /** The git directory of this working tree: HEAD and index. */
  gitDirectory: string
  /** The git directory that all working trees share: objects and references. */
  commonDirectory: string
  objectFormat: 'sha1' | 'sha256'
  /** Whether the repository's main working tree does not exist. */
  bare: boolean
}

/**
 * Finds the repository of a directory by reading files only. Git is not run, because it obeys the settings that it
 * finds there. Directories above the allowed root are not searched.
 *
 * @throws RepositoryRefused if a part of it is outside the zone, or could not be read without waiting
 */
export async function findRepository(
  directory: string,
  zone: RepositoryZone,
): Promise<Repository | undefined> {
  const ceiling = zone.ceilingOf(directory)
  for (let root = directory; ; root = dirname(root)) {
    const found = await inspectDirectory(root, zone)
    if (found) return found.repository
    if (root === ceiling || root === dirname(root)) return undefined
  }
}

/** Same as `findRepository`, but only in the directory itself. */
export async function openRepository(
  directory: string,
  zone: RepositoryZone,
): Promise<Repository | undefined> {
  return (await inspectDirectory(directory, zone))?.repository
}

/** @throws RepositoryRefused if it belongs to another user; git would not trust it either */
export async function requireOwned({ gitDirectory }: Repository): Promise<void> {
  const user = process.geteuid?.()
  const { uid } = await stat(gitDirectory)
  if (user !== undefined && uid !== user) {
    throw new RepositoryRefused('not_owned', gitDirectory, 'belongs to another user')
  }
}

/** @returns undefined to search further up; no repository for a directory that only looks like one */
async function inspectDirectory(
  root: string,
  zone: RepositoryZone,
): Promise<{ repository: Repository | undefined } | undefined> {
  const path = join(root, '.git')
  const type = await typeOf(path)
  if (type === 'other') throw notRegular(path)
  if (type === undefined) {
    const bare = await readRepository(root, root, zone)
    return bare && { repository: bare }
  }
  const gitDirectory = await zone.findDirectory(type === 'file' ? await readLink(path, root) : path)
  if (gitDirectory === undefined) return { repository: undefined }
  return { repository: await readRepository(root, gitDirectory, zone) }
}

async function typeOf(path: string): Promise<'directory' | 'file' | 'other' | undefined> {
  try {
    const stats = await lstat(path)
    if (stats.isDirectory() || stats.isSymbolicLink()) return 'directory'
    return stats.isFile() ? 'file' : 'other'
  } catch (error) {
    if (isFsError(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Returns the directory that a `.git` file names; if it names none, the file itself, which is not a directory. */
async function readLink(path: string, root: string): Promise<string> {
  const [, target] = /^gitdir: (.+)$/.exec((await readLine(path)) ?? '') ?? []
  return target === undefined ? path : resolve(root, target)
}

async function readRepository(
  root: string,
  gitDirectory: string,
  zone: RepositoryZone,
): Promise<Repository | undefined> {
  const common = await readLine(join(gitDirectory, 'commondir'))
  const commonDirectory = await zone.findDirectory(resolve(gitDirectory, common ?? '.'))
  if (commonDirectory === undefined) return undefined
  for (const part of ['objects', 'refs']) {
    if (!(await exists(join(commonDirectory, part)))) return undefined
    if ((await zone.findDirectory(join(commonDirectory, part))) === undefined) return undefined
  }
  if (!(await requireRegularFile(join(gitDirectory, 'HEAD'), maxLineBytes))) return undefined
  const config = (await readRegularFile(join(commonDirectory, 'config'), maxConfigBytes))?.toString() ?? ''
  const objectFormat = /^[ \t]*objectformat[ \t]*=[ \t]*sha256[ \t\r]*$/im.test(config) ? 'sha256' : 'sha1'
  const bare = root === gitDirectory || /^[ \t]*bare[ \t]*=[ \t]*true[ \t\r]*$/im.test(config)
  return { root, gitDirectory, commonDirectory, objectFormat, bare }
}

async function exists(path: string): Promise<boolean> {
  return (await realPathOf(path)) !== undefined
}
