import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { refuseReservedId } from '../reserved-ids.ts'
import { toCreatedSession, toSession, toSessionSummary } from '../wire.ts'

type SessionHandlers = Pick<
  Handlers,
  'createSession' | 'listSessions' | 'getSession' | 'patchSession' | 'endSession'
>

export function sessionHandlers(deps: HttpDeps): SessionHandlers {
  return {
    async createSession({ caller, body, idempotency, arrival, isInner, markReplayed, stop, facts }) {
      // The node that has forwarded it has checked it.
      if (!arrival) refuseReservedId(body.sessionId, isInner)
      const options = { key: idempotency, signal: stop }
      const { session, replayed } = await deps.service.create(caller, body, options)
      facts.sessionId = session.id
      if (replayed) markReplayed()
      return { status: 201, body: toCreatedSession(session) }
    },

    async listSessions({ caller, query }) {
      const { sessions, total, nextCursor } = await deps.service.list(caller, query)
      return { status: 200, body: { sessions: sessions.map(toSessionSummary), total, nextCursor } }
    },

    async getSession({ caller, params }) {
      return { status: 200, body: toSession(await deps.service.get(caller, params.sessionId)) }
    },

    async patchSession({ caller, params, body }) {
      return { status: 200, body: toSession(await deps.service.patch(caller, params.sessionId, body)) }
    },

    async endSession({ caller, params }) {
      await deps.service.end(caller, params.sessionId)
      return { status: 204 }
    },
  }
}
