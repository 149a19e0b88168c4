import type { SessionRecord } from '../records.ts'

/** A session whose directory can be on any node. */
export interface PortableSession extends Pick<SessionRecord, 'id' | 'tenantId'> {
  workspace: NonNullable<SessionRecord['workspace']>
  /** The name of its newest snapshot; null: there is none. */
  snapshotId: string | null
}

/** A snapshot that is stored, and that nothing names yet. */
export interface StoredSnapshot {
  /** That of the snapshot before, if nothing has changed. */
  id: string
  /** When it was begun. */
  takenAt: number
  /** Entries that it lacks: special files, and files that the server cannot read. */
  leftOut: number
  /** Must be called before the session names it: the directory is at least as new from now on. */
  announce(): Promise<void>
  /** Removes the snapshot before, once the session names this one. */
  confirm(): Promise<void>
  /** Removes this one again: the session belongs to another node. */
  discard(): Promise<void>
}

/** The result of a restoration. */
export interface RestoredDirectory {
  source: 'snapshot' | 'clone' | 'empty'
  /** Files whose content could not be read. */
  missingFiles: number
}

/** Stores the directories of sessions where all nodes reach them, and restores them from there. */
export interface PortableWorkspaces {
  /** The name of this node. */
  readonly node: string
  /**
   * Stores the directory as it is. Files that have not changed since the last snapshot of this node are not read.
   *
   * @throws if the directory is gone, or holds too much
   */
  save(session: PortableSession, signal: AbortSignal): Promise<StoredSnapshot>
  /** Whether the directory is here, as it was when this node stored or restored this snapshot, or newer. */
  holds(session: PortableSession): Promise<boolean>
  /**
   * Replaces the directory by its snapshot. Without one, it is made again as it was at first, or empty.
   *
   * @throws ServiceError WORKSPACE_UNAVAILABLE if the snapshots cannot be reached
   */
  restore(session: PortableSession, signal: AbortSignal): Promise<RestoredDirectory>
  /** Removes all snapshots of a session. */
  remove(session: Pick<SessionRecord, 'id' | 'tenantId'>): Promise<void>
  /**
   * Removes what no session names.
   *
   * @param findNamed returns the name of a session's newest snapshot; undefined: there is no such session
   */
  sweep(findNamed: (tenantId: string, sessionId: string) => Promise<string | null | undefined>): Promise<void>
}
