import { ServiceError } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import { limitReached } from '../limits/limits-of.ts'
import type { SharedPast } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import type { Remember } from '../turns/idempotency.ts'
import { toCreatedEvent } from './new-session.ts'

/**
 * Stores a new session unless there are too many.
 * @param remember returns changes to store in the same transaction
 * @throws ServiceError SESSION_ID_TAKEN, MAX_SESSIONS_REACHED, CALLER_LIMIT_REACHED
 */
export async function admitSession(
  { store, options, limits, log }: Pick<Core, 'store' | 'options' | 'limits' | 'log'>,
  session: SessionRecord,
  remember: Remember | undefined,
  past?: SharedPast,
): Promise<void> {
  const key = remember?.({ sessionId: session.id, turnId: null })
  const owner = { tenantId: session.tenantId, keyId: session.createdBy }
  const limit = { total: options.maxSessions, ...limits.sessionsOf(owner) }
  const result = await store.createSession(session, [toCreatedEvent(session)], limit, key, past)
  if (result.created) return log.feed.publish(session.tenantId, result.events)
  const { active, level } = result
  if (level === 'id') throw sessionIdTaken()
  if (level === undefined) throw maxSessionsReached(limit.total, active)
  throw limitReached({ name: 'activeSessions', level, limit: limit[level] ?? 0, used: active })
}

export function maxSessionsReached(limit: number, active: number): ServiceError<'MAX_SESSIONS_REACHED'> {
  const message = `${active} sessions are active; end one first`
  return new ServiceError('MAX_SESSIONS_REACHED', message, { limit, active })
}

/** Is said of sessions of other tenants too: their callers learn nothing but that the id is no longer free. */
export function sessionIdTaken(): ServiceError<'SESSION_ID_TAKEN'> {
  return new ServiceError('SESSION_ID_TAKEN', 'There is a session with this id')
}
