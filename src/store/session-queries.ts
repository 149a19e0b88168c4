import { type ExpressionBuilder, sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { SessionQuery } from '../sessions/ports/index.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'
import { isUnfinished } from './turn-queries.ts'

export function selectSession(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db.selectFrom('sessions').selectAll().where('id', '=', sessionId).where('tenant_id', '=', tenantId)
}

type Position = NonNullable<SessionQuery['after']>
/** With the time of its order. */
export type TimedQuery = SessionQuery & { asOf: number }

export function selectNewestActivity(db: QueryBuilder, tenantId: string, status: SessionQuery['status']) {
  return ofTenant(db, tenantId, status)
    .select('last_activity_at')
    .orderBy('last_activity_at', 'desc')
    .limit(1)
}

/** Those that nothing has happened to since the time of the order, newest activity first. */
export function selectSessions(db: QueryBuilder, tenantId: string, query: TimedQuery) {
  const { status, asOf, after, limit } = query
  const end: Position = after ?? { lastActivityAt: asOf, id: lastId }
  return ofTenant(db, tenantId, status)
    .selectAll()
    .where(eb => eb(eb.refTuple('last_activity_at', 'id'), '<', eb.tuple(end.lastActivityAt, end.id)))
    .orderBy('last_activity_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
}

/** Those that were there at the time of the order and have been used since, with when they had been used before. */
export function selectUsedSessions(db: QueryBuilder, tenantId: string, query: TimedQuery) {
  const { status, asOf } = query
  return ofTenant(db, tenantId, status)
    .selectAll()
    .select(eb => [
      eb
        .selectFrom('turns')
        .whereRef('turns.session_id', '=', 'sessions.id')
        .where('turns.created_at', '<=', asOf)
        .select(part => part.fn.max<number | null>('turns.created_at').as('at'))
        .as('submitted_at'),
      eb
        .selectFrom('turns')
        .whereRef('turns.session_id', '=', 'sessions.id')
        .where('turns.ended_at', '<=', asOf)
        .select(part => part.fn.max<number | null>('turns.ended_at').as('at'))
        .as('finished_at'),
    ])
    .where('last_activity_at', '>', asOf)
    .where('created_at', '<=', asOf)
}

/** Behind every id. */
const lastId = '\uffff'

export function countSessionsOf(db: QueryBuilder, tenantId: string, status: SessionQuery['status']) {
  return ofTenant(db, tenantId, status).select(eb => eb.fn.countAll<number>().as('count'))
}

export function countAllSessions(db: QueryBuilder) {
  return db.selectFrom('sessions').select(eb => eb.fn.countAll<number>().as('count'))
}

export function countActiveSessions(db: QueryBuilder) {
  return db
    .selectFrom('sessions')
    .where(isActive)
    .select(eb => eb.fn.countAll<number>().as('count'))
}

/** Active, without unfinished turns, soonest expiry first. */
export function selectExpiredSessions(db: QueryBuilder, now: number, limit: number) {
  return expirable(db).selectAll().where('expires_at', '<=', now).limit(limit)
}

export function selectNextExpiry(db: QueryBuilder) {
  return expirable(db).select('expires_at').limit(1)
}

function ofTenant(db: QueryBuilder, tenantId: string, status: SessionQuery['status']) {
  const selection = db.selectFrom('sessions').where('tenant_id', '=', tenantId)
  return status === 'all' ? selection : selection.where('status', '=', status)
}

function expirable(db: QueryBuilder) {
  return db
    .selectFrom('sessions')
    .where(isActive)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('turns')
            .select('turns.id')
            .whereRef('turns.session_id', '=', 'sessions.id')
            .where(isUnfinished),
        ),
      ),
    )
    .orderBy('expires_at')
    .orderBy('id')
}

/** A literal and no parameter: only so does the planner know that the partial index holds what is asked for. */
function isActive(eb: ExpressionBuilder<StoreSchema, 'sessions'>) {
  return eb('sessions.status', '=', sql.lit<SessionStatus>('active'))
}
