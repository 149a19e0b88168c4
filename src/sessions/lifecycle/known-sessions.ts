import { notFound, ServiceError } from '../../contract/errors.ts'
import type { OpenSessions } from '../open-sessions.ts'
import type { Store } from '../ports/index.ts'
import type { Caller, SessionRecord } from '../records.ts'
import type { ExpirySweeper } from './expiry.ts'

/** Finds a caller's sessions as they are now: one whose time is over, or a
 * permission request of it, has expired by the time it is found. */
export class KnownSessions {
  readonly #store: Store
  readonly #expiry: ExpirySweeper
  readonly #live: Pick<OpenSessions, 'find'>

  constructor(store: Store, expiry: ExpirySweeper, live: Pick<OpenSessions, 'find'>) {
    this.#store = store
    this.#expiry = expiry
    this.#live = live
  }

  /** @throws ServiceError SESSION_NOT_FOUND, also for another tenant's, and one that the caller's key is not for */
  async get(caller: Caller, sessionId: string): Promise<SessionRecord> {
    const isOpen = caller.sessionId === null || caller.sessionId === sessionId
    const session = isOpen && (await this.#store.findSession(caller.tenantId, sessionId))
    if (!session) throw notFound('SESSION_NOT_FOUND', sessionId)
    await this.#live.find(sessionId)?.process.requests.expireDue()
    if (session.status === 'active' && session.expiresAt <= Date.now()) {
      await this.#expiry.sweep()
      return (await this.#store.findSession(caller.tenantId, sessionId)) ?? session
    }
    return session
  }

  /** @throws ServiceError SESSION_NOT_FOUND, SESSION_EXPIRED, SESSION_ENDED */
  async getActive(caller: Caller, sessionId: string): Promise<SessionRecord> {
    const session = await this.get(caller, sessionId)
    if (session.status === 'expired')
      throw new ServiceError('SESSION_EXPIRED', `Session ${sessionId} has expired`)
    if (session.status === 'ended') throw new ServiceError('SESSION_ENDED', `Session ${sessionId} has ended`)
    return session
  }
}
