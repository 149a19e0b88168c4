import { createHash } from 'node:crypto'
import { mkdir, opendir, readdir, readlink, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import { notRegular, readRegularFile, realPathOf } from '../files/regular-file.ts'
import { RepositoryRefused } from './repository-refused.ts'
import type { RepositoryZone } from './repository-zone.ts'

const maxAlternatesBytes = 64 * 1024
/** The limit of alternates, including alternates of alternates. */
const maxDirectories = 32
/** The limit of loose objects and packs; git packs at 6,700. */
const maxObjects = 1_000_000
/** The number of directories that are inspected together. */
const batchSize = 8

/** A directory of objects: its real path, and its existing subdirectories `pack` and of loose objects. */
export interface ObjectDirectory {
  path: string
  parts: readonly string[]
}

/**
 * Returns the directories of a repository's objects, including those of alternates. All are checked: no file in them
 * leads elsewhere, or keeps a reader waiting.
 *
 * @param objects a directory of objects
 * @throws RepositoryRefused
 */
export async function listObjectDirectories(
  objects: string,
  zone: RepositoryZone,
): Promise<ObjectDirectory[]> {
  const found: ObjectDirectory[] = []
  const waiting = [objects]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const real = await zone.findDirectory(next)
    // Git also ignores a missing alternate.
    if (real === undefined || found.some(({ path }) => path === real)) continue
    if (found.length === maxDirectories)
      throw new RepositoryRefused('unsafe', objects, 'has too many alternates')
    found.push({ path: real, parts: await listPlainParts(real) })
    waiting.push(...(await readAlternates(real)))
  }
  return found
}

async function readAlternates(objects: string): Promise<string[]> {
  const path = join(objects, 'info', 'alternates')
  const text = (await readRegularFile(path, maxAlternatesBytes))?.toString() ?? ''
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  if (lines.some(line => line.startsWith('"')))
    throw new RepositoryRefused('unsafe', path, 'has quoted paths')
  return lines.map(line => resolve(objects, line))
}

/** Checks that all objects and packs are regular files in real directories. @throws RepositoryRefused */
async function listPlainParts(objects: string): Promise<string[]> {
  const parts: string[] = []
  for await (const entry of await opendir(objects)) {
    if (entry.name !== 'pack' && !/^[0-9a-f]{2}$/.test(entry.name)) continue
    const path = join(objects, entry.name)
    if (!entry.isDirectory()) throw new RepositoryRefused('unsafe', path, 'is not a directory')
    parts.push(entry.name)
  }
  let left = maxObjects
  const check = async (part: string) => {
    const directory = join(objects, part)
    try {
      for await (const entry of await opendir(directory, { bufferSize: 256 })) {
        const path = join(directory, entry.name)
        if (!entry.isFile()) throw notRegular(path)
        if (--left < 0) throw new RepositoryRefused('unsafe', objects, 'has too many objects')
      }
    } catch (error) {
      // Git removes empty directories.
      if (!isFsError(error, 'ENOENT')) throw error
    }
  }
  for (let start = 0; start < parts.length; start += batchSize) {
    await Promise.all(parts.slice(start, start + batchSize).map(check))
  }
  return parts
}

/**
 * Creates a directory through which git reads the objects of another directory, but not its list of alternates, which
 * can change at any time, nor the rest of its `info`.
 *
 * @returns its path
 */
export async function linkObjects(
  { path: objects, parts }: ObjectDirectory,
  parent: string,
): Promise<string> {
  const name = createHash('sha256').update(objects).digest('hex').slice(0, 32)
  const path = join(parent, name)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const known = new Set(await readdir(path))
  for (const part of parts.filter(name => !known.has(name))) {
    await symlink(join(objects, part), join(path, part))
  }
  return path
}

/** Returns the directories of objects that `linkObjects` has linked; those that are elsewhere by now are left out. */
export async function findLenders(parent: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir(parent).catch(() => [])) {
    const [link] = await readdir(join(parent, name))
    if (link === undefined) continue
    const path = dirname(await readlink(join(parent, name, link)))
    if ((await realPathOf(path)) === path) found.push(path)
  }
  return found
}
