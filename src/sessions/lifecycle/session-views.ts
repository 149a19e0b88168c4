import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import type { SessionDigest, StoredWork } from '../ports/index.ts'
import type { Caller, SessionRecord } from '../records.ts'
import type { ExpirySweeper } from './expiry.ts'
import { listSessions } from './session-list.ts'
import type { SessionView } from './session-view.ts'
import { SessionWork } from './session-work.ts'

const nothing: SessionDigest = { costUsd: 0, openRequests: 0, lastTurn: null }

/** Sessions as callers see them: the record, its sums and last turn, and what its process is doing. */
export class SessionViews {
  readonly #core: Core
  readonly #expiry: ExpirySweeper
  readonly #work: SessionWork

  /** @param isShared whether other nodes have sessions of the store open */
  constructor(core: Core, expiry: ExpirySweeper, isShared: boolean) {
    this.#core = core
    this.#expiry = expiry
    this.#work = new SessionWork(core.live, isShared ? core.store.states : undefined)
  }

  /** @throws ServiceError SESSION_NOT_FOUND */
  async get(caller: Caller, sessionId: string): Promise<SessionView> {
    const session = await this.#core.known.get(caller, sessionId)
    const digests = await this.#core.store.readDigests([session.id])
    const workOf = await this.#work.of([session.id])
    return this.#view(session, digests.get(session.id), workOf(session.id))
  }

  async list(caller: Caller, query: OperationInput<'listSessions'>['query']) {
    await this.#expiry.sweep()
    const { store } = this.#core
    const { sessions, total, nextCursor } = await listSessions(store, this.#work, caller, query)
    const ids = sessions.map(({ id }) => id)
    const digests = await store.readDigests(ids)
    const workOf = await this.#work.of(ids)
    return {
      sessions: sessions.map(session => this.#view(session, digests.get(session.id), workOf(session.id))),
      total,
      nextCursor,
    }
  }

  #view(session: SessionRecord, digest: SessionDigest = nothing, work: StoredWork): SessionView {
    const isActive = session.status === 'active'
    return {
      session,
      digest,
      state: isActive ? work.state : 'idle',
      backgroundTasks: isActive ? work.backgroundTasks : 0,
      settingsInForce: this.#core.settingsInForce.of(session),
    }
  }
}
