import { appendFile, copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { NoSnapshot, WorkspaceRoots } from '../sessions/ports.ts'
import type { Git, GitCommand, GitResult } from './git-command.ts'
import { findRepository, type Repository } from './git-repository.ts'
import { isInside } from './safe-path.ts'

const treeTimeoutMs = 30_000

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
  readonly #hidden: readonly string[]

  /** @param hidden directories that are never part of a snapshot */
  constructor(directory: string, git: Git, hidden: readonly string[]) {
    this.directory = directory
    this.#git = git
    this.#hidden = hidden
  }

  /** Keeps what the working directory is now as a tree. Never rejects. */
  async writeTree([cwd]: WorkspaceRoots, signal?: AbortSignal): Promise<TreeResult> {
    try {
      const repository = await findRepository(cwd)
      if (!repository) return { missing: 'no_repository' }
      await this.#prepare(repository)
      const result = await this.#writeTree(repository, cwd, signal)
      if (!('said' in result) || !/invalid object|index file/.test(result.said ?? '')) return result
      // The index names objects that were borrowed and are gone: with an empty one all files are read again.
      await rm(join(this.directory, 'index'), { force: true })
      return await this.#writeTree(repository, cwd, signal)
    } catch (error) {
      return { missing: 'failed', said: String(error) }
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
    { root, commonDirectory }: Repository,
    cwd: string,
    signal?: AbortSignal,
  ): Promise<TreeResult> {
    const command = {
      cwd,
      environment: { GIT_DIR: this.directory, GIT_WORK_TREE: root },
      timeoutMs: treeTimeoutMs,
      signal,
    }
    const excludes = ['-c', `core.excludesFile=${join(commonDirectory, 'info', 'exclude')}`]
    // A file that cannot be read, or that goes while it is looked at, is left out.
    const add = [...excludes, 'add', '--all', '--ignore-errors', '--', '.']
    let added = await this.#git.run(add, command)
    if (/^fatal: .*encod/m.test(added.stderr) && (await this.#ignoreEncodings())) {
      added = await this.#git.run(add, command)
    }
    if (added.missing) return { missing: 'git_not_installed' }
    // A directory that the repository ignores is not part of it.
    if (/paths are ignored by one of your/.test(added.stderr)) return { missing: 'no_repository' }
    if (added.code !== 0 && added.code !== 1) return failed(added)
    const prefix = relative(root, cwd)
    const written = await this.#git.run(
      ['write-tree', ...(prefix === '' ? [] : [`--prefix=${prefix}/`])],
      command,
    )
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

  async #prepare({ root, gitDirectory, commonDirectory, objectFormat }: Repository): Promise<void> {
    // One that was left by a git that was killed; nobody else works here.
    await rm(join(this.directory, 'index.lock'), { force: true })
    const mark = join(this.directory, 'of-repository')
    const known = await readIfThere(mark)
    const objects = join(commonDirectory, 'objects')
    const current = [objectFormat, root, commonDirectory, await readState(objects)].join('\n')
    if (known === current) return
    // Trees are of the working directory, so they can be compared whichever repository it has come to lie in.
    if (!known.startsWith(`${objectFormat}\n`)) await rm(this.directory, { recursive: true, force: true })
    for (const part of ['objects/info', 'refs', 'info']) {
      await mkdir(join(this.directory, part), { recursive: true, mode: 0o700 })
    }
    const alternates = join(this.directory, 'objects/info/alternates')
    // Older trees borrow from where the working directory was before.
    const lenders = (await readIfThere(alternates)).split('\n')
    if (!lenders.includes(objects)) await appendFile(alternates, `${objects}\n`)
    await writeFile(join(this.directory, 'info/exclude'), this.#exclude(root))
    await writeFile(join(this.directory, 'config'), toConfig(objectFormat))
    await writeFile(join(this.directory, 'HEAD'), 'ref: refs/heads/none\n')
    await rm(join(this.directory, 'index'), { force: true })
    await this.#seed(join(gitDirectory, 'index'), root)
    await writeFile(mark, current)
  }

  /** What the user's index knows of sizes and times of files does not have to be read again. */
  async #seed(index: string, root: string): Promise<void> {
    const mine = join(this.directory, 'index')
    await copyFile(index, mine).catch(() => undefined)
    const command = {
      cwd: root,
      environment: { GIT_DIR: this.directory, GIT_WORK_TREE: root },
      timeoutMs: treeTimeoutMs,
    }
    const listed = await this.#git.run(['ls-files', '-v', '-z'], command)
    if (listed.code !== 0) {
      // One of another kind (a split index) is not understood here: begin with an empty one.
      await rm(mine, { force: true })
      return
    }
    // Entries that git is told not to compare with the disk: a snapshot is what is on the disk.
    const entries = listed.stdout
      .toString('latin1')
      .split('\0')
      .filter(entry => entry !== '')
    const unwatched = entries.filter(([flag = '']) => flag === 'S' || flag !== flag.toUpperCase())
    if (unwatched.length === 0) return
    const input = Buffer.from(unwatched.map(entry => `${entry.slice(2)}\0`).join(''), 'latin1')
    for (const flag of ['--no-skip-worktree', '--no-assume-unchanged']) {
      const { code } = await this.#git.run(['update-index', flag, '-z', '--stdin'], { ...command, input })
      if (code !== 0) await rm(mine, { force: true })
    }
  }

  #exclude(root: string): string {
    const inside = this.#hidden.filter(path => path !== root && isInside(root, path))
    return inside.map(path => `/${relative(root, path).replace(/[\\*?[\]!# ]/g, '\\$&')}\n`).join('')
  }
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

function toConfig(objectFormat: Repository['objectFormat']): string {
  const sha256 = objectFormat === 'sha256'
  return [
    '[core]',
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    '\tbare = false',
    '\tlooseCompression = 1',
    '\tquotePath = false',
    ...(sha256 ? ['[extensions]', '\tobjectformat = sha256'] : []),
    '',
  ].join('\n')
}
