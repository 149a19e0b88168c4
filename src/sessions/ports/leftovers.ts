import type { PermissionRecord, TurnRecord } from '../records.ts'

/** The unfinished things of a session's last run. */
export interface Leftovers {
  /** Queued, running and requires_action, in their order. */
  turns: TurnRecord[]
  /** Those that are pending, and those whose answer no process has received; oldest first. */
  permissions: PermissionRecord[]
}

/** The beginning of a session's next run. */
export interface LeftoverStore {
  /**
   * Sessions that were left with unfinished turns, open permission requests, running tasks or half-written
   * attachments, over all tenants.
   */
  listSessionsLeft(): Promise<{ tenantId: string; sessionId: string }[]>
  /**
   * Returns the unfinished things of a session, and clears up the rest: its running tasks become `lost`, and its
   * half-written attachments go. Must be called when no process of a previous run is left.
   */
  takeLeftovers(tenantId: string, sessionId: string, at: number): Promise<Leftovers>
}
