import { invalidField } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { readPresetReference } from '../../contract/session-configuration.ts'
import type { SessionState } from '../../contract/sessions.ts'
import { readCursor, toCursor } from '../../lib/cursor.ts'
import type { SessionFilter, SessionQuery, Store } from '../ports/index.ts'
import { type Caller, listedTenant } from '../records.ts'
import type { SessionWork } from './session-work.ts'

type ListQuery = OperationInput<'listSessions'>['query']

/**
 * One page of sessions of a tenant or of all, newest activity first; of a caller whose key is bound to a session, that
 * one alone. The first page decides of which time that order is: sessions that are used while a caller pages through
 * them are neither skipped nor repeated.
 */
export async function listSessions(
  store: Pick<Store, 'listSessions'>,
  work: Pick<SessionWork, 'listIn'>,
  caller: Caller,
  { limit, cursor, tenant, ...wanted }: ListQuery,
) {
  const tenantId = listedTenant(caller, tenant)
  const list = ['sessions', tenantId ?? null, caller.sessionId, Object.entries(wanted).sort()]
  const place = cursor === undefined ? { asOf: null, after: null } : toPlace(list, cursor)
  // One more than asked for tells whether there is a next page.
  const query = { ...(await toFilter(caller, wanted, work)), limit: limit + 1, ...place }
  const found = await store.listSessions(tenantId, query)
  const sessions = found.sessions.slice(0, limit)
  const [last, activeAt] = [sessions.at(-1), found.activeAt[sessions.length - 1]]
  const hasMore = found.sessions.length > limit && last !== undefined && activeAt !== undefined
  return {
    sessions,
    total: found.total,
    nextCursor: hasMore ? toCursor(list, [found.asOf, activeAt, last.id]) : null,
  }
}

async function toFilter(
  caller: Caller,
  { status, archived, tag, preset, state, lastTurn, cwd }: Omit<ListQuery, 'limit' | 'cursor' | 'tenant'>,
  work: Pick<SessionWork, 'listIn'>,
): Promise<SessionFilter> {
  const filed = archived === 'all' ? undefined : archived === 'true'
  const ids = await toIds(state, work)
  const { name, version } = preset === undefined ? {} : readPresetReference(preset)
  const made = { preset: name, presetVersion: version }
  const filter: SessionFilter = { status, archived: filed, tags: tag, lastTurn, cwd, ...made, ...ids }
  if (caller.sessionId === null) return filter
  const isIn = filter.only === undefined || filter.only.includes(caller.sessionId)
  return { ...filter, only: isIn ? [caller.sessionId] : [] }
}

/** The sessions that are at work are few, and all others are idle. */
async function toIds(state: SessionState | undefined, work: Pick<SessionWork, 'listIn'>) {
  if (state === undefined) return {}
  return state === 'idle'
    ? { except: await work.listIn('running', 'requires_action') }
    : { only: await work.listIn(state) }
}

/** @throws ServiceError INVALID_REQUEST that names `cursor` */
function toPlace(list: readonly unknown[], cursor: string): Pick<SessionQuery, 'asOf' | 'after'> {
  const key = readCursor(list, cursor)
  if (key === undefined) throw invalidField('cursor', 'must be a cursor of this list')
  const [asOf, lastActivityAt, id] = key
  return { asOf: Number(asOf), after: { lastActivityAt: Number(lastActivityAt), id: String(id) } }
}
