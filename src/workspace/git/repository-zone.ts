import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isFsError } from '../files/file-errors.ts'
import { realPathOf } from '../files/regular-file.ts'
import { isInside } from '../files/safe-path.ts'
import { RepositoryRefused } from './repository-refused.ts'

export interface ZoneDirectories {
  allowedRoots: readonly string[]
  /** The server's own directories: refused although they may lie inside an allowed root. */
  reserved: readonly string[]
}

/** The directories that a repository and everything that it refers to may lie in. */
export class RepositoryZone {
  readonly #roots: readonly string[]
  readonly #reserved: readonly string[]
  readonly #own: readonly string[]

  private constructor(roots: readonly string[], reserved: readonly string[], own: readonly string[]) {
    this.#roots = roots
    this.#reserved = reserved
    this.#own = own
  }

  /** @param own the session's directories, as real paths: allowed also inside a reserved one */
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

  /** The highest directory above this one in which a repository is looked for. */
  ceilingOf(directory: string): string {
    const bases = this.#isReserved(directory) ? this.#own : this.#roots
    const above = bases.filter(base => isInside(base, directory))
    return above.sort((a, b) => a.length - b.length)[0] ?? directory
  }

  /**
   * The real path of a directory that a repository refers to; undefined when there is no directory.
   * @throws RepositoryRefused when it lies outside
   */
  async findDirectory(path: string): Promise<string | undefined> {
    const real = await realPathOf(path)
    // The answer must not tell whether anything is there.
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
