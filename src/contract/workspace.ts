import { z } from 'zod'
import { idParameter, sessionIdentifier } from './primitives.ts'

const directory = z.string().min(1).max(4096)
/** Names that `git check-ref-format --branch` accepts: never an option, a range or a revision expression. */
const refName =
  /^(?![-/.]|@$)(?!.*(?:\.\.|@\{|\/\/|\/\.|[/.]$|\.lock(?:\/|$)))[^\p{Cc}\p{Zl}\p{Zp} ~^:?*[\\]+$/u
const revision = z.string().max(200).regex(refName, 'must be the name of a branch, a tag or a commit')
const branch = revision.regex(/^(?!HEAD$)/u, 'must be the name of a branch')

const removeOnEnd = z.boolean().optional().meta({
  default: false,
  description: 'Whether to remove the directory after the session has ended or expired',
})

export const workspaceRequest = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('directory'),
        path: directory.meta({ description: 'An existing directory inside an allowed root, as for `cwd`' }),
      })
      .meta({ id: 'DirectoryWorkspaceRequest' }),
    z
      .strictObject({ type: z.literal('empty'), removeOnEnd })
      .meta({ id: 'EmptyWorkspaceRequest', description: 'A new directory for this session' }),
    z
      .strictObject({
        type: z.literal('git'),
        url: z.string().min(1).max(2048).meta({
          description:
            'The URL of a repository that the server allows, or the path of one inside an allowed root. A user and password in the URL are used for the clone and not stored',
        }),
        ref: revision
          .optional()
          .meta({ description: "A branch, tag or commit; absent: the repository's default branch" }),
        depth: z.int().min(1).max(1_000_000).optional().meta({
          description: 'The number of commits to fetch; absent: all',
        }),
        removeOnEnd,
      })
      .meta({ id: 'GitWorkspaceRequest', description: 'A clone of a repository' }),
    z
      .strictObject({
        type: z.literal('worktree'),
        repository: directory.meta({
          description: 'A directory of a git repository, inside an allowed root',
        }),
        branch: branch.optional().meta({
          description:
            'Created from `base` if it does not exist; absent: `claude/` and the beginning of the session id',
        }),
        base: revision.optional().meta({
          description: 'The start of a new branch; absent: the commit that the repository has checked out',
        }),
        removeOnEnd,
        deleteBranch: z.boolean().optional().meta({
          default: false,
          description:
            'Whether to delete a branch that was created for the session together with the worktree, including commits that are on no other branch; requires `removeOnEnd`',
        }),
      })
      .meta({ id: 'WorktreeWorkspaceRequest', description: 'A worktree of a local repository' }),
  ])
  .meta({
    id: 'WorkspaceRequest',
    description: 'Where the session works, instead of `cwd`; a `cwd` is the type `directory`',
  })

const path = z.string().meta({ description: 'The absolute path of the working directory' })
const kept = z
  .boolean()
  .meta({ description: 'Whether the directory is removed after the session has ended or expired' })

export const workspace = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('directory'), path }).meta({ id: 'DirectoryWorkspace' }),
    z.strictObject({ type: z.literal('empty'), path, removeOnEnd: kept }).meta({ id: 'EmptyWorkspace' }),
    z
      .strictObject({
        type: z.literal('git'),
        path,
        url: z.string().meta({ description: 'Without user and password' }),
        ref: z.string().nullable().meta({
          description: "The requested branch, tag or commit; null: the repository's default branch",
        }),
        depth: z.int().nullable().meta({ description: 'The number of fetched commits; null: all' }),
        commit: z
          .string()
          .nullable()
          .meta({ description: 'The commit that was checked out; null: the repository is empty' }),
        removeOnEnd: kept,
      })
      .meta({ id: 'GitWorkspace' }),
    z
      .strictObject({
        type: z.literal('worktree'),
        path,
        repository: z.string().meta({ description: 'The directory of the repository' }),
        branch: z.string().meta({ description: 'The branch that is checked out' }),
        base: z.string().nullable().meta({ description: 'The requested start of the branch; null: none' }),
        commit: z.string().meta({ description: 'The commit that was checked out' }),
        createdBranch: z.boolean().meta({ description: 'Whether the branch was created for the session' }),
        removeOnEnd: kept,
        deleteBranch: z.boolean().meta({ description: 'Whether the branch is deleted with the directory' }),
      })
      .meta({ id: 'WorktreeWorkspace' }),
  ])
  .meta({ id: 'Workspace', description: 'Where the session works' })

export const workspaceFailureReasons = [
  'git_not_installed',
  'not_a_repository',
  'not_found',
  'authentication_required',
  'unreachable',
  'ref_not_found',
  'branch_in_use',
  'timed_out',
  'disk_full',
  'not_trusted',
  'unsafe_repository',
  'no_commits',
  'failed',
] as const
export const workspaceFailureReason = z.enum(workspaceFailureReasons)

export const diffQuery = z.strictObject({
  since: idParameter.default('session').meta({
    description: '`session`: since the session began; a turn id: since before that turn',
  }),
  format: z.enum(['unified', 'files']).default('unified').meta({
    description: '`unified`: one text, as from `git diff`; `files`: JSON',
  }),
  path: z.string().min(1).max(4096).optional().meta({
    description: 'Only this file, or files in this directory; relative to the working directory, or absolute',
  }),
})

export const fileDiff = z
  .strictObject({
    path: z.string().meta({ description: 'Relative to the working directory; absolute outside it' }),
    status: z
      .enum(['added', 'modified', 'deleted', 'renamed'])
      .meta({ description: 'What happened to the file' }),
    oldPath: z.string().optional().meta({ description: 'The old path of a renamed file' }),
    insertions: z.int().min(0).nullable().meta({ description: 'Added lines; null: not a text file' }),
    deletions: z.int().min(0).nullable().meta({ description: 'Removed lines; null: not a text file' }),
    binary: z.boolean().meta({ description: 'Whether the file is not text' }),
    diff: z.string().optional().meta({
      description: 'A unified diff; absent if the file is not text, or if the response would be too large',
    }),
  })
  .meta({ id: 'FileDiff', description: 'The changes of one file' })

export const diffResponse = z
  .strictObject({
    sessionId: sessionIdentifier,
    since: z.string().meta({ description: 'The requested start: `session`, or a turn id' }),
    source: z.enum(['git', 'checkpoints']).meta({
      description:
        '`git`: all differences in the working directory, from any source, except files that git ignores. `checkpoints`: only files that tools such as Write and Edit have changed, because the directory is not in a git repository, or a snapshot could not be taken or read',
    }),
    reason: z.enum(['no_repository', 'git_not_installed', 'unsafe_repository', 'failed']).nullable().meta({
      description:
        'Why there is no snapshot to compare with; null: there is one, or nothing has changed yet. `unsafe_repository`: the git directory is outside the allowed roots, or has files that are too large or not regular',
    }),
    files: z.array(fileDiff).meta({ description: 'The changed files' }),
    insertions: z.int().min(0).meta({ description: 'Added lines in all files' }),
    deletions: z.int().min(0).meta({ description: 'Removed lines in all files' }),
    truncated: z
      .boolean()
      .meta({ description: 'Some files or diffs are left out, because the response would be too large' }),
  })
  .meta({ id: 'DiffResponse' })

export type WorkspaceRequest = z.infer<typeof workspaceRequest>
export type Workspace = z.infer<typeof workspace>
export type WorkspaceFailureReason = z.infer<typeof workspaceFailureReason>
export type FileDiff = z.infer<typeof fileDiff>
export type DiffResponse = z.infer<typeof diffResponse>
