import { lstat, mkdir, readdir, realpath, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { workspace as workspaceSchema } from '../../contract/workspace.ts'
import type { Log } from '../../lib/log.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type {
  AddressForwarder,
  OwnWorkspace,
  OwnWorkspaceRequest,
  WorkspaceProvider,
} from '../../sessions/ports/index.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { BorrowedRepository, type BorrowingParts } from '../git/borrowed-repository.ts'
import type { Git, GitResult } from '../git/git-command.ts'
import { toRefusal, workspaceFailed } from '../git/git-failure.ts'
import { openRepository, type Repository, requireOwned } from '../git/git-repository.ts'
import { RepositoryRefused } from '../git/repository-refused.ts'
import { RepositoryZone, type ZoneDirectories } from '../git/repository-zone.ts'
import { parseCloneSource } from './clone-source.ts'
import { cloneRepository } from './provision-clone.ts'
import { addWorktree, planWorktree, removeWorktree, type WorktreeParts } from './provision-worktree.ts'
import { removeHolder } from './remove-holder.ts'

/** The mark that identifies a directory as created by the server, with data for its removal. */
const markName = 'workspace.json'
const maxMarkBytes = 64 * 1024
export const holderName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const worktreeTimeoutMs = 120_000

export interface ProviderParts {
  tenantId: string
  /** The parent of the sessions' directories, which is created when it is needed. */
  directory: string
  git: Git
  /** The server's directory for git directories of single requests. */
  repositories: string
  /** The directories that may contain a local repository and everything that it refers to. */
  places: ZoneDirectories
  cloneUrls: readonly string[]
  cloneTimeoutMs: number
  /** Connects git to the servers of repositories; undefined: git connects directly. */
  forwarder?: AddressForwarder
  /** Returns the real path of a directory. @param field the field of the request @throws ServiceError */
  resolveDirectory(path: string, field: string): Promise<string>
  log: Pick<Log, 'warn'>
}

/**
 * Lists the holders below a provider's directory, including unfinished ones.
 *
 * @param madeBefore in milliseconds since 1970; later ones are left out
 */
export async function listHolders(directory: string, madeBefore: number): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  const holders = names.filter(name => holderName.test(name)).map(name => join(directory, name))
  if (madeBefore === Number.POSITIVE_INFINITY) return holders
  const stats = await Promise.all(holders.map(holder => lstat(holder).catch(() => undefined)))
  return holders.filter((_, index) => (stats[index]?.mtimeMs ?? Number.POSITIVE_INFINITY) < madeBefore)
}

/**
 * Creates directories for sessions; see the port `WorkspaceProvider`. Each lies in a holder, a directory named after its
 * session, beside the mark that identifies it as created by the server.
 */
export class LocalWorkspaceProvider implements WorkspaceProvider {
  readonly #parts: ProviderParts
  readonly #changes = new OneAtATime()

  constructor(parts: ProviderParts) {
    this.#parts = parts
  }

  async provide(request: OwnWorkspaceRequest, sessionId: string, signal: AbortSignal): Promise<OwnWorkspace> {
    const holder = join(await this.#open(), sessionId)
    try {
      return await this.#make(request, holder, sessionId, signal)
    } catch (error) {
      if (!(error instanceof RepositoryRefused)) throw error
      this.#parts.log.warn({ err: error }, 'repository refused')
      throw toRefusal(request.type === 'worktree' ? 'worktree' : 'git', error)
    }
  }

  async #make(
    request: OwnWorkspaceRequest,
    holder: string,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<OwnWorkspace> {
    const make = await this.#prepare(request, holder, sessionId, signal)
    try {
      return await make()
    } catch (error) {
      await removeHolder(holder)
      throw isDiskFull(error) && request.type !== 'empty' ? workspaceFailed(request.type, 'disk_full') : error
    }
  }

  undo(workspace: OwnWorkspace): Promise<void> {
    return this.#remove(workspace, 'delete_unchanged')
  }

  remove(workspace: OwnWorkspace): Promise<void> {
    const deletes = workspace.type === 'worktree' && workspace.deleteBranch
    return this.#remove(workspace, deletes ? 'delete' : 'keep')
  }

  /** Validates the request without creating anything. @returns the plan */
  async #prepare(
    request: OwnWorkspaceRequest,
    holder: string,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<() => Promise<OwnWorkspace>> {
    const { cloneUrls, cloneTimeoutMs, git, resolveDirectory, forwarder } = this.#parts
    if (request.type === 'empty') {
      const { type, removeOnEnd = false } = request
      const made: OwnWorkspace = { type, removeOnEnd, path: join(holder, 'workspace') }
      return async () => {
        await makeHolder(holder, made)
        await mkdir(made.path)
        return made
      }
    }
    if (request.type === 'git') {
      const resolve = (path: string) => resolveDirectory(path, 'workspace.url')
      const source = await parseCloneSource(request.url, cloneUrls, resolve)
      const local = source.protocol === 'file' ? await this.#openLocal(source.url) : undefined
      const forwarding = local
        ? undefined
        : await forwarder?.openClone(new URL(source.address), this.#parts.tenantId)
      const onFailure = this.#tell(source.url)
      const parts = { git, holder, timeoutMs: cloneTimeoutMs, signal, onFailure, forwarding }
      return async () => {
        const { removeOnEnd = false, depth = null, ref = null } = request
        const planned = {
          type: 'git' as const,
          path: holder,
          url: source.url,
          ref,
          depth,
          commit: null,
          removeOnEnd,
        }
        try {
          await makeHolder(holder, planned)
          const made = local
            ? await BorrowedRepository.use(local, await this.#borrowing(), ({ directory, reach }) =>
                cloneRepository(
                  request,
                  { ...source, address: pathToFileURL(directory).href },
                  { ...parts, reach },
                ),
              )
            : await cloneRepository(request, source, parts)
          await writeMark(holder, made)
          return made
        } finally {
          forwarding?.close()
        }
      }
    }
    const repository = await resolveDirectory(request.repository, 'workspace.repository')
    const parts = await this.#worktreeParts(repository)
    const plan = await planWorktree(request, repository, holder, sessionId, parts)
    return async () => {
      await makeHolder(holder, plan)
      await addWorktree(plan, parts, signal)
      return plan
    }
  }

  /** Returns the real path of the parent of the holders. */
  async #open(): Promise<string> {
    const { directory } = this.#parts
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return realpath(directory)
  }

  async #remove(workspace: OwnWorkspace, fate: 'delete' | 'delete_unchanged' | 'keep'): Promise<void> {
    const holder = await this.#findHolder(workspace)
    if (holder === undefined) return
    if (workspace.type === 'worktree') {
      const parts = await this.#worktreeParts(workspace.repository)
      await removeWorktree(workspace, parts, fate).catch(error => {
        // The server removes its directory even if the repository is gone.
        this.#parts.log.warn({ err: error }, 'worktree entry removal failed')
      })
    }
    await removeHolder(holder)
  }

  /** Removes only directories in the server's directory that are named after a session and have the mark. */
  async #findHolder({ path, type }: OwnWorkspace): Promise<string | undefined> {
    const own = await realpath(this.#parts.directory).catch(() => undefined)
    const holder = holderName.test(basename(path)) ? path : dirname(path)
    if (own === undefined || dirname(holder) !== own || !holderName.test(basename(holder))) return undefined
    const stats = await lstat(holder).catch(() => undefined)
    if (!stats?.isDirectory()) return undefined
    return (await readMark(holder))?.type === type ? holder : undefined
  }

  /** @throws ServiceError if the directory itself is not a repository */
  async #openLocal(directory: string): Promise<Repository> {
    const { zone } = await this.#borrowing()
    const repository = await openRepository(directory, zone)
    if (!repository) throw workspaceFailed('git', 'not_a_repository')
    await requireOwned(repository)
    return repository
  }

  async #borrowing(): Promise<BorrowingParts> {
    const { git, repositories, places } = this.#parts
    return { git, directory: repositories, zone: await RepositoryZone.open(places) }
  }

  async #worktreeParts(repository: string): Promise<WorktreeParts> {
    const timeoutMs = worktreeTimeoutMs
    const borrowing = await this.#borrowing()
    return { ...borrowing, changes: this.#changes, timeoutMs, onFailure: this.#tell(repository) }
  }

  #tell(what: string): (result: GitResult) => void {
    return ({ stderr, ended }) => {
      // A remote server's text may contain secrets of the caller.
      const said = what.startsWith('/') ? stderr.slice(-1_000) : undefined
      this.#parts.log.warn({ repository: what, ended, said }, 'workspace creation failed')
    }
  }
}

/** Makes the directory of a session with its mark. */
export async function makeHolder(holder: string, workspace: OwnWorkspace): Promise<void> {
  await mkdir(holder, { mode: 0o700 })
  await writeMark(holder, workspace)
}

async function writeMark(holder: string, workspace: OwnWorkspace): Promise<void> {
  await writeFile(join(holder, markName), JSON.stringify(workspace), { mode: 0o600 })
}

/** The workspace that a holder is for; undefined: the server has not made it. */
export async function readMark(holder: string): Promise<OwnWorkspace | undefined> {
  try {
    const marked = workspaceSchema.parse(
      JSON.parse((await readRegularFile(join(holder, markName), maxMarkBytes))?.toString() ?? ''),
    )
    // The recorded path must match the actual one.
    const inside = marked.path === holder || dirname(marked.path) === holder
    return inside && marked.type !== 'directory' ? marked : undefined
  } catch {
    return undefined
  }
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException)?.code ?? '')
}
