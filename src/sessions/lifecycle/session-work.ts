import type { SessionState } from '../../contract/sessions.ts'
import type { OpenSessions } from '../open-sessions.ts'
import type { StateStore, StoredWork } from '../ports/index.ts'

const idle: StoredWork = { state: 'idle', backgroundTasks: 0 }

/**
 * The states of sessions. This node knows those of the sessions that it has open; where several nodes share the store, the
 * rows of the others have theirs.
 */
export class SessionWork {
  readonly #live: Pick<OpenSessions, 'find' | 'listIn'>
  readonly #states: StateStore | undefined

  /** @param states undefined: no other node has sessions open */
  constructor(live: Pick<OpenSessions, 'find' | 'listIn'>, states: StateStore | undefined) {
    this.#live = live
    this.#states = states
  }

  /** @returns a function of the id of one of the sessions */
  async of(sessionIds: readonly string[]): Promise<(id: string) => StoredWork> {
    const elsewhere = this.#states ? sessionIds.filter(id => !this.#live.find(id)) : []
    const stored = await this.#states?.readStates(elsewhere)
    return id => this.#live.find(id) ?? stored?.get(id) ?? idle
  }

  /** The ids of the sessions that are in one of these states, none of which is `idle`. */
  async listIn(...states: Exclude<SessionState, 'idle'>[]): Promise<string[]> {
    const here = this.#live.listIn(...states)
    if (!this.#states) return here
    const stored = await this.#states.listAtWork()
    const isIn = (state: SessionState) => (states as SessionState[]).includes(state)
    const elsewhere = [...stored].filter(([id, state]) => isIn(state) && !this.#live.find(id))
    return [...here, ...elsewhere.map(([id]) => id)]
  }
}
