import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import type { SessionDigest } from '../ports/index.ts'
import type { Caller, SessionRecord } from '../records.ts'
import type { ExpirySweeper } from './expiry.ts'
import { listSessions } from './session-list.ts'
import type { SessionView } from './session-view.ts'

const nothing: SessionDigest = { costUsd: 0, openRequests: 0, lastTurn: null }

/** Sessions as callers see them: the record, its sums and last turn, and what its process is doing. */
export class SessionViews {
  readonly #core: Core
  readonly #expiry: ExpirySweeper

  constructor(core: Core, expiry: ExpirySweeper) {
    this.#core = core
    this.#expiry = expiry
  }

  /** @throws ServiceError SESSION_NOT_FOUND */
  async get(caller: Caller, sessionId: string): Promise<SessionView> {
    const session = await this.#core.known.get(caller, sessionId)
    const digests = await this.#core.store.readDigests([session.id])
    return this.#view(session, digests.get(session.id))
  }

  async list(caller: Caller, query: OperationInput<'listSessions'>['query']) {
    await this.#expiry.sweep()
    const { store, live } = this.#core
    const { sessions, total, nextCursor } = await listSessions(store, live, caller, query)
    const digests = await store.readDigests(sessions.map(({ id }) => id))
    return {
      sessions: sessions.map(session => this.#view(session, digests.get(session.id))),
      total,
      nextCursor,
    }
  }

  #view(session: SessionRecord, digest: SessionDigest = nothing): SessionView {
    const live = session.status === 'active' ? this.#core.live.find(session.id) : undefined
    return {
      session,
      digest,
      state: live?.state ?? 'idle',
      backgroundTasks: live?.backgroundTasks ?? 0,
      settingsInForce: this.#core.settingsInForce.of(session),
    }
  }
}
