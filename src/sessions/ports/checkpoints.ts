import type { WorkspaceRoots } from './workspace.ts'

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
