import { sql } from 'kysely'
import type { SpendingReader } from '../sessions/ports/index.ts'
import type { Database } from './database.ts'
import { prepared } from './query.ts'

/** The spending of sessions: see the port `SpendingReader`. */
export function createSpendingReader(database: Database): SpendingReader {
  return {
    async sumSpending(tenantId, sessionId) {
      return (await database.first(selectSpending({ tenantId, sessionId })))?.spent ?? 0
    },
  }
}

export const selectSpending = prepared((db, of: { tenantId: string; sessionId: string }, dialect) => {
  // The cost of one of its processes is not known.
  const isIncomplete = sql`(cost_usd is not null and exists (
    select 1 from ${dialect.items(sql.ref('model_usage'))} as ${dialect.itemsAlias('share')}
    where ${dialect.flagIn(sql.ref('share.value'), 'costComplete')} = 0))`
  // With an answer of the model, or lost: something was spent on it.
  const unknown = sql`case when status = 'lost' or ${isIncomplete}
    or (cost_usd is null and ended_at is not null and message_id is not null) then 1 else 0 end`
  const turns = db
    .selectFrom('turns')
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where('started_at', 'is not', null)
    .select(['cost_usd', unknown.as('unknown')])
  const autonomousWork = db
    .selectFrom('own_work')
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .select([
      'cost_usd',
      sql`case when cost_usd is null and usage is not null then 1 else 0 end`.as('unknown'),
    ])
  return db
    .selectFrom(turns.unionAll(autonomousWork).as('worked'))
    .select(
      sql<number>`coalesce(sum(cost_usd), 0) + coalesce(sum(unknown), 0) * coalesce(max(cost_usd), 0)`.as(
        'spent',
      ),
    )
})
