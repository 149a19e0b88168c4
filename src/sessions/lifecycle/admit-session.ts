import { ServiceError } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import type { SharedPast } from '../ports/index.ts'
import type { SessionRecord } from '../records.ts'
import type { Remember } from '../turns/idempotency.ts'
import { toCreatedEvent } from './new-session.ts'

/**
 * Stores a new session unless there are too many.
 * @param remember returns changes to store in the same transaction
 * @throws ServiceError MAX_SESSIONS_REACHED, CALLER_LIMIT_REACHED
 */
export async function admitSession(
  { store, options, limits, log }: Pick<Core, 'store' | 'options' | 'limits' | 'log'>,
  session: SessionRecord,
  remember: Remember | undefined,
  past?: SharedPast,
): Promise<void> {
  const limit = options.maxSessions
  const key = remember?.({ sessionId: session.id, turnId: null })
  const owner = { tenantId: session.tenantId, keyId: session.createdBy }
  const result = await limits.admitSession(owner, () =>
    store.createSession(session, [toCreatedEvent(session)], limit, key, past),
  )
  if (result.created) return log.feed.publish(session.tenantId, result.events)
  throw maxSessionsReached(limit, result.active)
}

export function maxSessionsReached(limit: number, active: number): ServiceError<'MAX_SESSIONS_REACHED'> {
  const message = `${active} sessions are active; end one first`
  return new ServiceError('MAX_SESSIONS_REACHED', message, { limit, active })
}
