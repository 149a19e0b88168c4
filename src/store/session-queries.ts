import { type ExpressionBuilder, sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { SessionQuery } from '../sessions/ports/index.ts'
import { type Body, first } from './database.ts'
import { prepared, preparedBy } from './query.ts'
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

/** With the time of its order. */
export type TimedQuery = SessionQuery & { asOf: number }

interface ListValues {
  tenantId: string | undefined
  status: SessionQuery['status']
  asOf: number
  /** Where the page before ended. */
  endsAt: number
  endsWith: string
  limit: number
}

/** Words for what narrows a list. */
function narrowing(tenantId: string | undefined, status: SessionQuery['status']): string {
  return `${tenantId === undefined ? '' : 'tenant '}${status === 'all' ? '' : 'status'}`
}

/** Behind every id. */
const lastId = '\uffff'

function valuesOf(tenantId: string | undefined, { status, asOf, after, limit }: TimedQuery): ListValues {
  return {
    tenantId,
    status,
    asOf,
    limit,
    endsAt: after?.lastActivityAt ?? asOf,
    endsWith: after?.id ?? lastId,
  }
}

export function selectNewestActivity(tenantId: string | undefined, status: SessionQuery['status']) {
  return selectNewest(narrowing(tenantId, status), { tenantId, status })
}

const selectNewest = preparedBy((db, of: StatusValues, shape: string) =>
  matching(db, of, shape).select('last_activity_at').orderBy('last_activity_at', 'desc').limit(1),
)

/** Those that nothing has happened to since the time of the order, newest activity first. */
export function selectSessions(tenantId: string | undefined, query: TimedQuery) {
  return selectPage(narrowing(tenantId, query.status), valuesOf(tenantId, query))
}

const selectPage = preparedBy((db, page: ListValues, shape: string) =>
  matching(db, page, shape)
    .selectAll()
    .where(eb =>
      eb(eb.refTuple('last_activity_at', 'id'), '<', eb.tuple(eb.val(page.endsAt), eb.val(page.endsWith))),
    )
    .orderBy('last_activity_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit),
)

/** Those that were there at the time of the order and have been used since, with when they had been used before. */
export function selectUsedSessions(tenantId: string | undefined, query: TimedQuery) {
  return selectUsed(narrowing(tenantId, query.status), valuesOf(tenantId, query))
}

const selectUsed = preparedBy((db, page: ListValues, shape: string) =>
  matching(db, page, shape)
    .selectAll()
    .select(eb => [
      eb
        .selectFrom('turns')
        .whereRef('turns.session_id', '=', 'sessions.id')
        .where('turns.created_at', '<=', page.asOf)
        .select(part => part.fn.max<number | null>('turns.created_at').as('at'))
        .as('submitted_at'),
      eb
        .selectFrom('turns')
        .whereRef('turns.session_id', '=', 'sessions.id')
        .where('turns.ended_at', '<=', page.asOf)
        .select(part => part.fn.max<number | null>('turns.ended_at').as('at'))
        .as('finished_at'),
    ])
    .where('last_activity_at', '>', page.asOf)
    .where('created_at', '<=', page.asOf),
)

export function countSessionsOf(tenantId: string | undefined, status: SessionQuery['status']) {
  return countOf(narrowing(tenantId, status), { tenantId, status })
}

const countOf = preparedBy((db, of: StatusValues, shape: string) =>
  matching(db, of, shape).select(eb => eb.fn.countAll<number>().as('count')),
)

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

interface StatusValues {
  tenantId: string | undefined
  status: SessionQuery['status']
}

function matching(db: QueryBuilder, of: StatusValues, shape: string) {
  let selection = db.selectFrom('sessions')
  if (shape.includes('tenant')) selection = selection.where('tenant_id', '=', of.tenantId ?? '')
  // A parameter, although its type also has `all`.
  return shape.includes('status') ? selection.where('status', '=', of.status as SessionStatus) : selection
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
