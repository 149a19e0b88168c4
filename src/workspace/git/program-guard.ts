import { lstat, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ServiceError } from '../../contract/errors.ts'
import type { WorkspaceRoots } from '../../sessions/ports/index.ts'
import { isInside } from '../files/safe-path.ts'
import { isProgramPath, type PathKind } from './program-paths.ts'

/** Says of a real path that its owner lets programs be taken from there. */
export type IsTrusted = (path: string) => boolean

const linkNames = ['.git', '.claude', '.mcp.json']

/** Keeps callers from writing and removing what git or Claude Code would run, in directories that are not trusted. */
export class ProgramGuard {
  readonly #tops: readonly string[]
  readonly #roots: WorkspaceRoots
  readonly #isTrusted: IsTrusted

  /**
   * @param tops real paths from which paths are judged; what is above them is the owner's choice
   * @param roots the session's directories
   */
  constructor(tops: readonly string[], roots: WorkspaceRoots, isTrusted: IsTrusted) {
    this.#tops = tops
    this.#roots = roots
    this.#isTrusted = isTrusted
  }

  /**
   * @param path where it really is, or is to be
   * @param asked by the caller, who may have come through a link
   * @throws ServiceError `PATH_NOT_ALLOWED`
   */
  async require(path: string, kind: PathKind, asked: string): Promise<void> {
    if (!(await this.#allows(path, kind, asked))) throw mayRun(asked)
  }

  /** As `require`, of a file by its real path. */
  allows(path: string): Promise<boolean> {
    return this.#allows(path, 'file', path)
  }

  async #allows(path: string, kind: PathKind, asked: string): Promise<boolean> {
    if (this.#isTrusted(path)) return true
    if (this.isProgram(path, kind) || this.isProgram(resolve(this.#roots[0], asked), kind)) return false
    if (await this.#isLinkedTo(path)) return false
    return !(await this.#isOfGitDirectory(kind === 'file' ? path : join(path, '-')))
  }

  /** By its name alone. */
  isProgram(path: string, kind: PathKind): boolean {
    const names = this.#namesOf(path)
    return names !== undefined && isProgramPath(names, kind)
  }

  /** @throws ServiceError when the path, in what is removed, must not be */
  requireName(path: string, kind: PathKind, asked: string): void {
    if (this.isProgram(path, kind) && !this.#isTrusted(path)) throw mayRun(asked)
  }

  #namesOf(path: string): string[] | undefined {
    const tops = [...this.#tops, ...this.#roots].filter(top => isInside(top, path))
    const top = tops.sort((a, b) => a.length - b.length)[0]
    return top === undefined ? undefined : path.slice(top.length).split('/').filter(Boolean)
  }

  /** What `.claude`, or the like, beside the path or in one of the directories above leads to. */
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

  /** A repository's directory may have any name. One is also made by writing its last missing part. */
  async #isOfGitDirectory(path: string): Promise<boolean> {
    for (const directory of this.#above(path)) {
      const [next = ''] = path.slice(directory.length).split('/').filter(Boolean)
      const has = async (name: string) => name === next || (await exists(join(directory, name)))
      if (!(await has('HEAD'))) continue
      if ((await has('commondir')) || ((await has('objects')) && (await has('refs')))) return true
    }
    return false
  }

  /** From the directory that the path is in up to where paths are judged from. */
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
