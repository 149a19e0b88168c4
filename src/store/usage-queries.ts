import { sql } from 'kysely'
import type { ModelUsage } from '../contract/turns.ts'
import type { UsageReader, UsageSums } from '../sessions/ports.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder } from './schema.ts'

/** What the turns of a session add up to: see the port `UsageReader`. */
export function createUsageReader(connection: Connection, ensureOpen: () => void): UsageReader {
  const { db } = connection
  return {
    async sumUsage(tenantId, sessionId, now) {
      ensureOpen()
      const sums = connection.first(sumTurns(db, tenantId, sessionId, now))
      const models = connection.all(sumModels(db, tenantId, sessionId))
      if (!sums) throw new Error('a sum without a row')
      return {
        turns: sums.turns,
        activeMs: sums.active_ms,
        tokens: {
          inputTokens: sums.input_tokens,
          outputTokens: sums.output_tokens,
          cacheReadInputTokens: sums.cache_read_input_tokens,
          cacheCreationInputTokens: sums.cache_creation_input_tokens,
        },
        turnsWithoutTokens: sums.turns_without_tokens,
        costUsd: sums.cost_usd,
        turnsWithoutCost: sums.turns_without_cost,
        models: models.map(({ cost_complete, ...model }) => ({
          ...model,
          costComplete: cost_complete === 1,
        })),
      } satisfies UsageSums
    },
  }
}

export function sumTurns(db: QueryBuilder, tenantId: string, sessionId: string, now: number) {
  const tokens = (kind: string) => sql<number>`coalesce(sum(json_extract(usage, ${sql.lit(`$.${kind}`)})), 0)`
  return begun(db, tenantId, sessionId).select([
    sql<number>`count(*)`.as('turns'),
    sql<number>`coalesce(sum(max(0, coalesce(ended_at, ${now}) - started_at)), 0)`.as('active_ms'),
    tokens('inputTokens').as('input_tokens'),
    tokens('outputTokens').as('output_tokens'),
    tokens('cacheReadInputTokens').as('cache_read_input_tokens'),
    tokens('cacheCreationInputTokens').as('cache_creation_input_tokens'),
    sql<number>`coalesce(sum(usage is null), 0)`.as('turns_without_tokens'),
    sql<number>`coalesce(sum(cost_usd), 0)`.as('cost_usd'),
    sql<number>`coalesce(sum(cost_usd is null or exists (
      select 1 from json_each(model_usage) where not json_extract(value, '$.costComplete'))), 0)`.as(
      'turns_without_cost',
    ),
  ])
}

type ModelSums = Omit<ModelUsage, 'costComplete'> & { cost_complete: 0 | 1 }

/** Those that cost most first. */
export function sumModels(db: QueryBuilder, tenantId: string, sessionId: string) {
  const field = (name: string) => sql`json_extract(share.value, ${sql.lit(`$.${name}`)})`
  const sum = (name: keyof ModelUsage) => sql<number>`sum(${field(name)})`.as(name)
  return begun(db, tenantId, sessionId)
    .innerJoin(sql<{ value: string }>`json_each(turns.model_usage)`.as('share'), join => join.onTrue())
    .select([
      sql<string>`${field('model')}`.as('model'),
      sum('inputTokens'),
      sum('outputTokens'),
      sum('cacheReadInputTokens'),
      sum('cacheCreationInputTokens'),
      // A sum of nothing but nulls is null: nothing is known.
      sql<number | null>`sum(${field('costUsd')})`.as('costUsd'),
      sql<0 | 1>`min(${field('costComplete')})`.as('cost_complete'),
      sum('webSearchRequests'),
    ])
    .groupBy(sql`1`)
    .orderBy(sql`coalesce(sum(${field('costUsd')}), 0) desc, 1`)
    .$castTo<ModelSums>()
}

/** As the partial index has them, which also holds all that is added up. */
function begun(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db
    .selectFrom('turns')
    .where('turns.session_id', '=', sessionId)
    .where('turns.tenant_id', '=', tenantId)
    .where('turns.started_at', 'is not', null)
}
