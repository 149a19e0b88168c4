import { basename, join } from 'node:path'
import { invalidField } from '../contract/errors.ts'
import type { OneAtATime } from '../lib/one-at-a-time.ts'
import type { OwnWorkspace, OwnWorkspaceRequest } from '../sessions/ports.ts'
import type { GitResult } from './git-command.ts'
import { isNameTaken, toWorkspaceError, workspaceFailed } from './git-failure.ts'
import { findRepository } from './git-repository.ts'
import { askGit, type WorktreeGit } from './worktree-git.ts'

type WorktreeRequest = Extract<OwnWorkspaceRequest, { type: 'worktree' }>
export type Worktree = Extract<OwnWorkspace, { type: 'worktree' }>
type BranchFate = 'delete' | 'delete_unchanged' | 'keep'

const maxAttempts = 5

export interface WorktreeParts extends WorktreeGit {
  /** By the repository: git itself fails when it comes upon a worktree that another git makes or removes. */
  changes: OneAtATime
  onFailure(result: GitResult): void
}

/**
 * Says what is going to be made, without changing anything.
 * @param repository the real path of the directory that was asked for
 */
export async function planWorktree(
  request: WorktreeRequest,
  repository: string,
  holder: string,
  sessionId: string,
  parts: WorktreeParts,
): Promise<Worktree> {
  const { base = null, branch = `claude/${sessionId.slice(0, 8)}`, removeOnEnd, deleteBranch } = request
  if (deleteBranch && !removeOnEnd) throw invalidField('workspace.deleteBranch', 'needs removeOnEnd')
  const found = await findRepository(repository)
  const root = found?.root ?? repository
  const exists = await askGit(parts, root, ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`])
  if (exists.missing) throw workspaceFailed('worktree', 'git_not_installed')
  const createdBranch = exists.code !== 0
  if (!createdBranch && base !== null) {
    throw invalidField('workspace.base', 'cannot be given for a branch that is there already')
  }
  const revision = createdBranch ? (base ?? 'HEAD') : `refs/heads/${branch}`
  const resolved = await askGit(parts, root, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${revision}^{commit}`,
  ])
  if (resolved.code !== 0) {
    parts.onFailure(resolved)
    if (!found) throw workspaceFailed('worktree', 'not_a_repository')
    // Git says nothing at all of a name that it does not know.
    throw resolved.stderr === ''
      ? workspaceFailed('worktree', 'ref_not_found')
      : toWorkspaceError('worktree', resolved)
  }
  const name = basename(root).replace(/^workspace\.json$/, 'repository') || 'repository'
  return {
    type: 'worktree',
    path: join(holder, name),
    repository: root,
    branch,
    base,
    commit: resolved.stdout.toString().trim(),
    createdBranch,
    removeOnEnd,
    deleteBranch,
  }
}

export function addWorktree(plan: Worktree, parts: WorktreeParts, signal: AbortSignal): Promise<void> {
  const { path, branch, commit, createdBranch, repository } = plan
  const what = createdBranch ? ['--no-track', '-b', branch, '--', path, commit] : ['--', path, branch]
  return changing(plan, parts, async () => {
    for (let attempt = 1; ; attempt++) {
      const result = await askGit(parts, repository, ['worktree', 'add', '--quiet', ...what], signal)
      if (result.code === 0) return
      // It may have got as far as the branch, unless that is somebody else's.
      await remove(plan, parts, isNameTaken(result) ? 'keep' : 'delete_unchanged')
      signal.throwIfAborted()
      if (attempt < maxAttempts && wasInTheWay(result)) continue
      parts.onFailure(result)
      throw toWorkspaceError('worktree', result)
    }
  })
}

/**
 * Takes the worktree out of its repository; a repository that is gone has forgotten it already.
 * @param fate what becomes of a branch that was made for it: deleted, deleted unless anything was committed, kept
 */
export function removeWorktree(plan: Worktree, parts: WorktreeParts, fate: BranchFate): Promise<void> {
  return changing(plan, parts, () => remove(plan, parts, fate))
}

async function remove(
  { path, repository, branch, createdBranch, commit }: Worktree,
  parts: WorktreeParts,
  fate: BranchFate,
): Promise<void> {
  await askAgain(repository, parts, ['worktree', 'remove', '--force', '--force', '--', path])
  if (!createdBranch || fate === 'keep') return
  const expected = fate === 'delete_unchanged' ? [commit] : []
  const used = await askAgain(repository, parts, ['worktree', 'list', '--porcelain'])
  // Somebody works on it in another worktree, or nobody knows.
  if (used.code !== 0 || used.stdout.toString().split('\n').includes(`branch refs/heads/${branch}`)) return
  await askAgain(repository, parts, ['update-ref', '-d', `refs/heads/${branch}`, ...expected])
}

/** Once more where another git (of the user, of a session) was in the way. */
async function askAgain(
  repository: string,
  parts: WorktreeParts,
  args: readonly string[],
): Promise<GitResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await askGit(parts, repository, args)
    if (result.code === 0 || attempt === maxAttempts || !wasInTheWay(result)) return result
  }
}

async function changing<T>(plan: Worktree, parts: WorktreeParts, work: () => Promise<T>): Promise<T> {
  const repository = await findRepository(plan.repository)
  return parts.changes.run(repository?.commonDirectory ?? plan.repository, work)
}

/** What git says of files of a worktree that came or went while it read them, and of a lock that another has. */
function wasInTheWay({ ended, stderr }: GitResult): boolean {
  return (
    !ended &&
    /could not lock|failed to read .*worktrees\/|Invalid path .*worktrees\/|\.lock': File exists/.test(stderr)
  )
}
