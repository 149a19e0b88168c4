import { type RawBuilder, sql } from 'kysely'
import type { ModelUsage, Usage } from '../contract/turns.ts'
import { toMicroDollars } from '../lib/micro-dollars.ts'
import type { UsageReader, UsageSums } from '../sessions/ports/index.ts'
import { all, type Database, first } from './database.ts'
import type { Dialect } from './dialect.ts'
import { prepared } from './query.ts'
import type { QueryBuilder } from './schema.ts'

/** The sums over a session's turns and autonomous work: see the port `UsageReader`. */
export function createUsageReader(database: Database): UsageReader {
  return {
    sumUsage(tenantId, sessionId, now) {
      const of = { tenantId, sessionId }
      return database.read(function* () {
        const turns = toSums(yield* first(sumTurns({ ...of, now })))
        const own = toSums(yield* first(sumAutonomousWork(of)))
        const models = yield* all(sumModels(of))
        const { times, activeMs, tokens, costUsd } = own
        return {
          turns: turns.times,
          activeMs: turns.activeMs + activeMs,
          tokens: addTokens(turns.tokens, tokens),
          withoutTokens: turns.withoutTokens + own.withoutTokens,
          costUsd: toMicroDollars(turns.costUsd + costUsd),
          withoutCost: turns.withoutCost + own.withoutCost,
          betweenTurns: { times, activeMs, tokens, costUsd },
          models: models.map(({ cost_complete, ...model }) => ({
            ...model,
            costUsd: model.costUsd === null ? null : toMicroDollars(model.costUsd),
            costComplete: cost_complete === 1,
          })),
        } satisfies UsageSums
      })
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
    costUsd: toMicroDollars(sums.cost_usd),
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

interface OfSession {
  tenantId: string
  sessionId: string
}

export const sumTurns = prepared((db, of: OfSession & { now: number }, dialect) => {
  // An end before the start: the clock was set back meanwhile.
  const elapsed = dialect.greater(sql`0`, sql`coalesce(ended_at, ${of.now}) - started_at`)
  return begun(db, of).select(sums(sql`coalesce(duration_ms, ${elapsed})`, dialect))
})

export const sumAutonomousWork = prepared((db, of: OfSession, dialect) =>
  autonomousWork(db, of).select(sums(dialect.greater(sql`0`, sql`ended_at - started_at`), dialect)),
)

function sums(duration: RawBuilder<unknown>, dialect: Dialect) {
  const tokens = (kind: string) => sql<number>`coalesce(sum(${dialect.numberIn(sql.ref('usage'), kind)}), 0)`
  const isIncomplete = sql`exists (select 1 from ${dialect.items(sql.ref('model_usage'))} as ${dialect.itemsAlias('share')}
    where ${dialect.flagIn(sql.ref('share.value'), 'costComplete')} = 0)`
  return [
    sql<number>`count(*)`.as('times'),
    sql<number>`coalesce(sum(${duration}), 0)`.as('active_ms'),
    tokens('inputTokens').as('input_tokens'),
    tokens('outputTokens').as('output_tokens'),
    tokens('cacheReadInputTokens').as('cache_read_input_tokens'),
    tokens('cacheCreationInputTokens').as('cache_creation_input_tokens'),
    sql<number>`coalesce(sum(case when usage is null then 1 else 0 end), 0)`.as('without_tokens'),
    sql<number>`coalesce(sum(cost_usd), 0)`.as('cost_usd'),
    sql<number>`coalesce(sum(case when cost_usd is null or ${isIncomplete} then 1 else 0 end), 0)`.as(
      'without_cost',
    ),
  ] as const
}

type ModelSums = Omit<ModelUsage, 'costComplete'> & { cost_complete: 0 | 1 }

/** Those that cost most first. */
export const sumModels = prepared((db, of: OfSession, dialect) => {
  const value = sql.ref('share.value')
  const sum = (name: keyof ModelUsage) => sql<number>`sum(${dialect.numberIn(value, name)})`
  const all = begun(db, of).select('model_usage').unionAll(autonomousWork(db, of).select('model_usage'))
  return db
    .selectFrom(all.as('worked'))
    .innerJoin(items(dialect), join => join.onTrue())
    .select([
      dialect.textIn(value, 'model').as('model'),
      sum('inputTokens').as('inputTokens'),
      sum('outputTokens').as('outputTokens'),
      sum('cacheReadInputTokens').as('cacheReadInputTokens'),
      sum('cacheCreationInputTokens').as('cacheCreationInputTokens'),
      // A sum of nothing but nulls is null: nothing is known.
      sql<number | null>`${sum('costUsd')}`.as('costUsd'),
      sql<0 | 1>`min(${dialect.flagIn(value, 'costComplete')})`.as('cost_complete'),
      sum('webSearchRequests').as('webSearchRequests'),
    ])
    .groupBy(sql`1`)
    .orderBy(sql`coalesce(${sum('costUsd')}, 0) desc, 1`)
    .$castTo<ModelSums>()
})

/** The shares of the models as a table. */
function items(dialect: Dialect) {
  return dialect.items(sql.ref('worked.model_usage')).as<'share'>(dialect.itemsAlias('share'))
}

/** As the partial index has them, which also holds all that is added up. */
function begun(db: QueryBuilder, of: OfSession) {
  return db
    .selectFrom('turns')
    .where('turns.session_id', '=', of.sessionId)
    .where('turns.tenant_id', '=', of.tenantId)
    .where('turns.started_at', 'is not', null)
}

function autonomousWork(db: QueryBuilder, of: OfSession) {
  return db.selectFrom('own_work').where('session_id', '=', of.sessionId).where('tenant_id', '=', of.tenantId)
}
