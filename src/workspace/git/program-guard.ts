import { lstat, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ServiceError } from '../../contract/errors.ts'
import { isInside } from '../../lib/paths.ts'
import type { WorkspaceRoots } from '../../sessions/ports/index.ts'
import { isProgramPath, type PathKind } from './program-paths.ts'

/** Whether the owner allows programs to be started from a real path. */
export type IsTrusted = (path: string) => boolean

const linkNames = ['.git', '.claude', '.mcp.json']

/** Keeps callers from changing files that git or Claude Code would run, except in trusted directories. */
export class ProgramGuard {
  readonly #tops: readonly string[]
  readonly #roots: WorkspaceRoots
  readonly #isTrusted: IsTrusted

  /**
   * @param tops real paths below which names are checked; names above them are the owner's choice
   * @param roots the session's directories
   */
  constructor(tops: readonly string[], roots: WorkspaceRoots, isTrusted: IsTrusted) {
    this.#tops = tops
    this.#roots = roots
    this.#isTrusted = isTrusted
  }

  /**
   * @param path the real path, which need not exist
   * @param asked the requested path, which may contain links
   * @throws ServiceError `PATH_NOT_ALLOWED`
   */
  async require(path: string, kind: PathKind, asked: string): Promise<void> {
    if (!(await this.#allows(path, kind, asked))) throw mayRun(asked)
  }

  /** Same as `require`, for a file by its real path. */
  allows(path: string): Promise<boolean> {
    return this.#allows(path, 'file', path)
  }

  async #allows(path: string, kind: PathKind, asked: string): Promise<boolean> {
    if (this.#isTrusted(path)) return true
    if (this.isProgram(path, kind) || this.isProgram(resolve(this.#roots[0], asked), kind)) return false
    if (await this.#isLinkedTo(path)) return false
    return !(await this.#isOfGitDirectory(kind === 'file' ? path : join(path, '-')))
  }

  /** Checks the name only. */
  isProgram(path: string, kind: PathKind): boolean {
    const names = this.#namesOf(path)
    return names !== undefined && isProgramPath(names, kind)
  }

  /** @throws ServiceError if a path in a removed tree must not be removed */
  requireName(path: string, kind: PathKind, asked: string): void {
    if (this.isProgram(path, kind) && !this.#isTrusted(path)) throw mayRun(asked)
  }

  #namesOf(path: string): string[] | undefined {
    const tops = [...this.#tops, ...this.#roots].filter(top => isInside(top, path))
    const top = tops.sort((a, b) => a.length - b.length)[0]
    return top === undefined ? undefined : path.slice(top.length).split('/').filter(Boolean)
  }

  /** Resolves links named `.claude` or the like beside the path or in a directory above it. */
  async #isLinkedTo(path: string): Promise<boolean> {
    for (const directory of new Set([...this.#above(path), ...this.#roots])) {
      for (const name of linkNames) {
        const link = join(directory, name)
        if (!(await isLink(link))) continue
        const target = await realpath(link).catch(() => undefined)
        if (target === undefined || !isInside(target, path)) continue
        const rest = path.slice(target.length).split('/').filter(Boolean)
        if (isProgramPath([name, ...rest], 'file')) return true
      }
    }
    return false
  }

  /** Detects git directories of any name, including those that the write would complete. */
  async #isOfGitDirectory(path: string): Promise<boolean> {
    for (const directory of this.#above(path)) {
      const [next = ''] = path.slice(directory.length).split('/').filter(Boolean)
      const has = async (name: string) => name === next || (await exists(join(directory, name)))
      if (!(await has('HEAD'))) continue
      if ((await has('commondir')) || ((await has('objects')) && (await has('refs')))) return true
    }
    return false
  }

  /** Returns the directories from the parent of the path up to the top. */
  #above(path: string): string[] {
    const count = this.#namesOf(path)?.length ?? 0
    const above: string[] = []
    for (let here = path; above.length < count; ) {
      here = dirname(here)
      above.push(here)
    }
    return above
  }
}

function mayRun(asked: string): ServiceError<'PATH_NOT_ALLOWED'> {
  return new ServiceError(
    'PATH_NOT_ALLOWED',
    `${JSON.stringify(asked)} must not be changed: programs are started from it, and its directory is not in trustedRoots`,
  )
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    stats => stats.isSymbolicLink(),
    () => false,
  )
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
