import type { BigIntStats } from 'node:fs'
import { readlink, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { WorkspaceRoots } from '../../sessions/ports/index.ts'
import { Directory, type DirectoryAccess, hasDescriptorPaths } from '../provisioning/directory.ts'
import { isFsError, noSuchFile, notAllowed } from './file-errors.ts'
import { type FileName, fromShownName, toShownTarget } from './file-name.ts'

/** As many as Linux allows. */
const maxLinks = 40
/** Each level is held open while a path is walked. */
const maxLevels = 256

/** Where paths may lead. */
export interface Scope extends DirectoryAccess {
  roots: WorkspaceRoots
}

/** Nothing inside the roots is forbidden. */
export function scopeOf(roots: WorkspaceRoots): Scope {
  return { roots, pinned: hasDescriptorPaths, isForbidden: () => false }
}

/** Where a path leads: to a directory, or to a name in one. To be closed. */
export interface Place {
  /** The root that it lies in. */
  root: string
  /** The directory itself, or the one that the name is in, or the last one of the way that exists. */
  directory: Directory
  /** Where that directory is, as an absolute path without links. */
  directoryPath: string
  /** Empty: the directory itself. One: a name in it. More: directories that do not exist yet, and a name. */
  names: readonly string[]
  /** Of the only name; undefined when there is nothing of that name. */
  stats: BigIntStats | undefined
  /** The only name as the file system has it: `names` are as they are shown. */
  entry: FileName
  close(): Promise<void>
}

export interface WalkOptions {
  /** Whether a symbolic link at the end of the path is followed. Default: true. */
  followLast?: boolean
}

/**
 * Finds what a path leads to without ever leaving the roots. It is walked name by name, each directory is opened
 * in the one before it, and no step follows a link: what a link says is read, and walked in the same way. So
 * there is no moment in which something could be put in the way that leads out.
 *
 * @param asked relative to the first root, or absolute
 * @throws ServiceError `PATH_NOT_ALLOWED` when it leads out of the roots, whether or not anything is there;
 * `FILE_NOT_FOUND` when something on the way is no directory
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
  /** From the root to where we are. */
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
    if (!here) throw new Error('the walk has not begun')
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

  /** Goes up by the way that we came: where the directory has been moved to meanwhile does not matter. */
  async #leave(): Promise<void> {
    if (this.#trail.length > 1) await this.#trail.pop()?.close()
    else await this.#enter(dirname(this.#root), this.#rest)
  }

  /**
   * Goes on outside the roots, by names alone, until they lead into one. What is out there is not looked at,
   * but for one question: whether its real path is inside.
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
    // The last name need not exist, and may be a link that is not to be followed.
    const real = await realpath(join(from, ...names.slice(0, -1))).catch(() => undefined)
    return real === undefined ? undefined : this.#findWayIn('/', [...namesOf(real), ...names.slice(-1)])
  }

  async #openRoot(root: string): Promise<void> {
    await this.close()
    const directory = await Directory.open(root, this.#scope)
    this.#trail = [directory]
    this.#root = root
    // Something above the root may have become a link since the root was agreed upon.
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
 * What a directory has under a name as it is shown.
 * @param name the name itself, or that of bytes which are not UTF-8; where both are there, the name itself counts
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

/** Names of a path; what says nothing is left out. */
function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}

/** Both absolute and without links. */
export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`)
}

/**
 * A directory may have been moved away since it was found: what is in it is no longer the session's then.
 *
 * @returns where it is
 */
export async function requireInside(directory: Directory, { roots }: Scope, asked: string): Promise<string> {
  const path = await directory.realPath()
  if (!roots.some(root => isInside(root, path))) throw notAllowed(asked)
  return path
}

export function absolutePathOf({ directoryPath, names }: Place): string {
  return [directoryPath === '/' ? '' : directoryPath, ...names].join('/') || '/'
}

/** How the API names a path: relative to the working directory when it is in there, else absolute. */
export function toShownPath([cwd]: WorkspaceRoots, path: string): string {
  if (path === cwd) return ''
  return isInside(cwd, path) ? path.slice(cwd.endsWith('/') ? cwd.length : cwd.length + 1) : path
}
