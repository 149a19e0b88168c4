import type { BigIntStats } from 'node:fs'
import { readlink, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isInside } from '../../lib/paths.ts'
import type { WorkspaceRoots } from '../../sessions/ports/index.ts'
import { Directory, type DirectoryAccess, hasDescriptorPaths } from '../provisioning/directory.ts'
import { isFsError, noSuchFile, notAllowed } from './file-errors.ts'
import { type FileName, fromShownName, toShownTarget } from './file-name.ts'

/** The limit of links, as on Linux. */
const maxLinks = 40
/** The limit of levels, each of which is held open while a path is walked. */
const maxLevels = 256

/** The directories that paths may lead to. */
export interface Scope extends DirectoryAccess {
  roots: WorkspaceRoots
}

/** Nothing inside the roots is forbidden. */
export function scopeOf(roots: WorkspaceRoots): Scope {
  return { roots, pinned: hasDescriptorPaths, isForbidden: () => false }
}

/** The target of a path: a directory, or a name in one. Must be closed. */
export interface Place {
  /** The root that contains the target. */
  root: string
  /** The directory itself, the parent of the name, or the last existing directory on the way. */
  directory: Directory
  /** The real path of that directory. */
  directoryPath: string
  /** Empty: the directory itself. One: a name in it. More: directories that do not exist yet, and a name. */
  names: readonly string[]
  /** The state of the only name; undefined if it does not exist. */
  stats: BigIntStats | undefined
  /** The only name in the file system's form; `names` are escaped. */
  entry: FileName
  close(): Promise<void>
}

export interface WalkOptions {
  /** Whether a symbolic link at the end of the path is followed. Default: true. */
  followLast?: boolean
}

/**
 * Resolves a path without ever leaving the roots. The path is walked name by name: each directory is opened relative
 * to its parent, and no step follows a link; link targets are read and walked in the same way. So there is no moment
 * at which another program could redirect the walk outside.
 *
 * @param asked relative to the first root, or absolute
 * @throws ServiceError `PATH_NOT_ALLOWED` if the path leads out of the roots, whether or not the target exists;
 * `FILE_NOT_FOUND` if a part of the way is not a directory
 */
export async function walk(scope: Scope, asked: string, options: WalkOptions = {}): Promise<Place> {
  const walker = new Walker(scope, asked, options)
  try {
    return await walker.walk()
  } catch (error) {
    await walker.close()
    throw error
  }
}

class Walker {
  readonly #scope: Scope
  readonly #asked: string
  readonly #followLast: boolean
  /** The open directories from the root to the current one. */
  #trail: Directory[] = []
  #root = ''
  #rest: string[]
  #links = 0

  constructor(scope: Scope, asked: string, { followLast = true }: WalkOptions) {
    this.#scope = scope
    this.#asked = asked
    this.#followLast = followLast
    this.#rest = namesOf(asked)
  }

  async walk(): Promise<Place> {
    if (this.#asked.startsWith('/')) await this.#enter('/', this.#rest)
    else await this.#openRoot(this.#scope.roots[0])
    for (let name = this.#rest.shift(); name !== undefined; name = this.#rest.shift()) {
      if (name === '..') {
        await this.#leave()
        continue
      }
      const found = await findEntry(this.#here, name)
      if (!found) return this.#arrive([name, ...this.#rest], undefined)
      const { stats, entry } = found
      const isLast = this.#rest.length === 0
      if (stats.isDirectory()) await this.#descend(entry)
      else if (stats.isSymbolicLink() && (this.#followLast || !isLast)) await this.#follow(entry)
      else if (isLast) return this.#arrive([name], stats, entry)
      else throw noSuchFile(this.#asked)
    }
    return this.#arrive([], undefined)
  }

  async close(): Promise<void> {
    const trail = this.#trail
    this.#trail = []
    await Promise.all(trail.map(directory => directory.close()))
  }

  get #here(): Directory {
    const here = this.#trail.at(-1)
    if (!here) throw new Error('the walk has not started')
    return here
  }

  async #descend(name: FileName): Promise<void> {
    if (this.#trail.length >= maxLevels) throw noSuchFile(this.#asked)
    this.#trail.push(await this.#here.openDirectory(name))
  }

  async #follow(name: FileName): Promise<void> {
    this.#links += 1
    if (this.#links > maxLinks) throw noSuchFile(this.#asked)
    const target = toShownTarget(await readlink(this.#here.at(name), { encoding: 'buffer' }))
    this.#rest.unshift(...namesOf(target))
    if (target.startsWith('/')) await this.#enter('/', this.#rest)
  }

  /** Goes up the way it came, even if the directory has been moved meanwhile. */
  async #leave(): Promise<void> {
    if (this.#trail.length > 1) await this.#trail.pop()?.close()
    else await this.#enter(dirname(this.#root), this.#rest)
  }

  /**
   * Continues outside the roots by names only, until they lead into a root. Nothing outside is inspected, except
   * whether its real path is inside a root.
   */
  async #enter(from: string, names: readonly string[]): Promise<void> {
    const way = this.#findWayIn(from, names) ?? (await this.#findRealWayIn(from, names))
    if (!way) throw notAllowed(this.#asked)
    this.#rest = [...way.rest]
    await this.#openRoot(way.root)
  }

  #findWayIn(from: string, names: readonly string[]): { root: string; rest: readonly string[] } | undefined {
    let outside = from
    for (let index = 0; index <= names.length; index++) {
      if (this.#scope.roots.includes(outside)) return { root: outside, rest: names.slice(index) }
      // `join` takes `..` back by name.
      outside = join(outside, names[index] ?? '')
    }
    return undefined
  }

  async #findRealWayIn(from: string, names: readonly string[]) {
    // The last name need not exist, and may be a link that must not be followed.
    const real = await realpath(join(from, ...names.slice(0, -1))).catch(() => undefined)
    return real === undefined ? undefined : this.#findWayIn('/', [...namesOf(real), ...names.slice(-1)])
  }

  async #openRoot(root: string): Promise<void> {
    await this.close()
    const directory = await Directory.open(root, this.#scope)
    this.#trail = [directory]
    this.#root = root
    // A directory above the root may have become a link since the root was configured.
    if ((await directory.realPath()) !== root) throw notAllowed(this.#asked)
  }

  async #arrive(
    names: readonly string[],
    stats: BigIntStats | undefined,
    entry: FileName = names[0] ?? '',
  ): Promise<Place> {
    const directory = this.#here
    const directoryPath = await requireInside(directory, this.#scope, this.#asked)
    this.#trail.pop()
    await this.close()
    return { root: this.#root, directory, directoryPath, names, stats, entry, close: () => directory.close() }
  }
}

/**
 * Finds a directory entry by its name as shown.
 * @param name a plain or an escaped name; if both exist, the plain name counts
 */
export async function findEntry(
  directory: Directory,
  name: string,
): Promise<{ entry: FileName; stats: BigIntStats } | undefined> {
  for (const entry of [name, fromShownName(name)]) {
    if (entry === undefined) continue
    try {
      return { entry, stats: await directory.lstat(entry) }
    } catch (error) {
      if (!isFsError(error, 'ENOENT')) throw error
    }
  }
  return undefined
}

/** Splits a path into names; empty names and dots are left out. */
function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}

/**
 * Checks that a directory was not moved out of the roots since it was found.
 *
 * @returns its current path
 */
export async function requireInside(directory: Directory, { roots }: Scope, asked: string): Promise<string> {
  const path = await directory.realPath()
  if (!roots.some(root => isInside(root, path))) throw notAllowed(asked)
  return path
}

export function absolutePathOf({ directoryPath, names }: Place): string {
  return [directoryPath === '/' ? '' : directoryPath, ...names].join('/') || '/'
}

/** Formats a path for the API: relative to the working directory if it is inside, otherwise absolute. */
export function toShownPath([cwd]: WorkspaceRoots, path: string): string {
  if (path === cwd) return ''
  return isInside(cwd, path) ? path.slice(cwd.endsWith('/') ? cwd.length : cwd.length + 1) : path
}
