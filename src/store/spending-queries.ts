import { sql } from 'kysely'
import type { SpendingReader } from '../sessions/ports/index.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder } from './schema.ts'

/** What sessions have spent: see the port `SpendingReader`. */
export function createSpendingReader(connection: Connection, ensureOpen: () => void): SpendingReader {
  return {
    async sumSpending(tenantId, sessionId) {
      ensureOpen()
      return connection.first(selectSpending(connection.db, tenantId, sessionId))?.spent ?? 0
    },
  }
}

/** The cost of one of its processes is not known. */
const isIncomplete = sql`(cost_usd is not null and exists (
  select 1 from json_each(model_usage) where not json_extract(value, '$.costComplete')))`

export function selectSpending(db: QueryBuilder, tenantId: string, sessionId: string) {
  // With an answer of the model, or lost: something was spent on it.
  const unknown = sql`status = 'lost' or ${isIncomplete}
    or (cost_usd is null and ended_at is not null and message_id is not null)`
  const turns = db
    .selectFrom('turns')
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
    .where('started_at', 'is not', null)
    .select(['cost_usd', unknown.as('unknown')])
  const autonomousWork = db
    .selectFrom('own_work')
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
    .select(['cost_usd', sql`cost_usd is null and usage is not null`.as('unknown')])
  return db
    .selectFrom(turns.unionAll(autonomousWork).as('worked'))
    .select(
      sql<number>`coalesce(sum(cost_usd), 0) + coalesce(sum(unknown), 0) * coalesce(max(cost_usd), 0)`.as(
        'spent',
      ),
    )
}
