import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { isInside } from '../../lib/paths.ts'
import type { NoSnapshot, WorkspaceRoots } from '../../sessions/ports/index.ts'
import { copyRegularFile, readRegularFile } from '../files/regular-file.ts'
import { toConfig } from '../git/borrowed-repository.ts'
import type { GitReach } from '../git/git-box.ts'
import type { Git, GitCommand, GitResult } from '../git/git-command.ts'
import { findRepository, type Repository } from '../git/git-repository.ts'
import { type RunGit, skipNestedRepositories } from '../git/nested-repositories.ts'
import { findLenders, linkObjects, listObjectDirectories } from '../git/object-directories.ts'
import { RepositoryRefused } from '../git/repository-refused.ts'
import { RepositoryZone, type ZoneDirectories } from '../git/repository-zone.ts'
import { findBlocking } from '../git/work-tree-watch.ts'

const treeTimeoutMs = 30_000
const maxIndexBytes = 512 * 1024 * 1024
const maxExcludeBytes = 1024 * 1024
/** The format of a snapshot repository's directory; directories with another format are set up again. */
const format = 'linked'

export type TreeResult = { tree: string } | { missing: NoSnapshot; said?: string }

/**
 * The server's repository for snapshots beside the user's repository. It has its own index, settings and objects, so
 * the user's repository is never written to, and its settings are ignored: they may name programs, and Claude can
 * write them. Objects of the user's repository are borrowed, not copied (copying takes at least twice as long for
 * 20,000 files), so trees become unreadable if the user's repository loses objects.
 */
export class SnapshotRepository {
  readonly directory: string
  readonly #git: Git
  readonly #places: ZoneDirectories

  /** @param places where a repository may lie; reserved directories are never part of a snapshot */
  constructor(directory: string, git: Git, places: ZoneDirectories) {
    this.directory = directory
    this.#git = git
    this.#places = places
  }

  /** Stores the current working directory as a tree. Never rejects. */
  async writeTree(roots: WorkspaceRoots, signal?: AbortSignal): Promise<TreeResult> {
    const [cwd] = roots
    try {
      const zone = await RepositoryZone.open(this.#places, roots)
      const repository = await findRepository(cwd, zone)
      // A bare repository has no working tree, and its directory is not part of the session's files.
      if (!repository || repository.root === repository.gitDirectory) return { missing: 'no_repository' }
      await this.#prepare(repository, zone)
      const result = await this.#writeTree(repository, cwd, signal)
      if (!('said' in result) || !/invalid object|index file/.test(result.said ?? '')) return result
      // The index refers to lost borrowed objects. With an empty index all files are read again.
      await rm(join(this.directory, 'index'), { force: true })
      return await this.#writeTree(repository, cwd, signal)
    } catch (error) {
      const missing = error instanceof RepositoryRefused ? 'unsafe_repository' : 'failed'
      return { missing, said: String(error) }
    }
  }

  /** Runs git on the trees. */
  async run(
    args: readonly string[],
    command: Pick<GitCommand, 'maxBytes' | 'signal'> = {},
  ): Promise<GitResult> {
    const environment = { GIT_DIR: this.directory }
    const reach = await this.#reach()
    return this.#git.run(args, {
      ...command,
      cwd: this.directory,
      environment,
      reach,
      timeoutMs: treeTimeoutMs,
    })
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
      // The server's own directories are passed literally, not as patterns.
      environment: { GIT_DIR: this.directory, GIT_WORK_TREE: root, GIT_LITERAL_PATHSPECS: '0' },
      timeoutMs: treeTimeoutMs,
      signal,
      reach: await this.#reach(root),
    }
    const run = (args: readonly string[], input?: Buffer) =>
      this.#git.run(args, input ? { ...command, input } : command)
    const unfinished = join(this.directory, 'unfinished')
    await writeFile(unfinished, '')
    // Files that are unreadable or removed meanwhile are left out.
    const add = ['add', '--all', '--ignore-errors', '--', '.', ...this.#hiddenIn(root)]
    const watch = (stop: AbortSignal) => findBlocking(root, cwd, stop)
    let added = await this.#git.run(add, { ...command, watch })
    if (/^fatal: .*encod/m.test(added.stderr) && (await this.#ignoreEncodings())) {
      added = await this.#git.run(add, { ...command, watch })
    }
    if (added.missing) return { missing: 'git_not_installed' }
    if (added.ended === 'blocked') return { missing: 'unsafe_repository', said: added.stderr }
    // A directory that the repository ignores is not part of the snapshot.
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
   * Turns off `working-tree-encoding`, because git fails for all files if one does not match its declared encoding. From
   * then on files are stored byte by byte. @returns whether this is new
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
    // A killed git may have left the lock; no other process works here.
    await rm(join(this.directory, 'index.lock'), { force: true })
    const mark = join(this.directory, 'of-repository')
    const known = await readIfThere(mark)
    const objects = join(commonDirectory, 'objects')
    const rules = await readRegularFile(join(commonDirectory, 'info', 'exclude'), maxExcludeBytes)
    const current = [objectFormat, format, root, commonDirectory, await readState(objects)].join('\n')
    // Trees describe the working directory, so they stay comparable if its repository changes.
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

  /** Keeps earlier alternates, from which older trees borrow. */
  async #borrow(objects: string, zone: RepositoryZone): Promise<void> {
    const list = join(this.directory, 'lenders.json')
    const known = z.array(z.string()).safeParse(parseJson(await readIfThere(list))).data ?? []
    const lenders = [...new Set([...known, objects])]
    const alternates: string[] = []
    for (const lender of lenders) {
      const directories = await listObjectDirectories(lender, zone).catch(error => {
        // Unreadable objects affect only older trees.
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

  /** Starts with the user's index, so that files with known sizes and times need not be read. */
  async #seed({ root, gitDirectory, objectFormat }: Repository): Promise<void> {
    const mine = join(this.directory, 'index')
    if (!(await copyRegularFile(join(gitDirectory, 'index'), mine, maxIndexBytes))) return
    const command = {
      cwd: root,
      environment: { GIT_DIR: this.directory, GIT_WORK_TREE: root },
      timeoutMs: treeTimeoutMs,
      reach: await this.#reach(root),
    }
    const run = (args: readonly string[], input?: Buffer) =>
      this.#git.run(args, input ? { ...command, input } : command)
    const isUsable = (await watchAll(run)) && (await skipNestedRepositories(root, objectFormat, run))
    // Other kinds of index (a split index) are not supported: start with an empty one.
    if (!isUsable) await rm(mine, { force: true })
  }

  /** Git can change objects and the index here, but nothing that says where git looks for more. */
  async #reach(...readable: string[]): Promise<GitReach> {
    const fixed = ['lenders', 'lenders.json', 'config', 'info', 'objects/info', 'of-repository']
    return {
      own: [this.directory],
      fixed: fixed.map(name => join(this.directory, name)),
      writable: [],
      readable: [...readable, ...(await findLenders(join(this.directory, 'lenders')))],
    }
  }

  #hiddenIn(root: string): string[] {
    const inside = this.#places.reserved.filter(path => path !== root && isInside(root, path))
    return inside.map(path => `:(top,exclude,literal)${relative(root, path)}`)
  }
}

/** Clears flags that keep git from comparing entries with the disk, because a snapshot must match the disk. */
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
 * Returns an id that changes when objects may have been lost and the index must be rebuilt: after the repository was
 * replaced by a new one, or repacked, which drops unreferenced objects.
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
