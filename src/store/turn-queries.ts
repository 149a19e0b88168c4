import { type ExpressionBuilder, sql } from 'kysely'
import type { TurnStatus } from '../contract/turns.ts'
import type { Page } from '../sessions/ports/index.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'

export function selectTurn(db: QueryBuilder, tenantId: string, sessionId: string, turnId: string) {
  return db
    .selectFrom('turns')
    .selectAll()
    .where('id', '=', turnId)
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
}

/** Oldest first. */
export function selectTurns(db: QueryBuilder, tenantId: string, sessionId: string, page: Page) {
  return db
    .selectFrom('turns')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
    .where('number', '>', page.offset)
    .orderBy('number')
    .limit(page.limit)
}

/** Over all tenants, oldest first. */
export function selectUnfinishedTurns(db: QueryBuilder) {
  return db
    .selectFrom('turns')
    .selectAll()
    .where(isUnfinished)
    .orderBy('created_at')
    .orderBy('session_id')
    .orderBy('number')
}

/** Literals and no parameters: only so does the planner know that the partial indexes hold what is asked for. */
export function isUnfinished(eb: ExpressionBuilder<StoreSchema, 'turns'>) {
  return eb('turns.status', 'in', [
    sql.lit<TurnStatus>('queued'),
    sql.lit<TurnStatus>('running'),
    sql.lit<TurnStatus>('requires_action'),
  ])
}
