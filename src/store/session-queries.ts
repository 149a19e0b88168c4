import { type ExpressionBuilder, sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import { type Body, first } from './database.ts'
import { prepared } from './query.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'
import { isUnfinished } from './turn-queries.ts'

interface OfSession {
  tenantId: string
  sessionId: string
}

export const selectSession = prepared((db, of: OfSession) =>
  db.selectFrom('sessions').selectAll().where('id', '=', of.sessionId).where('tenant_id', '=', of.tenantId),
)

export const selectTenant = prepared((db, of: { sessionId: string }) =>
  db.selectFrom('sessions').select('tenant_id').where('id', '=', of.sessionId),
)

/** Makes other transactions wait that count or change what the session has. SQLite has one writer anyway. */
export function* lockSession(tenantId: string, sessionId: string): Body<void> {
  yield* first(selectLocked({ tenantId, sessionId }))
}

const selectLocked = prepared((db, of: OfSession, dialect) => {
  const selection = db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
  return dialect.locksRows ? selection.forNoKeyUpdate() : selection
})

export const countAllSessions = prepared(db =>
  db.selectFrom('sessions').select(eb => eb.fn.countAll<number>().as('count')),
)

export const countActiveSessions = prepared(db =>
  db
    .selectFrom('sessions')
    .where(isActive)
    .select(eb => eb.fn.countAll<number>().as('count')),
)

/** Active, without unfinished turns, soonest expiry first. */
export const selectExpiredSessions = prepared((db, of: { now: number; limit: number }) =>
  expirable(db).selectAll().where('expires_at', '<=', of.now).limit(of.limit),
)

export const selectNextExpiry = prepared(db => expirable(db).select('expires_at').limit(1))

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
