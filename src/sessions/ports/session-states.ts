import type { SessionState } from '../../contract/sessions.ts'

/** The work of a session, as far as it is stored: autonomous work is not, before it is over. */
export interface StoredWork {
  state: SessionState
  /** How many background tasks run. */
  backgroundTasks: number
}

/** The work of sessions of other nodes. */
export interface StateStore {
  readStates(sessionIds: readonly string[]): Promise<ReadonlyMap<string, StoredWork>>
  /** The sessions that are not idle, over all tenants. */
  listAtWork(): Promise<ReadonlyMap<string, SessionState>>
}
