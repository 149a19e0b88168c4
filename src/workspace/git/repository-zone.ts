import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isInside } from '../../lib/paths.ts'
import { isFsError } from '../files/file-errors.ts'
import { realPathOf } from '../files/regular-file.ts'
import { RepositoryRefused } from './repository-refused.ts'

export interface ZoneDirectories {
  allowedRoots: readonly string[]
  /** The server's own directories, which are refused even inside an allowed root. */
  reserved: readonly string[]
}

/** The directories that may contain a repository and everything that it refers to. */
export class RepositoryZone {
  readonly #roots: readonly string[]
  readonly #reserved: readonly string[]
  readonly #own: readonly string[]

  private constructor(roots: readonly string[], reserved: readonly string[], own: readonly string[]) {
    this.#roots = roots
    this.#reserved = reserved
    this.#own = own
  }

  /** @param own the session's directories as real paths, which are allowed even inside a reserved directory */
  static async open(
    { allowedRoots, reserved }: ZoneDirectories,
    own: readonly string[] = [],
  ): Promise<RepositoryZone> {
    const real = (paths: readonly string[]) =>
      Promise.all(paths.map(async path => (await realPathOf(path)) ?? path))
    return new RepositoryZone(await real(allowedRoots), await real(reserved), own)
  }

  /** @param path a real path */
  contains(path: string): boolean {
    if (this.#own.some(directory => isInside(directory, path))) return true
    return this.#roots.some(root => isInside(root, path)) && !this.#isReserved(path)
  }

  /** Returns the highest directory in which to search for a repository. */
  ceilingOf(directory: string): string {
    const bases = this.#isReserved(directory) ? this.#own : this.#roots
    const above = bases.filter(base => isInside(base, directory))
    return above.sort((a, b) => a.length - b.length)[0] ?? directory
  }

  /**
   * Returns the real path of a directory that a repository refers to; undefined if it does not exist.
   * @throws RepositoryRefused if it is outside
   */
  async findDirectory(path: string): Promise<string | undefined> {
    const real = await realPathOf(path)
    // The response must not reveal whether the directory exists.
    if (!this.contains(real ?? path)) {
      const parent = real === undefined && (await realPathOf(dirname(path)))
      if (!parent || !this.contains(parent)) {
        throw new RepositoryRefused('outside', path, 'lies outside the allowed directories')
      }
    }
    if (real === undefined) return undefined
    try {
      return (await stat(real)).isDirectory() ? real : undefined
    } catch (error) {
      if (isFsError(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    }
  }

  #isReserved(path: string): boolean {
    return this.#reserved.some(directory => isInside(directory, path))
  }
}
