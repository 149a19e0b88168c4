import type { Directory } from '../provisioning/directory.ts'
import { firstNames } from '../provisioning/directory-names.ts'
import { isFsError } from './file-errors.ts'
import type { FileName } from './file-name.ts'

/** The number of open levels; levels above them are opened again when the walk returns to them. */
const heldLevels = 32

export interface TreeWalkOptions {
  /** The number of a directory's names that are held in memory at a time. */
  batchSize: number
  kind?: 'anything' | 'directories'
  /** Gets all entries of each directory that the walk reads. @param way names of directories, from the top */
  onEntry?: (way: readonly FileName[], name: Buffer, isDirectory: boolean) => void
  /** Whether visited entries are removed, so that the first names of a directory are always the next ones. */
  consumes?: boolean
}

interface Level {
  /** The name in the level above. */
  name: FileName
  identity: string
  /** undefined: closed for now. */
  directory: Directory | undefined
  /** Names that were read but not visited, the next one last. */
  waiting: Buffer[]
  visited: Buffer | undefined
  isReadToEnd: boolean
}

/**
 * A walk through a tree of any depth, sorted by name, which keeps only the nearest directories open. Each directory is
 * opened relative to its parent, so that no link is ever followed, and the way up leads back to exactly the directory
 * from which it went down.
 */
export class TreeWalk {
  readonly #options: TreeWalkOptions
  readonly #levels: Level[]

  /** @param top stays open when the walk is closed */
  constructor(top: Directory, options: TreeWalkOptions) {
    this.#options = options
    this.#levels = [toLevel('', top)]
  }

  /** The current directory of the walk. */
  get here(): Directory {
    const { directory } = this.#level
    if (!directory) throw new Error('the walk is over')
    return directory
  }

  /** Returns the next entry of the current directory; undefined at its end. */
  async next(): Promise<Buffer | undefined> {
    const level = this.#level
    if (level.waiting.length === 0 && !level.isReadToEnd) await this.#read(level)
    const name = level.waiting.pop()
    if (name) level.visited = name
    return name
  }

  /** Enters a directory of the current one. @throws the errors of `openDirectory` */
  async enter(name: FileName): Promise<Directory> {
    const directory = await this.here.openDirectory(name)
    this.#levels.push(toLevel(name, directory))
    // The caller closes the top.
    const far = this.#levels.length - 1 - heldLevels
    const level = far > 0 ? this.#levels[far] : undefined
    if (level?.directory) {
      const { directory: left } = level
      Object.assign(level, { directory: undefined, waiting: [], isReadToEnd: false })
      await left.close()
    }
    return directory
  }

  /**
   * Returns to the directory above.
   *
   * @returns the name of the left directory there; undefined at the top
   * @throws ENOENT if the left directory was moved elsewhere
   */
  async leave(): Promise<FileName | undefined> {
    const left = this.#levels.length > 1 ? this.#levels.pop() : undefined
    if (!left) return undefined
    const above = this.#level
    try {
      above.directory ??= await left.directory?.openParent()
    } finally {
      await left.directory?.close()
    }
    if (this.here.identity === above.identity) return left.name
    throw Object.assign(new Error('a directory was moved away while its tree was walked'), { code: 'ENOENT' })
  }

  async close(): Promise<void> {
    for (const { directory } of this.#levels.splice(1)) await directory?.close()
  }

  get #level(): Level {
    const level = this.#levels.at(-1)
    if (!level) throw new Error('a walk has at least its top')
    return level
  }

  async #read(level: Level): Promise<void> {
    const { batchSize, kind, consumes = false, onEntry } = this.#options
    const way = this.#levels.slice(1).map(({ name }) => name)
    try {
      const after = consumes ? undefined : level.visited
      const names = await firstNames(this.here, batchSize, after, kind, (name, isDirectory) =>
        onEntry?.(way, name, isDirectory),
      )
      level.isReadToEnd = names.length < batchSize && !consumes
      level.waiting = names.reverse()
    } catch (error) {
      // Another program has removed it.
      if (!isFsError(error, 'ENOENT')) throw error
    }
  }
}

function toLevel(name: FileName, directory: Directory): Level {
  const { identity } = directory
  return { name, identity, directory, waiting: [], visited: undefined, isReadToEnd: false }
}
