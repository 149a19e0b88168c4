import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { invalidField } from '../../contract/errors.ts'
import type { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { OwnWorkspace, OwnWorkspaceRequest } from '../../sessions/ports/index.ts'
import { BorrowedRepository, type BorrowingParts } from '../git/borrowed-repository.ts'
import type { GitResult } from '../git/git-command.ts'
import { toWorkspaceError, workspaceFailed } from '../git/git-failure.ts'
import { findRepository, type Repository, requireOwned } from '../git/git-repository.ts'
import { addEntry, finishEntry, isBranchInUse, removeEntry } from '../git/worktree-entries.ts'

type WorktreeRequest = Extract<OwnWorkspaceRequest, { type: 'worktree' }>
export type Worktree = Extract<OwnWorkspace, { type: 'worktree' }>
type BranchFate = 'delete' | 'delete_unchanged' | 'keep'

const maxAttempts = 5
/** Prevents fetching, which a partial clone would do. */
const environment = { GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' }

export interface WorktreeParts extends BorrowingParts {
  timeoutMs: number
  /** One queue per repository, because git fails if another git creates or removes a worktree at the same time. */
  changes: OneAtATime
  onFailure(result: GitResult): void
}

/**
 * Plans the worktree without changing anything.
 * @param directory the real path of the requested directory
 */
export async function planWorktree(
  request: WorktreeRequest,
  directory: string,
  holder: string,
  sessionId: string,
  parts: WorktreeParts,
): Promise<Worktree> {
  const { removeOnEnd = false, deleteBranch = false } = request
  const { base = null, branch = `claude/${sessionId.slice(0, 8)}` } = request
  if (deleteBranch && !removeOnEnd) throw invalidField('workspace.deleteBranch', 'needs removeOnEnd')
  const repository = await findRepository(directory, parts.zone)
  if (!repository) throw workspaceFailed('worktree', 'not_a_repository')
  await requireOwned(repository)
  return BorrowedRepository.use(repository, parts, async borrowed => {
    const ask = (args: readonly string[]) => borrowed.run(args, { environment, timeoutMs: parts.timeoutMs })
    const exists = await ask(['show-ref', '--verify', '--quiet', `refs/heads/${branch}`])
    if (exists.missing) throw workspaceFailed('worktree', 'git_not_installed')
    const createdBranch = exists.code !== 0
    if (!createdBranch && base !== null) {
      throw invalidField('workspace.base', 'must be absent if the branch already exists')
    }
    const revision = createdBranch ? (base ?? 'HEAD') : `refs/heads/${branch}`
    const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
    const resolved = await ask(verify)
    if (resolved.code !== 0) {
      parts.onFailure(resolved)
      if (await hasNoCommits(revision, ask)) throw workspaceFailed('worktree', 'no_commits')
      // Git prints nothing for an unknown name.
      throw resolved.stderr === ''
        ? workspaceFailed('worktree', 'ref_not_found')
        : toWorkspaceError('worktree', resolved)
    }
    return {
      type: 'worktree',
      path: join(holder, toDirectoryName(repository)),
      repository: repository.root,
      branch,
      base,
      commit: resolved.stdout.toString().trim(),
      createdBranch,
      removeOnEnd,
      deleteBranch,
    }
  })
}

export function addWorktree(plan: Worktree, parts: WorktreeParts, signal: AbortSignal): Promise<void> {
  return changing(plan, parts, async repository => {
    if (!repository) throw workspaceFailed('worktree', 'not_a_repository')
    await BorrowedRepository.use(repository, parts, async borrowed => {
      const made = { plan, repository, borrowed, parts }
      const branch = await createBranch(made, signal)
      if (branch && branch.code !== 0) {
        // A git that was ended early may already have created the branch.
        if (branch.ended) await remove(made, 'delete_unchanged')
        signal.throwIfAborted()
        parts.onFailure(branch)
        throw toWorkspaceError('worktree', branch)
      }
      try {
        await checkOut(made, signal)
      } catch (error) {
        await remove(made, 'delete_unchanged')
        throw error
      }
    })
  })
}

/**
 * Removes the worktree from its repository, if the repository still exists.
 * @param fate the fate of a branch that was created for it: deleted, deleted unless it has new commits, or kept
 */
export function removeWorktree(plan: Worktree, parts: WorktreeParts, fate: BranchFate): Promise<void> {
  return changing(plan, parts, async repository => {
    if (!repository) return
    await BorrowedRepository.use(repository, parts, borrowed =>
      remove({ plan, repository, borrowed, parts }, fate),
    )
  })
}

interface Making {
  plan: Worktree
  repository: Repository
  borrowed: BorrowedRepository
  parts: WorktreeParts
}

/** @returns undefined if the branch already exists */
async function createBranch(
  { plan: { branch, commit, createdBranch }, borrowed, parts: { timeoutMs } }: Making,
  signal: AbortSignal,
): Promise<GitResult | undefined> {
  if (!createdBranch) return undefined
  const none = '0'.repeat(commit.length)
  const create = ['update-ref', '-m', 'branch: Created for a session', `refs/heads/${branch}`, commit, none]
  return askAgain(() => borrowed.run(create, { environment, timeoutMs, signal }))
}

async function checkOut(
  { plan: { path, branch }, repository, borrowed, parts: { timeoutMs, onFailure } }: Making,
  signal: AbortSignal,
): Promise<void> {
  if (await isBranchInUse(repository, branch)) throw workspaceFailed('worktree', 'branch_in_use')
  await mkdir(path)
  const entry = await addEntry(repository, path, branch)
  const index = join(borrowed.directory, 'index')
  // The settings of the borrowed repository apply: no filters, no hooks.
  const result = await borrowed.run(
    ['read-tree', '--reset', '-u', `refs/heads/${branch}`],
    {
      cwd: path,
      environment: { ...environment, GIT_WORK_TREE: path, GIT_INDEX_FILE: index },
      timeoutMs,
      signal,
    },
    [path],
  )
  signal.throwIfAborted()
  if (result.code === 0) return finishEntry(entry, index)
  onFailure(result)
  throw toWorkspaceError('worktree', result)
}

async function remove(
  { plan: { path, branch, createdBranch, commit }, repository, borrowed, parts }: Making,
  fate: BranchFate,
): Promise<void> {
  await removeEntry(repository, path)
  if (!createdBranch || fate === 'keep') return
  // The branch is checked out in another worktree.
  if (await isBranchInUse(repository, branch)) return
  const expected = fate === 'delete_unchanged' ? [commit] : []
  const drop = ['update-ref', '-d', `refs/heads/${branch}`, ...expected]
  // Git locks the list of packed references beside it.
  const writable = [repository.commonDirectory]
  await askAgain(() => borrowed.run(drop, { environment, timeoutMs: parts.timeoutMs }, writable))
}

/** Tries again if another git (of the user or of a session) was in the way. */
async function askAgain(ask: () => Promise<GitResult>): Promise<GitResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await ask()
    const wasInTheWay = !result.ended && /could not lock|\.lock': File exists/.test(result.stderr)
    if (result.code === 0 || attempt === maxAttempts || !wasInTheWay) return result
  }
}

/** Whether the branch does not exist because the repository is empty. */
async function hasNoCommits(
  revision: string,
  ask: (args: readonly string[]) => Promise<GitResult>,
): Promise<boolean> {
  if (revision === 'HEAD') {
    const unborn = await ask(['symbolic-ref', '--quiet', 'HEAD'])
    const known = await ask(['show-ref', '--verify', '--quiet', unborn.stdout.toString().trim()])
    return unborn.code === 0 && known.code !== 0
  }
  const references = await ask(['for-each-ref', '--count=1'])
  return references.code === 0 && references.stdout.length === 0
}

function toDirectoryName({ root }: Repository): string {
  const name = basename(root) === '.git' ? basename(dirname(root)) : basename(root)
  return name.replace(/^workspace\.json$/, 'repository') || 'repository'
}

/** @throws RepositoryRefused; work gets undefined if the repository no longer exists */
async function changing<T>(
  plan: Worktree,
  { zone, changes }: WorktreeParts,
  work: (repository: Repository | undefined) => Promise<T>,
): Promise<T> {
  const repository = await findRepository(plan.repository, zone)
  return changes.run(repository?.commonDirectory ?? plan.repository, () => work(repository))
}
