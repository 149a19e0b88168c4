import type { Readable } from 'node:stream'
import type { FileEntry } from '../../contract/files.ts'
import type { FileDiff, Workspace, WorkspaceRequest } from '../../contract/workspace.ts'
import type { PortableWorkspaces } from './portable.ts'

/**
 * The directories whose files belong to a session, as real paths. Paths are relative to the first one, its
 * working directory.
 */
export type WorkspaceRoots = readonly [cwd: string, ...others: string[]]

export interface TreeQuery {
  path: string
  depth: number
  limit: number
  cursor?: string | undefined
}

export interface Tree {
  path: string
  entries: FileEntry[]
  nextCursor: string | null
}

/** One state of a file. */
export interface FileVersion {
  /** The path in the API's form. */
  path: string
  sizeBytes: number
  /** Milliseconds since 1970. */
  modifiedAt: number
  /** Different for every state; no quotes. */
  tag: string
}

/** A file that is held open in one state. Must be closed or read. */
export interface OpenFile extends FileVersion {
  /** The media type that follows from the name. */
  contentType: string
  /** Whether a browser that gets the file with this type may run its content. */
  isActive: boolean
  /**
   * Streams the bytes from `start` on, and always closes the file at the end. Fails if the file shrinks while it is read.
   */
  read(start: number, length: number): Readable
  close(): Promise<void>
}

/** Tags of which the file must have one, or none; `*` means any existing file. */
export interface Precondition {
  match?: '*' | readonly string[] | undefined
  noneMatch?: '*' | readonly string[] | undefined
}

export interface ChangeOptions {
  precondition?: Precondition
  /** Whether programs may be started from a real path; such files may be changed only there. Default: nowhere. */
  isTrusted?: (path: string) => boolean
}

export interface ArchiveQuery {
  path: string
  /** Names, and paths from the root of the archive. */
  exclude: readonly string[]
}

/** A tar.gz that is created while it is read. */
export interface Archive {
  /** Without a suffix. */
  name: string
  content: Readable
}

/**
 * The files of a session. Nothing outside the roots is ever read, listed or changed, even if other programs replace
 * directories meanwhile.
 *
 * Files that git or Claude Code would start programs from are not written or removed, unless they are trusted.
 *
 * All methods reject with a ServiceError: `PATH_NOT_ALLOWED`, `FILE_NOT_FOUND`, `INVALID_REQUEST` for the wrong kind of
 * file; methods that change files also with `PRECONDITION_FAILED`.
 */
export interface WorkspaceFiles {
  list(roots: WorkspaceRoots, query: TreeQuery): Promise<Tree>
  open(roots: WorkspaceRoots, path: string): Promise<OpenFile>
  /** Replaces the content atomically. Creates missing directories. */
  write(
    roots: WorkspaceRoots,
    path: string,
    bytes: Uint8Array,
    options: ChangeOptions,
  ): Promise<FileVersion & { created: boolean }>
  /** Removes a file, a symbolic link (not its target), or a directory; a non-empty directory only if `recursive`. */
  remove(roots: WorkspaceRoots, path: string, options: ChangeOptions & { recursive: boolean }): Promise<void>
  archive(roots: WorkspaceRoots, query: ArchiveQuery): Promise<Archive>
}

/** A session with the real paths of its directories; the working directory comes first. */
export interface FileScope {
  tenantId: string
  sessionId: string
  directories: WorkspaceRoots
}

/** A state of a file. */
export interface FileState {
  /** SHA-256 of the content, hexadecimal; null: there was no file. */
  hash: string | null
  /** In bytes. */
  size: number
  /** Its permission bits; null: there was no file. */
  mode: number | null
  /** Whether the content can be restored; false for a file that was too large. */
  kept: boolean
}

/** The changes of Claude's file tools to a file since a turn. */
export interface CheckpointedChange {
  /** Absolute. */
  path: string
  /** The state before the first change. */
  before: FileState
  /** The state after the last tool; null: no tool has ended. */
  after: FileState | null
  /** It was changed by something else between two of these tools, or after the last one. */
  changedByOthers: boolean
}

/** The effect of restoring a file. */
export interface FileRestoration {
  /** Relative to the working directory where the file lies inside it, else absolute. */
  path: string
  /** `modify`: gets its old content; `create`: is there again; `delete`: was not there before. */
  action: 'modify' | 'create' | 'delete'
  /** Added and removed lines; null: not a text file. */
  insertions: number | null
  deletions: number | null
}

/**
 * Why a file is not restored: something else has changed it since, it was too large, its earlier content is lost, it is
 * no longer inside the session's directories, the file system refuses it, or programs are started from it.
 */
export type UnrestorableReason =
  | 'changed_by_others'
  | 'too_large'
  | 'lost'
  | 'outside'
  | 'not_writable'
  | 'not_allowed'

export interface RestorePlan {
  /** Sorted by path; without files that need no change. */
  files: FileRestoration[]
  /** Files that Claude has changed but that are not restored. */
  skipped: { path: string; reason: UnrestorableReason }[]
}

export interface RestoreOptions {
  /** Whether to restore files that something else has changed since; those changes are lost. Default: false. */
  overwriteOthers?: boolean
  /** Same as in `ChangeOptions`. */
  isTrusted?: (path: string) => boolean
}

/**
 * The checkpoints of files before Claude's file tools (Write, Edit, MultiEdit, NotebookEdit) change them, one per turn
 * and file. Files outside the scope's directories are ignored.
 */
export interface Checkpoints {
  /** Records the file before a tool changes it; only the first call in a turn has an effect. */
  capture(scope: FileScope, turnId: string, path: string): Promise<void>
  /** Records the file after a tool has changed it. */
  seal(scope: FileScope, turnId: string, path: string): Promise<void>
  /** Lists changes, sorted by path. @param sinceTurnId the first turn to include; null: all turns */
  listChanges(scope: FileScope, sinceTurnId: string | null): Promise<CheckpointedChange[]>
  /** Plans a `restore`. */
  planRestore(scope: FileScope, toTurnId: string, options?: RestoreOptions): Promise<RestorePlan>
  /**
   * Restores the files to their state before the turn, and removes the checkpoints of restored files from that turn on.
   * Must be called while no turn runs. @returns the restored and skipped files
   */
  restore(scope: FileScope, toTurnId: string, options?: RestoreOptions): Promise<RestorePlan>
}

/** A requested workspace other than an existing directory. */
export type OwnWorkspaceRequest = Exclude<WorkspaceRequest, { type: 'directory' }>
/** A directory that the server has created for a session. */
export type OwnWorkspace = Exclude<Workspace, { type: 'directory' }>

/** Creates directories for sessions, and removes only directories that it has created. */
export interface WorkspaceProvider {
  /**
   * @param signal cancels the creation; like every failure, this leaves nothing behind
   * @throws ServiceError INVALID_REQUEST, CWD_NOT_ALLOWED, WORKSPACE_NOT_ALLOWED, WORKSPACE_FAILED
   */
  provide(request: OwnWorkspaceRequest, sessionId: string, signal: AbortSignal): Promise<OwnWorkspace>
  /** Removes the directory of a session that could not be created. */
  undo(workspace: OwnWorkspace): Promise<void>
  /** Removes a directory whose sessions are over. Idempotent. */
  remove(workspace: OwnWorkspace): Promise<void>
}

/** A directory that looks like one of a session. */
export interface FoundWorkspace {
  tenantId: string
  /** Returns undefined if the server has not made it. */
  read(): Promise<OwnWorkspace | undefined>
}

/** The services for a session's directories. */
export interface Workspaces {
  /** The provider of a tenant, whose directories are its own. */
  providerOf(tenantId: string): WorkspaceProvider
  /** Lists the directories of all tenants, including unfinished ones of a previous run of the server. */
  list(): Promise<FoundWorkspace[]>
  readonly snapshots: Snapshots
  readonly checkpoints: Checkpoints
  readonly diffs: WorkspaceDiffs
  /** Takes directories to other nodes; undefined: they stay where they are. */
  readonly portable?: PortableWorkspaces | undefined
  /** Removes a session's checkpoints and snapshots that are kept beside the store. */
  forget(sessionId: string): Promise<void>
  /** Ends all work, even if it hangs; no new work starts afterwards. */
  close(): Promise<void>
}

/** Why there is no snapshot of a directory. */
export type NoSnapshot = 'no_repository' | 'git_not_installed' | 'unsafe_repository' | 'failed'

/** A snapshot of a session's working directory. */
export interface SnapshotRecord {
  tenantId: string
  sessionId: string
  /** The turn in which it was taken, before any change; null: between turns. */
  turnId: string | null
  /** Git's id of the tree; null: there is none. */
  tree: string | null
  missing: NoSnapshot | null
  takenAt: number
}

/** Snapshots of working directories in git repositories, which are never written to. */
export interface Snapshots {
  /**
   * Takes a snapshot before a change, if it is the first of the turn, or outside turns (null) the first of the session.
   * Never rejects, and keeps the caller waiting only for a limited time.
   */
  take(scope: FileScope, turnId: string | null): Promise<void>
}

export interface DiffRequest {
  /** Compares with the state before this turn; null: with the start of the session. */
  sinceTurnId: string | null
  /** Relative to the working directory, or absolute. */
  path: string | undefined
}

export interface WorkspaceDiff {
  source: 'git' | 'checkpoints'
  /** Why there is no snapshot to compare with; null: there is one, or nothing has changed. */
  reason: NoSnapshot | null
  /** Sorted by path; without `diff` if the response would be too large. */
  files: FileDiff[]
  /** The changes as one text. */
  text: Buffer
  truncated: boolean
}

/** The diffs of a session's directories. */
export interface WorkspaceDiffs {
  /** @throws ServiceError PATH_NOT_ALLOWED for a path outside the session's directories */
  compare(scope: FileScope, request: DiffRequest): Promise<WorkspaceDiff>
}

/**
 * The instructions of a session's directories as plain data: texts for Claude, without anything that could run a program
 * or extend permissions.
 */
export interface Instructions {
  /** `CLAUDE.md` with its includes, and rules. Empty: none. */
  memory: string
  agents: Record<string, InstructedAgent>
  skills: InstructedSkill[]
}

export interface InstructedAgent {
  description: string
  prompt: string
  /** Absent: the session's tools. */
  tools?: string[]
  disallowedTools?: string[]
}

/** A skill or a slash command. */
export interface InstructedSkill {
  /** `:` separates the directories of a command. */
  name: string
  description: string
  /** A hint at the command's arguments, for people. */
  argumentHint?: string
  /** Whether only the user can start it, not Claude. */
  userOnly: boolean
  disallowedTools?: string[]
  body: string
}
