import { basename, join } from 'node:path'
import { invalidField } from '../contract/errors.ts'
import type { OwnWorkspace, OwnWorkspaceRequest } from '../sessions/ports.ts'
import type { Git, GitResult } from './git-command.ts'
import { toWorkspaceError, workspaceFailed } from './git-failure.ts'
import { findRepository } from './git-repository.ts'

type WorktreeRequest = Extract<OwnWorkspaceRequest, { type: 'worktree' }>
export type Worktree = Extract<OwnWorkspace, { type: 'worktree' }>

export interface WorktreeParts {
  git: Git
  timeoutMs: number
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
  const exists = await ask(root, parts, ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`])
  if (exists.missing) throw workspaceFailed('worktree', 'git_not_installed')
  const createdBranch = exists.code !== 0
  if (!createdBranch && base !== null) {
    throw invalidField('workspace.base', 'cannot be given for a branch that is there already')
  }
  const revision = createdBranch ? (base ?? 'HEAD') : `refs/heads/${branch}`
  const resolved = await ask(root, parts, [
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

export async function addWorktree(plan: Worktree, parts: WorktreeParts, signal: AbortSignal): Promise<void> {
  const { path, branch, commit, createdBranch, repository } = plan
  const what = createdBranch ? ['--no-track', '-b', branch, '--', path, commit] : ['--', path, branch]
  const result = await ask(repository, parts, ['worktree', 'add', '--quiet', ...what], signal)
  if (result.code === 0) return
  signal.throwIfAborted()
  parts.onFailure(result)
  throw toWorkspaceError('worktree', result)
}

/**
 * Takes the worktree out of its repository; a repository that is gone has forgotten it already.
 * @param branch what becomes of a branch that was made for it: deleted, deleted unless anything was committed, kept
 */
export async function removeWorktree(
  { path, repository, branch, createdBranch, commit }: Worktree,
  parts: WorktreeParts,
  fate: 'delete' | 'delete_unchanged' | 'keep',
): Promise<void> {
  await ask(repository, parts, ['worktree', 'remove', '--force', '--force', '--', path])
  if (!createdBranch || fate === 'keep') return
  const expected = fate === 'delete_unchanged' ? [commit] : []
  const used = await ask(repository, parts, ['worktree', 'list', '--porcelain'])
  // Somebody works on it in another worktree.
  if (used.stdout.toString().split('\n').includes(`branch refs/heads/${branch}`)) return
  await ask(repository, parts, ['update-ref', '-d', `refs/heads/${branch}`, ...expected])
}

async function ask(
  cwd: string,
  { git, timeoutMs }: WorktreeParts,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<GitResult> {
  // Nothing is fetched here: what would be is from a clone that has not everything.
  const environment = { GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' }
  const filters = await withoutFilters(cwd, git, timeoutMs)
  return git.run(args, { cwd, environment: { ...environment, ...filters }, timeoutMs, signal })
}

/** A repository's settings may name programs that every file is led through: none of them is run. */
async function withoutFilters(cwd: string, git: Git, timeoutMs: number): Promise<Record<string, string>> {
  const ofFilters = ['config', '--null', '--name-only', '--get-regexp', '^filter\\.']
  const { stdout } = await git.run(ofFilters, { cwd, timeoutMs })
  const names = stdout.toString().split('\0')
  const programs = [...new Set(names)].filter(name => /\.(smudge|clean|process|required)$/i.test(name))
  // Not as arguments: a name may have an equals sign in it.
  const settings = programs.flatMap((name, index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, /required$/i.test(name) ? 'false' : ''],
  ])
  return { GIT_CONFIG_COUNT: String(programs.length), ...Object.fromEntries(settings) }
}
