import { ServiceError } from '../../contract/errors.ts'
import type { Workspace, WorkspaceFailureReason } from '../../contract/workspace.ts'
import type { GitResult } from './git-command.ts'
import { RepositoryRefused } from './repository-refused.ts'

type Kind = Exclude<Workspace['type'], 'directory'>

/** The messages for callers. Git's own output may contain paths, URLs and text of a remote server. */
const sentences: Record<WorkspaceFailureReason, string> = {
  git_not_installed: 'git is not installed on the server',
  not_a_repository: 'The path is not a git repository',
  not_found: 'The repository was not found, or it is private and the credentials may not read it',
  authentication_required: 'The repository needs a user and password, or refuses the given ones',
  unreachable: 'The server of the repository could not be reached',
  ref_not_found: 'The repository has no such branch, tag or commit',
  branch_in_use: 'The branch is checked out elsewhere, or its name is taken',
  timed_out: 'git did not finish in time',
  unsafe_repository:
    'The git directory has files that are too large or not regular, or a format that this server does not support',
  no_commits: 'The repository has no commits yet',
  disk_full: 'The disk of the server is full',
  not_trusted: 'The repository belongs to another user of the machine, and git does not trust it',
  failed: "git failed; see the server's log",
}

/** Patterns of git's messages in the locale C; the first match counts. */
const signs: readonly (readonly [RegExp, WorkspaceFailureReason])[] = [
  [/No space left on device|Disk quota exceeded/i, 'disk_full'],
  [/detected dubious ownership/i, 'not_trusted'],
  [
    /terminal prompts disabled|could not read (Username|Password)|Authentication failed|Permission denied \(|returned error: 40[13]|Host key verification failed/i,
    'authentication_required',
  ],
  [
    /Remote branch .* not found|couldn't find remote ref|pathspec .* did not match|invalid reference|not our ref|unable to read tree|reference is not a tree|unknown revision/i,
    'ref_not_found',
  ],
  [
    /is already checked out|already used by worktree|a branch named '.*' already exists|cannot lock ref|File\/directory conflict/i,
    'branch_in_use',
  ],
  [/repository .* not found|returned error: 404|repository '.*' does not exist/i, 'not_found'],
  [/not a git repository|does not appear to be a git repository|not a valid repository/i, 'not_a_repository'],
  [
    /Could not resolve host|Failed to connect|Connection (refused|timed out|reset)|unable to (access|connect)|Network is unreachable|Could not read from remote repository/i,
    'unreachable',
  ],
]

/** Git's message about a branch or tag that the repository does not have. */
export function isUnknownBranch({ code, ended, stderr }: GitResult): boolean {
  return code !== 0 && !ended && /^fatal: Remote branch .* not found/m.test(stderr)
}

export function toWorkspaceError(type: Kind, result: GitResult): ServiceError<'WORKSPACE_FAILED'> {
  return workspaceFailed(type, reasonOf(result))
}

export function workspaceFailed(
  type: Kind,
  reason: WorkspaceFailureReason,
): ServiceError<'WORKSPACE_FAILED'> {
  return new ServiceError('WORKSPACE_FAILED', `The workspace could not be created: ${sentences[reason]}`, {
    type,
    reason,
  })
}

/** Converts the refusal of a repository to the API's error; other errors are unchanged. */
export function toRefusal(type: Kind, error: unknown): unknown {
  if (!(error instanceof RepositoryRefused)) return error
  if (error.reason === 'not_owned') return workspaceFailed(type, 'not_trusted')
  if (error.reason === 'unsafe') return workspaceFailed(type, 'unsafe_repository')
  const message = 'A part of the repository is outside the allowed roots'
  return new ServiceError('WORKSPACE_NOT_ALLOWED', message)
}

function reasonOf({ missing, ended, stderr }: GitResult): WorkspaceFailureReason {
  if (missing) return 'git_not_installed'
  if (ended === 'timed_out') return 'timed_out'
  return signs.find(([sign]) => sign.test(stderr))?.[1] ?? 'failed'
}
