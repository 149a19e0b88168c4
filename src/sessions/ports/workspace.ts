import type { Readable } from 'node:stream'
import type { FileEntry } from '../../contract/files.ts'
import type { FileDiff, Workspace, WorkspaceRequest } from '../../contract/workspace.ts'

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
  /** As the API names it. */
  path: string
  sizeBytes: number
  /** Milliseconds since 1970. */
  modifiedAt: number
  /** Different for every state; no quotes. */
  tag: string
}

/** A file that is held open in one state. To be closed, or read. */
export interface OpenFile extends FileVersion {
  /** What its name stands for. */
  contentType: string
  /** Whether a browser that is given it by that type may run what is in it. */
  isActive: boolean
  /**
   * The bytes from `start` on; closes the file when it ends, in whatever way. It fails when the file gets
   * shorter than it was while it is read.
   */
  read(start: number, length: number): Readable
  close(): Promise<void>
}

/** Tags of which the file must have one, or none; `*` stands for every file that exists. */
export interface Precondition {
  match?: '*' | readonly string[] | undefined
  noneMatch?: '*' | readonly string[] | undefined
}

export interface ChangeOptions {
  precondition?: Precondition
  /** Whether programs may be started from what is at a real path; only there they may be changed. Default: nowhere. */
  isTrusted?: (path: string) => boolean
}

export interface ArchiveQuery {
  path: string
  /** Names, and paths from where the archive begins. */
  exclude: readonly string[]
}

/** A tar.gz, made while it is read. */
export interface Archive {
  /** Without a suffix. */
  name: string
  content: Readable
}

/**
 * The files of a session. Nothing outside the roots is ever read, listed or changed, whatever is put in the way
 * while it is looked for.
 *
 * What git or Claude Code would start programs from is neither written nor removed, unless it is trusted.
 *
 * All of it rejects with a ServiceError: `PATH_NOT_ALLOWED`, `FILE_NOT_FOUND`, `INVALID_REQUEST` for what is of
 * another kind than it has to be; what changes something also with `PRECONDITION_FAILED`.
 */
export interface WorkspaceFiles {
  list(roots: WorkspaceRoots, query: TreeQuery): Promise<Tree>
  open(roots: WorkspaceRoots, path: string): Promise<OpenFile>
  /** Replaces the content all at once: nobody ever sees half of it. Makes the directories that are missing. */
  write(
    roots: WorkspaceRoots,
    path: string,
    bytes: Uint8Array,
    options: ChangeOptions,
  ): Promise<FileVersion & { created: boolean }>
  /** A symbolic link is removed, not what it leads to; a directory that is not empty only when `recursive`. */
  remove(roots: WorkspaceRoots, path: string, options: ChangeOptions & { recursive: boolean }): Promise<void>
  archive(roots: WorkspaceRoots, query: ArchiveQuery): Promise<Archive>
}

/** Whose files: a session, with the real paths of the directories that are its own; the working directory first. */
export interface FileScope {
  tenantId: string
  sessionId: string
  directories: WorkspaceRoots
}

/** A file as it was at one time. */
export interface FileState {
  /** SHA-256 of the content, hexadecimal; null: there was no file. */
  hash: string | null
  /** In bytes. */
  size: number
  /** Its permission bits; null: there was no file. */
  mode: number | null
  /** Whether the content is there to be put back; false for a file that was too large to be kept. */
  kept: boolean
}

/** What Claude's file tools have made of a file since some turn. */
export interface CheckpointedChange {
  /** Absolute. */
  path: string
  /** What it was before the first of these turns that changed it. */
  before: FileState
  /** What the last tool left; null: no tool that began has ended. */
  after: FileState | null
  /** Somebody else has changed it between two of these tools, or after the last one. */
  changedByOthers: boolean
}

/** What putting back does to a file. */
export interface FileRestoration {
  /** Relative to the working directory where the file lies inside it, else absolute. */
  path: string
  /** `modify`: gets its old content; `create`: is there again; `delete`: was not there before. */
  action: 'modify' | 'create' | 'delete'
  /** Lines that the file gains and loses by it; null: it is no text. */
  insertions: number | null
  deletions: number | null
}

/**
 * Why a file is left as it is: somebody else has changed it since, it was too large to be kept, what it was is
 * lost, it does not lie in the session's directories any more, the file system refuses it, or programs are started
 * from it.
 */
export type UnrestorableReason =
  | 'changed_by_others'
  | 'too_large'
  | 'lost'
  | 'outside'
  | 'not_writable'
  | 'not_allowed'

export interface RestorePlan {
  /** In the order of their paths. A file that is already as it was is left out. */
  files: FileRestoration[]
  /** Files that Claude has changed and that are left as they are. */
  skipped: { path: string; reason: UnrestorableReason }[]
}

export interface RestoreOptions {
  /** Whether files that somebody else has changed since are put back too; their changes are lost then. Default: false. */
  overwriteOthers?: boolean
  /** As of `ChangeOptions`. */
  isTrusted?: (path: string) => boolean
}

/**
 * What files were before Claude's file tools (Write, Edit, MultiEdit, NotebookEdit) changed them, once per turn
 * and file, so that they can be put back. Files outside the scope's directories are left alone.
 */
export interface Checkpoints {
  /** Keeps what the file is now, before a tool of the turn changes it; only the first time in a turn counts. */
  capture(scope: FileScope, turnId: string, path: string): Promise<void>
  /** Notes what a tool has made of it. */
  seal(scope: FileScope, turnId: string, path: string): Promise<void>
  /** In the order of their paths. @param sinceTurnId that turn and all later ones; null: all turns */
  listChanges(scope: FileScope, sinceTurnId: string | null): Promise<CheckpointedChange[]>
  /** What `restore` would do. */
  planRestore(scope: FileScope, toTurnId: string, options?: RestoreOptions): Promise<RestorePlan>
  /**
   * Puts the files back to what they were before that turn, and forgets what is kept of the files put back from
   * that turn on. To be called while no turn runs. @returns what was done
   */
  restore(scope: FileScope, toTurnId: string, options?: RestoreOptions): Promise<RestorePlan>
}

/** What is asked for beyond an existing directory. */
export type OwnWorkspaceRequest = Exclude<WorkspaceRequest, { type: 'directory' }>
/** A directory that the server has made for a session. */
export type OwnWorkspace = Exclude<Workspace, { type: 'directory' }>

/** Makes directories for sessions, and removes what it has made; nothing else is ever removed. */
export interface WorkspaceProvider {
  /**
   * @param signal ends it; nothing is left then, as with every failure
   * @throws ServiceError INVALID_REQUEST, CWD_NOT_ALLOWED, WORKSPACE_NOT_ALLOWED, WORKSPACE_FAILED
   */
  provide(request: OwnWorkspaceRequest, sessionId: string, signal: AbortSignal): Promise<OwnWorkspace>
  /** Takes back one whose session could not be made. */
  undo(workspace: OwnWorkspace): Promise<void>
  /** Removes one whose sessions are over. Idempotent. */
  remove(workspace: OwnWorkspace): Promise<void>
  /** All that are there, also of an earlier life of the server that broke off while it made one. */
  list(): Promise<OwnWorkspace[]>
}

/** Everything that a session's directories need beside their files. */
export interface Workspaces {
  readonly provider: WorkspaceProvider
  readonly snapshots: Snapshots
  readonly checkpoints: Checkpoints
  readonly diffs: WorkspaceDiffs
  /** Removes what is kept beside the store of a session's files and snapshots. */
  forget(sessionId: string): Promise<void>
  /** Ends whatever is at work, also what hangs; nothing begins afterwards. */
  close(): Promise<void>
}

/** Why there is no snapshot of a directory. */
export type NoSnapshot = 'no_repository' | 'git_not_installed' | 'unsafe_repository' | 'failed'

/** A state of a session's working directory, kept beside the repository that it lies in. */
export interface SnapshotRecord {
  tenantId: string
  sessionId: string
  /** The turn that it was taken in, before anything was changed; null: between turns. */
  turnId: string | null
  /** Git's id of the tree; null: there is none. */
  tree: string | null
  missing: NoSnapshot | null
  takenAt: number
}

/** Snapshots of working directories that lie in a git repository; the repository itself is never written to. */
export interface Snapshots {
  /**
   * Takes one before something is changed: the first in a turn, or outside of turns (null) the first of the
   * session. Never rejects, and nothing that it takes keeps the caller waiting beyond a bound.
   */
  take(scope: FileScope, turnId: string | null): Promise<void>
}

export interface DiffRequest {
  /** The turn before which the comparison begins; null: the session's beginning. */
  sinceTurnId: string | null
  /** Relative to the working directory, or absolute. */
  path: string | undefined
}

export interface WorkspaceDiff {
  source: 'git' | 'checkpoints'
  /** Why there was no snapshot to compare with; null: there is one, or nothing was changed. */
  reason: NoSnapshot | null
  /** In the order of their paths; without `diff` where there was no room. */
  files: FileDiff[]
  /** The same as one text. */
  text: Buffer
  truncated: boolean
}

/** What has become different in a session's directories. */
export interface WorkspaceDiffs {
  /** @throws ServiceError PATH_NOT_ALLOWED for a path that is not the session's */
  compare(scope: FileScope, request: DiffRequest): Promise<WorkspaceDiff>
}

/**
 * The instructions of a session's directories as plain data: texts that Claude reads, and nothing that could run a
 * program or widen what is allowed.
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
  /** Absent: those of the session. */
  tools?: string[]
  disallowedTools?: string[]
}

/** A skill or a slash command. */
export interface InstructedSkill {
  /** `:` separates the directories of a command. */
  name: string
  description: string
  /** What the command takes, for people. */
  argumentHint?: string
  /** Whether only the user starts it, never Claude by itself. */
  userOnly: boolean
  disallowedTools?: string[]
  body: string
}
