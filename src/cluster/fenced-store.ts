import type { Change, Store } from '../sessions/ports/index.ts'
import { type EventRecord, SessionFenced, type SessionRecord } from '../sessions/records.ts'
import type { Ownership } from './ownership.ts'
import type { Volumes } from './volumes.ts'

/** How soon it is looked again for sessions that have expired, in milliseconds. */
const recheckMs = 1_000

/**
 * Returns the store as a node has it: each change of a session carries the fence of this node's claim, new sessions are
 * this node's, and sessions of other nodes neither expire here nor are resumed at the start.
 */
export function withFences(store: Store, ownership: Ownership, volumes: Volumes): Store {
  async function commit(change: Change): Promise<EventRecord[]> {
    const fence = ownership.fenceOf(change.sessionId)
    if (!fence) throw new SessionFenced(change.sessionId)
    try {
      return await store.commit({ ...change, fence })
    } catch (error) {
      if (error instanceof SessionFenced) ownership.lose(change.sessionId)
      throw error
    }
  }

  /** A directory that two sessions use stays on this node. */
  async function pinOriginal({ forkedFrom, workspace, cwd }: SessionRecord): Promise<void> {
    const fence = forkedFrom && workspace && ownership.fenceOf(forkedFrom.sessionId)
    if (!fence) return
    const { sessionId } = forkedFrom
    if (!(await store.claims.pinSession(sessionId, fence, volumes.of(cwd))))
      throw new SessionFenced(sessionId)
  }

  return Object.assign(Object.create(store) as Store, {
    commit,

    async createSession(session, events, limit, idempotency, past, deliveries) {
      await pinOriginal(session)
      const placement = { fence: ownership.begin(session.id), volume: volumes.ofSession(session) }
      let isCreated = false
      try {
        const created = await store.createSession(
          session,
          events,
          limit,
          idempotency,
          past,
          deliveries,
          placement,
        )
        isCreated = created.created
        return created
      } finally {
        if (!isCreated) ownership.forget(session.id)
      }
    },

    async listExpiredSessions(now, limit) {
      const expired = await store.listExpiredSessions(now, limit)
      const claims = expired.map(({ tenantId, id }) => ownership.claim(tenantId, id))
      const isMine = await Promise.all(claims)
      return expired.filter((_, index) => isMine[index])
    },

    /** One that is due and is not claimed here is looked at again soon, and not at once. */
    async findNextExpiry() {
      const next = await store.findNextExpiry()
      return next === undefined ? undefined : Math.max(next, Date.now() + recheckMs)
    },

    // Each is resumed when it is claimed.
    leftovers: { ...store.leftovers, listSessionsLeft: async () => [] },
  } satisfies Partial<Store>)
}
