import type { FileDiff } from '../../contract/workspace.ts'
import type { FileScope } from './checkpoints.ts'

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
