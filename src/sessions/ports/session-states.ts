import type { SessionState } from '../../contract/sessions.ts'

/** What a session is doing, as far as it is stored: autonomous work is not, before it is over. */
export interface StoredWork {
  state: SessionState
  /** How many background tasks run. */
  backgroundTasks: number
}

/** What sessions of other nodes are doing. */
export interface StateStore {
  readStates(sessionIds: readonly string[]): Promise<ReadonlyMap<string, StoredWork>>
  /** The sessions that are not idle, over all tenants. */
  listAtWork(): Promise<ReadonlyMap<string, SessionState>>
}
