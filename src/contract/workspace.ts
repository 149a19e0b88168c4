import { z } from 'zod'
import { identifier, idParameter } from './primitives.ts'

const directory = z.string().min(1).max(4096)
/** What `git check-ref-format --branch` takes for a name: never an option, a range or a way to another revision. */
const refName =
  /^(?![-/.]|@$)(?!.*(?:\.\.|@\{|\/\/|\/\.|[/.]$|\.lock(?:\/|$)))[^\p{Cc}\p{Zl}\p{Zp} ~^:?*[\\]+$/u
const revision = z.string().max(200).regex(refName, 'must be the name of a branch, a tag or a commit')
const branch = revision.regex(/^(?!HEAD$)/u, 'must be the name of a branch')
const removeOnEnd = z
  .boolean()
  .default(false)
  .meta({ description: 'Whether the directory is removed when the session has ended or expired' })

export const workspaceRequest = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('directory'),
        path: directory.meta({ description: 'As `cwd`: an existing directory inside an allowed root' }),
      })
      .meta({ id: 'DirectoryWorkspaceRequest' }),
    z
      .strictObject({ type: z.literal('empty'), removeOnEnd })
      .meta({ id: 'EmptyWorkspaceRequest', description: "A fresh directory of the session's own" }),
    z
      .strictObject({
        type: z.literal('git'),
        url: z.string().min(1).max(2048).meta({
          description:
            'A repository whose URL the server allows, or the path of one inside an allowed root. A user and password in it are used for the clone and kept nowhere',
        }),
        ref: revision
          .optional()
          .meta({ description: 'A branch, a tag or a commit; absent: its default branch' }),
        depth: z.int().min(1).max(1_000_000).optional().meta({
          description: 'How many commits of the history are fetched; absent: all',
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
            'Made from `base` where there is none of that name yet; absent: `claude/` and the beginning of the session id',
        }),
        base: revision.optional().meta({
          description: 'What a new branch begins at; absent: what the repository has checked out',
        }),
        removeOnEnd,
        deleteBranch: z.boolean().default(false).meta({
          description:
            'Whether a branch that was made for the session is deleted with the worktree, with all commits that no other branch has; needs `removeOnEnd`',
        }),
      })
      .meta({ id: 'WorktreeWorkspaceRequest', description: 'A worktree of a local repository' }),
  ])
  .meta({
    id: 'WorkspaceRequest',
    description: 'Where the session works; instead of `cwd`, whose directories are of type `directory`',
  })

const path = z.string().meta({ description: 'Absolute: the working directory' })
const kept = z.boolean().meta({ description: 'Whether it is removed when the session has ended or expired' })

export const workspace = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('directory'), path }).meta({ id: 'DirectoryWorkspace' }),
    z.strictObject({ type: z.literal('empty'), path, removeOnEnd: kept }).meta({ id: 'EmptyWorkspace' }),
    z
      .strictObject({
        type: z.literal('git'),
        path,
        url: z.string().meta({ description: 'Without user and password' }),
        ref: z.string().nullable(),
        depth: z.int().nullable(),
        commit: z
          .string()
          .nullable()
          .meta({ description: 'What was checked out; null: nothing to check out' }),
        removeOnEnd: kept,
      })
      .meta({ id: 'GitWorkspace' }),
    z
      .strictObject({
        type: z.literal('worktree'),
        path,
        repository: z.string(),
        branch: z.string(),
        base: z.string().nullable(),
        commit: z.string().meta({ description: 'What was checked out' }),
        createdBranch: z.boolean().meta({ description: 'Whether the branch was made for the session' }),
        removeOnEnd: kept,
        deleteBranch: z.boolean(),
      })
      .meta({ id: 'WorktreeWorkspace' }),
  ])
  .meta({ id: 'Workspace' })

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
    description: '`session`: since it began; a turn id: since before that turn',
  }),
  format: z.enum(['unified', 'files']).default('unified').meta({
    description: '`unified`: one text, as `git diff` writes it; `files`: JSON',
  }),
  path: z.string().min(1).max(4096).optional().meta({
    description:
      'Only this file, or what is in this directory; relative to the working directory, or absolute',
  }),
})

export const fileDiff = z
  .strictObject({
    path: z.string().meta({ description: 'Relative to the working directory; absolute outside of it' }),
    status: z.enum(['added', 'modified', 'deleted', 'renamed']),
    oldPath: z.string().optional().meta({ description: 'What a renamed file was called' }),
    insertions: z.int().min(0).nullable().meta({ description: 'Lines; null: it is no text' }),
    deletions: z.int().min(0).nullable(),
    binary: z.boolean(),
    diff: z.string().optional().meta({
      description: 'Unified; absent where it is no text, or where the answer had no room for it',
    }),
  })
  .meta({ id: 'FileDiff' })

export const diffResponse = z
  .strictObject({
    sessionId: identifier,
    since: z.string(),
    source: z.enum(['git', 'checkpoints']).meta({
      description:
        '`git`: all that is different in the working directory now, apart from what git ignores, whoever changed it. `checkpoints`: only files that tools such as Write and Edit have changed, because the directory is in no git repository or no snapshot could be taken of it or be read any more',
    }),
    reason: z.enum(['no_repository', 'git_not_installed', 'unsafe_repository', 'failed']).nullable().meta({
      description:
        'Why there is no snapshot to compare with; null: there is one, or nothing was changed yet. `unsafe_repository`: its git directory lies outside the allowed directories, or has files that are not regular or too large',
    }),
    files: z.array(fileDiff),
    insertions: z.int().min(0),
    deletions: z.int().min(0),
    truncated: z.boolean().meta({ description: 'Files or their diffs are left out: there are too many' }),
  })
  .meta({ id: 'DiffResponse' })

export type WorkspaceRequest = z.infer<typeof workspaceRequest>
export type Workspace = z.infer<typeof workspace>
export type WorkspaceFailureReason = z.infer<typeof workspaceFailureReason>
export type FileDiff = z.infer<typeof fileDiff>
export type DiffQuery = z.infer<typeof diffQuery>
export type DiffResponse = z.infer<typeof diffResponse>
