import type { Change, Store } from '../sessions/ports/index.ts'
import { type EventRecord, SessionFenced, type SessionRecord } from '../sessions/records.ts'
import type { Ownership } from './ownership.ts'
import type { Volumes } from './volumes.ts'

/** How soon a node looks again for sessions that have expired, and how late at most, in milliseconds. */
const soonMs = 1_000
const lateMs = 30_000

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
      const claims = expired.map(({ tenantId, id }) => ownership.tryClaim(tenantId, id))
      const isMine = await Promise.all(claims)
      return expired.filter((_, index) => isMine[index])
    },

    /** A session that is due here may be another node's; one of another node may be left by it. */
    async findNextExpiry() {
      const now = Date.now()
      const next = (await store.findNextExpiry()) ?? Number.POSITIVE_INFINITY
      return Math.min(Math.max(next, now + soonMs), now + lateMs)
    },

    // Each is resumed when it is claimed.
    leftovers: { ...store.leftovers, listSessionsLeft: async () => [] },
  } satisfies Partial<Store>)
}
