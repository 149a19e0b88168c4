import { type ExpressionBuilder, sql } from 'kysely'
import type { TurnStatus } from '../contract/turns.ts'
import { prepared } from './query.ts'
import type { StoreSchema } from './schema.ts'

interface OfSession {
  tenantId: string
  sessionId: string
}

export type OfTurn = OfSession & { turnId: string }

export const selectTurn = prepared((db, of: OfTurn) =>
  db
    .selectFrom('turns')
    .selectAll()
    .where('id', '=', of.turnId)
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

export const selectTurnNumber = prepared((db, of: OfTurn) =>
  db
    .selectFrom('turns')
    .select('number')
    .where('id', '=', of.turnId)
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

/** Oldest first. */
export const selectTurns = prepared((db, page: OfSession & { limit: number; offset: number }) =>
  db
    .selectFrom('turns')
    .selectAll()
    .where('session_id', '=', page.sessionId)
    .where('tenant_id', '=', page.tenantId)
    .where('number', '>', page.offset)
    .orderBy('number')
    .limit(page.limit),
)

/** Literals and no parameters: only so does the planner know that the partial indexes hold what is asked for. */
export function isUnfinished(eb: ExpressionBuilder<StoreSchema, 'turns'>) {
  return eb('turns.status', 'in', [
    sql.lit<TurnStatus>('queued'),
    sql.lit<TurnStatus>('running'),
    sql.lit<TurnStatus>('requires_action'),
  ])
}
