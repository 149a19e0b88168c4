import type { SessionState } from '../../contract/sessions.ts'

/** The state of a session as its rows have it. Autonomous work has no row before it is over. */
export interface StoredWork {
  state: SessionState
  /** How many background tasks run. */
  backgroundTasks: number
}

/** The states of sessions that other nodes have open. */
export interface StateStore {
  readStates(sessionIds: readonly string[]): Promise<ReadonlyMap<string, StoredWork>>
  /** The sessions that are not idle, over all tenants. */
  listAtWork(): Promise<ReadonlyMap<string, SessionState>>
}
