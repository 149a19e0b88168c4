import { type RawBuilder, sql } from 'kysely'
import type { ModelUsage, Usage } from '../contract/turns.ts'
import type { UsageReader, UsageSums } from '../sessions/ports/index.ts'
import type { Connection } from './node-sqlite.ts'
import type { QueryBuilder } from './schema.ts'

/** What a session's turns and own work add up to: see the port `UsageReader`. */
export function createUsageReader(connection: Connection, ensureOpen: () => void): UsageReader {
  const { db } = connection
  return {
    async sumUsage(tenantId, sessionId, now) {
      ensureOpen()
      const turns = toSums(connection.first(sumTurns(db, tenantId, sessionId, now)))
      const own = toSums(connection.first(sumAutonomousWork(db, tenantId, sessionId)))
      const models = connection.all(sumModels(db, tenantId, sessionId))
      const { times, activeMs, tokens, costUsd } = own
      return {
        turns: turns.times,
        activeMs: turns.activeMs + activeMs,
        tokens: addTokens(turns.tokens, tokens),
        withoutTokens: turns.withoutTokens + own.withoutTokens,
        costUsd: turns.costUsd + costUsd,
        withoutCost: turns.withoutCost + own.withoutCost,
        betweenTurns: { times, activeMs, tokens, costUsd },
        models: models.map(({ cost_complete, ...model }) => ({
          ...model,
          costComplete: cost_complete === 1,
        })),
      } satisfies UsageSums
    },
  }
}

interface Sums {
  times: number
  active_ms: number
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
  without_tokens: number
  cost_usd: number
  without_cost: number
}

function toSums(sums: Sums | undefined) {
  if (!sums) throw new Error('a sum without a row')
  return {
    times: sums.times,
    activeMs: sums.active_ms,
    tokens: {
      inputTokens: sums.input_tokens,
      outputTokens: sums.output_tokens,
      cacheReadInputTokens: sums.cache_read_input_tokens,
      cacheCreationInputTokens: sums.cache_creation_input_tokens,
    },
    withoutTokens: sums.without_tokens,
    costUsd: sums.cost_usd,
    withoutCost: sums.without_cost,
  }
}

function addTokens(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cacheReadInputTokens: one.cacheReadInputTokens + other.cacheReadInputTokens,
    cacheCreationInputTokens: one.cacheCreationInputTokens + other.cacheCreationInputTokens,
  }
}

export function sumTurns(db: QueryBuilder, tenantId: string, sessionId: string, now: number) {
  return begun(db, tenantId, sessionId).select(
    // An end before the start: the clock was set back meanwhile.
    sums(sql`coalesce(duration_ms, max(0, coalesce(ended_at, ${now}) - started_at))`),
  )
}

export function sumAutonomousWork(db: QueryBuilder, tenantId: string, sessionId: string) {
  return autonomousWork(db, tenantId, sessionId).select(sums(sql`max(0, ended_at - started_at)`))
}

function sums(duration: RawBuilder<unknown>) {
  const tokens = (kind: string) => sql<number>`coalesce(sum(json_extract(usage, ${sql.lit(`$.${kind}`)})), 0)`
  return [
    sql<number>`count(*)`.as('times'),
    sql<number>`coalesce(sum(${duration}), 0)`.as('active_ms'),
    tokens('inputTokens').as('input_tokens'),
    tokens('outputTokens').as('output_tokens'),
    tokens('cacheReadInputTokens').as('cache_read_input_tokens'),
    tokens('cacheCreationInputTokens').as('cache_creation_input_tokens'),
    sql<number>`coalesce(sum(usage is null), 0)`.as('without_tokens'),
    sql<number>`coalesce(sum(cost_usd), 0)`.as('cost_usd'),
    sql<number>`coalesce(sum(cost_usd is null or exists (
      select 1 from json_each(model_usage) where not json_extract(value, '$.costComplete'))), 0)`.as(
      'without_cost',
    ),
  ] as const
}

type ModelSums = Omit<ModelUsage, 'costComplete'> & { cost_complete: 0 | 1 }

/** Those that cost most first. */
export function sumModels(db: QueryBuilder, tenantId: string, sessionId: string) {
  const field = (name: string) => sql`json_extract(share.value, ${sql.lit(`$.${name}`)})`
  const sum = (name: keyof ModelUsage) => sql<number>`sum(${field(name)})`.as(name)
  const all = begun(db, tenantId, sessionId)
    .select('model_usage')
    .unionAll(autonomousWork(db, tenantId, sessionId).select('model_usage'))
  return db
    .selectFrom(all.as('worked'))
    .innerJoin(sql<{ value: string }>`json_each(worked.model_usage)`.as('share'), join => join.onTrue())
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

function autonomousWork(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db.selectFrom('own_work').where('session_id', '=', sessionId).where('tenant_id', '=', tenantId)
}
