import type { FileState } from './checkpoints.ts'
import type { SnapshotRecord } from './snapshots.ts'

/** What a file was before a turn changed it, and what the turn has made of it. */
export interface CheckpointRecord {
  tenantId: string
  sessionId: string
  turnId: string
  /** Absolute. */
  path: string
  before: FileState
  /** null: no tool of the turn that began has ended. */
  after: FileState | null
  /** Whether it was something else than the turn's last tool had left when the turn's next one began. */
  disturbed: boolean
  takenAt: number
}

/** Which kept files and snapshots there are; the contents are beside the store. */
export interface FileHistoryStore {
  /** The first one of a turn stands; outside of turns the session's first. @returns whether it was stored */
  saveSnapshot(snapshot: SnapshotRecord): Promise<boolean>
  /** Whether the turn has one, or, for null, the session. */
  hasSnapshot(tenantId: string, sessionId: string, turnId: string | null): Promise<boolean>
  /** The first one of the turn or, where it has none, after it; null: the session's first. */
  findSnapshot(
    tenantId: string,
    sessionId: string,
    sinceTurnId: string | null,
  ): Promise<SnapshotRecord | undefined>
  /** Stored as it is now, whether it was there before or not. */
  saveCheckpoint(checkpoint: CheckpointRecord): Promise<void>
  findCheckpoint(
    tenantId: string,
    sessionId: string,
    turnId: string,
    path: string,
  ): Promise<CheckpointRecord | undefined>
  /** In the order of the turns. @param sinceTurnId that turn and later ones; null: all */
  listCheckpoints(
    tenantId: string,
    sessionId: string,
    sinceTurnId: string | null,
  ): Promise<CheckpointRecord[]>
  /** Of that turn and later ones. */
  removeCheckpoints(tenantId: string, sessionId: string, sinceTurnId: string, paths: string[]): Promise<void>
  /** Sessions that ended before a time and of which something is kept, over all tenants. */
  listFileHistories(endedBefore: number, limit: number): Promise<{ tenantId: string; sessionId: string }[]>
  /** Forgets all that is kept of a session. */
  removeFileHistory(tenantId: string, sessionId: string): Promise<void>
  /** How many sessions work, or have worked, in that very directory, over all tenants. */
  countSessionsIn(directory: string): Promise<{ active: number; total: number }>
}
