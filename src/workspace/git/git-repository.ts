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

/** What is read of a repository's settings; git itself never reads them for the server. */
const maxConfigBytes = 1024 * 1024

/** Where git keeps what it knows of a working tree; real paths. */
export interface Repository {
  /** The directory that the working tree begins at; of a bare repository its git directory. */
  root: string
  /** Of this working tree alone: HEAD and index. */
  gitDirectory: string
  /** Of all working trees of the repository: objects, references. */
  commonDirectory: string
  objectFormat: 'sha1' | 'sha256'
  /** Whether the repository's main working tree does not exist. */
  bare: boolean
}

/**
 * Finds the repository that a directory lies in, by reading alone: git itself is not asked, because it obeys the
 * settings that it finds there. Nothing above the allowed root is looked at.
 *
 * @throws RepositoryRefused when a part of it lies outside the zone, or could not be read without waiting
 */
export async function findRepository(
  directory: string,
  zone: RepositoryZone,
): Promise<Repository | undefined> {
  const ceiling = zone.ceilingOf(directory)
  for (let root = directory; ; root = dirname(root)) {
    const found = await lookAt(root, zone)
    if (found) return found.repository
    if (root === ceiling || root === dirname(root)) return undefined
  }
}

/** As `findRepository`, of that very directory. */
export async function openRepository(
  directory: string,
  zone: RepositoryZone,
): Promise<Repository | undefined> {
  return (await lookAt(directory, zone))?.repository
}

/** @throws RepositoryRefused when it belongs to somebody else: git would not trust it either */
export async function requireOwned({ gitDirectory }: Repository): Promise<void> {
  const user = process.geteuid?.()
  const { uid } = await stat(gitDirectory)
  if (user !== undefined && uid !== user) {
    throw new RepositoryRefused('not_owned', gitDirectory, 'belongs to another user')
  }
}

/** @returns undefined to look further up; without a repository for what only looks like one */
async function lookAt(
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

/** The directory that a file `.git` names; of one without a name the file itself, which is not a directory. */
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
