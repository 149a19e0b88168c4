import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { readCursor, toCursor } from '../../lib/cursor.ts'
import type { SessionQuery, Store } from '../ports/index.ts'
import { type Caller, listedTenant } from '../records.ts'

/**
 * One page of sessions of a tenant or of all, newest activity first. The first page decides of which time that order is: sessions that are
 * used while a caller pages through them are neither skipped nor repeated.
 */
export async function listSessions(
  store: Pick<Store, 'listSessions' | 'findSession'>,
  caller: Caller,
  { tenant, status, limit, cursor }: OperationInput<'listSessions'>['query'],
) {
  if (caller.sessionId !== null) return listOnly(store, caller, caller.sessionId, status)
  const tenantId = listedTenant(caller, tenant)
  const list = ['sessions', tenantId ?? null, status]
  const place = cursor === undefined ? { asOf: null, after: null } : toPlace(list, cursor)
  // One more than asked for tells whether there is a next page.
  const found = await store.listSessions(tenantId, { status, limit: limit + 1, ...place })
  const sessions = found.sessions.slice(0, limit)
  const [last, activeAt] = [sessions.at(-1), found.activeAt[sessions.length - 1]]
  const hasMore = found.sessions.length > limit && last !== undefined && activeAt !== undefined
  return {
    sessions,
    total: found.total,
    nextCursor: hasMore ? toCursor(list, [found.asOf, activeAt, last.id]) : null,
  }
}

/** The list of a caller whose key is bound to one session. */
async function listOnly(
  store: Pick<Store, 'findSession'>,
  { tenantId }: Caller,
  sessionId: string,
  status: SessionQuery['status'],
) {
  const session = await store.findSession(tenantId, sessionId)
  const sessions = session && (status === 'all' || session.status === status) ? [session] : []
  return { sessions, total: sessions.length, nextCursor: null }
}

/** @throws ServiceError INVALID_REQUEST that names `cursor` */
function toPlace(list: readonly unknown[], cursor: string): Pick<SessionQuery, 'asOf' | 'after'> {
  const key = readCursor(list, cursor)
  if (key === undefined) throw invalidField('cursor', 'must be a cursor of this list')
  const [asOf, lastActivityAt, id] = key
  return { asOf: Number(asOf), after: { lastActivityAt: Number(lastActivityAt), id: String(id) } }
}
