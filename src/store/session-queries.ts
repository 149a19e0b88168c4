import { type ExpressionBuilder, sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { SessionQuery } from '../sessions/ports.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'
import { isUnfinished } from './turn-queries.ts'

export function selectSession(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db.selectFrom('sessions').selectAll().where('id', '=', sessionId).where('tenant_id', '=', tenantId)
}

/** Newest activity first. */
export function selectSessions(db: QueryBuilder, tenantId: string, query: SessionQuery) {
  let selection = ofTenant(db, tenantId, query.status).selectAll()
  const { after } = query
  if (after) {
    selection = selection.where(eb =>
      eb(eb.refTuple('last_activity_at', 'id'), '<', eb.tuple(after.lastActivityAt, after.id)),
    )
  }
  return selection.orderBy('last_activity_at', 'desc').orderBy('id', 'desc').limit(query.limit)
}

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
