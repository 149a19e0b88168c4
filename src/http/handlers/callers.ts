import type { CallerResponse } from '../../contract/callers.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { Caller } from '../../sessions/records.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { type OpenTickets, ticketLifetimeMs } from '../tickets.ts'

export function callerHandlers(
  deps: HttpDeps,
  tickets: OpenTickets,
): Pick<Handlers, 'getCaller' | 'createTicket'> {
  return {
    getCaller: ({ caller }) => ({ status: 200, body: toCallerBody(caller) }),

    async createTicket({ caller, isValid, trace, body: { sessionId = caller.sessionId } }) {
      if (sessionId !== null) {
        // Who administers the server may name a session of any tenant.
        await deps.service.get(await deps.service.actingOn(caller, { sessionId }), sessionId)
      }
      const expiresAt = toTimestamp(Date.now() + ticketLifetimeMs)
      const ticket = await tickets.create({ caller, isValid, trace }, sessionId)
      return { status: 201, body: { ticket, expiresAt } }
    },
  }
}

export function toCallerBody(caller: Caller): CallerResponse {
  const { keyId, name, tenantId, scopes, sessionId, expiresAt } = caller
  return {
    ...{ keyId, name, tenant: tenantId, scopes: [...scopes], sessionId },
    administersServer: caller.isOperator,
    expiresAt: expiresAt === null ? null : toTimestamp(expiresAt),
  }
}
