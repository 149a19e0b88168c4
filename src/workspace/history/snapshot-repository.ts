import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import type { NoSnapshot, WorkspaceRoots } from '../../sessions/ports/index.ts'
import { copyRegularFile, readRegularFile } from '../files/regular-file.ts'
import { isInside } from '../files/safe-path.ts'
import { toConfig } from '../git/borrowed-repository.ts'
import type { Git, GitCommand, GitResult } from '../git/git-command.ts'
import { findRepository, type Repository } from '../git/git-repository.ts'
import { type RunGit, skipNestedRepositories } from '../git/nested-repositories.ts'
import { linkObjects, listObjectDirectories } from '../git/object-directories.ts'
import { RepositoryRefused } from '../git/repository-refused.ts'
import { RepositoryZone, type ZoneDirectories } from '../git/repository-zone.ts'
import { findBlocking } from '../git/work-tree-watch.ts'

const treeTimeoutMs = 30_000
const maxIndexBytes = 512 * 1024 * 1024
const maxExcludeBytes = 1024 * 1024
/** Of the directory of a snapshot repository; one of another format is prepared anew. */
const format = 'linked'

export type TreeResult = { tree: string } | { missing: NoSnapshot; said?: string }

/**
 * A repository of our own beside that of the user, with whose objects it begins. It has its own index, settings
 * and objects, so that nothing of the user's is written to, and no setting of theirs is obeyed: those may name
 * programs to run, and Claude can write them. What the user's has is borrowed, not copied (for 20,000 files that
 * would take at least twice as long), so trees cannot be read any more when it loses objects.
 */
export class SnapshotRepository {
  readonly directory: string
  readonly #git: Git
  readonly #places: ZoneDirectories

  /** @param places where a repository may lie; what is reserved is never part of a snapshot */
  constructor(directory: string, git: Git, places: ZoneDirectories) {
    this.directory = directory
    this.#git = git
    this.#places = places
  }

  /** Keeps what the working directory is now as a tree. Never rejects. */
  async writeTree(roots: WorkspaceRoots, signal?: AbortSignal): Promise<TreeResult> {
    const [cwd] = roots
    try {
      const zone = await RepositoryZone.open(this.#places, roots)
      const repository = await findRepository(cwd, zone)
      // A bare one has no working tree, and what is in its directory is not ours to look at.
      if (!repository || repository.root === repository.gitDirectory) return { missing: 'no_repository' }
      await this.#prepare(repository, zone)
      const result = await this.#writeTree(repository, cwd, signal)
      if (!('said' in result) || !/invalid object|index file/.test(result.said ?? '')) return result
      // The index names objects that were borrowed and are gone: with an empty one all files are read again.
      await rm(join(this.directory, 'index'), { force: true })
      return await this.#writeTree(repository, cwd, signal)
    } catch (error) {
      const missing = error instanceof RepositoryRefused ? 'unsafe_repository' : 'failed'
      return { missing, said: String(error) }
    }
  }

  /** Asks git about the trees. */
  run(args: readonly string[], command: Pick<GitCommand, 'maxBytes' | 'signal'> = {}): Promise<GitResult> {
    const environment = { GIT_DIR: this.directory }
    return this.#git.run(args, { ...command, cwd: this.directory, environment, timeoutMs: treeTimeoutMs })
  }

  async exists(): Promise<boolean> {
    return (await stat(join(this.directory, 'HEAD')).catch(() => undefined)) !== undefined
  }

  async #writeTree(
    { root, objectFormat }: Repository,
    cwd: string,
    signal?: AbortSignal,
  ): Promise<TreeResult> {
    const command: GitCommand = {
      cwd,
      // The server's own directories are named as what they are, not as patterns.
      environment: { GIT_DIR: this.directory, GIT_WORK_TREE: root, GIT_LITERAL_PATHSPECS: '0' },
      timeoutMs: treeTimeoutMs,
      signal,
    }
    const run = (args: readonly string[], input?: Buffer) =>
      this.#git.run(args, input ? { ...command, input } : command)
    const unfinished = join(this.directory, 'unfinished')
    await writeFile(unfinished, '')
    // A file that cannot be read, or that goes while it is looked at, is left out.
    const add = ['add', '--all', '--ignore-errors', '--', '.', ...this.#hiddenIn(root)]
    const watch = (stop: AbortSignal) => findBlocking(root, cwd, stop)
    let added = await this.#git.run(add, { ...command, watch })
    if (/^fatal: .*encod/m.test(added.stderr) && (await this.#ignoreEncodings())) {
      added = await this.#git.run(add, { ...command, watch })
    }
    if (added.missing) return { missing: 'git_not_installed' }
    if (added.ended === 'blocked') return { missing: 'unsafe_repository', said: added.stderr }
    // A directory that the repository ignores is not part of it.
    if (/paths are ignored by one of your/.test(added.stderr)) return { missing: 'no_repository' }
    if (added.code !== 0 && added.code !== 1) return failed(added)
    if (/adding embedded git repository/.test(added.stderr)) {
      if (!(await skipNestedRepositories(root, objectFormat, run))) return { missing: 'failed' }
    }
    await rm(unfinished, { force: true })
    const prefix = relative(root, cwd)
    const written = await run(['write-tree', ...(prefix === '' ? [] : [`--prefix=${prefix}/`])])
    if (written.code === 0) return { tree: written.stdout.toString().trim() }
    if (!/prefix .* not found/s.test(written.stderr)) return failed(written)
    const empty = await this.#git.run(['mktree'], { ...command, input: '' })
    if (empty.code === 0) return { tree: empty.stdout.toString().trim() }
    return failed(empty)
  }

  /**
   * Git gives up on all files when one does not fit the encoding that the attribute `working-tree-encoding` says it
   * has. From then on files are kept byte by byte. @returns whether that is new
   */
  async #ignoreEncodings(): Promise<boolean> {
    const attributes = join(this.directory, 'info/attributes')
    const rule = '* !working-tree-encoding\n'
    if ((await readIfThere(attributes)) === rule) return false
    await writeFile(attributes, rule)
    return true
  }

  async #prepare(repository: Repository, zone: RepositoryZone): Promise<void> {
    const { root, commonDirectory, objectFormat } = repository
    // One that was left by a git that was killed; nobody else works here.
    await rm(join(this.directory, 'index.lock'), { force: true })
    const mark = join(this.directory, 'of-repository')
    const known = await readIfThere(mark)
    const objects = join(commonDirectory, 'objects')
    const rules = await readRegularFile(join(commonDirectory, 'info', 'exclude'), maxExcludeBytes)
    const current = [objectFormat, format, root, commonDirectory, await readState(objects)].join('\n')
    // Trees are of the working directory, so they can be compared whichever repository it has come to lie in.
    if (!known.startsWith(`${objectFormat}\n`)) await rm(this.directory, { recursive: true, force: true })
    for (const part of ['objects/info', 'refs', 'info']) {
      await mkdir(join(this.directory, part), { recursive: true, mode: 0o700 })
    }
    await this.#borrow(objects, zone)
    await writeFile(join(this.directory, 'info/exclude'), rules ?? '')
    const isWhole = (await stat(join(this.directory, 'unfinished')).catch(() => undefined)) === undefined
    if (known === current && isWhole) return
    await writeFile(join(this.directory, 'config'), toConfig(objectFormat))
    await writeFile(join(this.directory, 'HEAD'), 'ref: refs/heads/none\n')
    await rm(join(this.directory, 'index'), { force: true })
    await this.#seed(repository)
    await writeFile(mark, current)
  }

  /** Older trees borrow from where the working directory was before. */
  async #borrow(objects: string, zone: RepositoryZone): Promise<void> {
    const list = join(this.directory, 'lenders.json')
    const known = z.array(z.string()).safeParse(parseJson(await readIfThere(list))).data ?? []
    const lenders = [...new Set([...known, objects])]
    const alternates: string[] = []
    for (const lender of lenders) {
      const directories = await listObjectDirectories(lender, zone).catch(error => {
        // What is no longer to be read is missing from older trees alone.
        if (lender === objects) throw error
        return []
      })
      for (const directory of directories) {
        alternates.push(await linkObjects(directory, join(this.directory, 'lenders')))
      }
    }
    await writeFile(join(this.directory, 'objects/info/alternates'), `${alternates.join('\n')}\n`)
    if (lenders.length > known.length) await writeFile(list, JSON.stringify(lenders))
  }

  /** What the user's index knows of sizes and times of files does not have to be read again. */
  async #seed({ root, gitDirectory, objectFormat }: Repository): Promise<void> {
    const mine = join(this.directory, 'index')
    if (!(await copyRegularFile(join(gitDirectory, 'index'), mine, maxIndexBytes))) return
    const command = {
      cwd: root,
      environment: { GIT_DIR: this.directory, GIT_WORK_TREE: root },
      timeoutMs: treeTimeoutMs,
    }
    const run = (args: readonly string[], input?: Buffer) =>
      this.#git.run(args, input ? { ...command, input } : command)
    const isUsable = (await watchAll(run)) && (await skipNestedRepositories(root, objectFormat, run))
    // One of another kind (a split index) is not understood here: begin with an empty one.
    if (!isUsable) await rm(mine, { force: true })
  }

  #hiddenIn(root: string): string[] {
    const inside = this.#places.reserved.filter(path => path !== root && isInside(root, path))
    return inside.map(path => `:(top,exclude,literal)${relative(root, path)}`)
  }
}

/** Entries that git is told not to compare with the disk: a snapshot is what is on the disk. */
async function watchAll(run: RunGit): Promise<boolean> {
  const listed = await run(['ls-files', '-v', '-z'])
  if (listed.code !== 0) return false
  const entries = listed.stdout
    .toString('latin1')
    .split('\0')
    .filter(entry => entry !== '')
  const unwatched = entries.filter(([flag = '']) => flag === 'S' || flag !== flag.toUpperCase())
  if (unwatched.length === 0) return true
  const input = Buffer.from(unwatched.map(entry => `${entry.slice(2)}\0`).join(''), 'latin1')
  for (const flag of ['--no-skip-worktree', '--no-assume-unchanged']) {
    if ((await run(['update-index', flag, '-z', '--stdin'], input)).code !== 0) return false
  }
  return true
}

/**
 * Becomes another one when objects may have gone, so that the index has to be made anew: the repository was replaced
 * by a new one in the same place, or what is in it was packed anew, which leaves out what nothing refers to.
 */
async function readState(objects: string): Promise<string> {
  const packs = await stat(join(objects, 'pack'), { bigint: true }).catch(() => undefined)
  return packs ? `${packs.ino} ${packs.mtimeNs}` : ''
}

function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function failed({ stderr, ended }: GitResult): TreeResult {
  return { missing: 'failed', said: ended ?? stderr }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
