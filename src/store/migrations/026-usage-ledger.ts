import { type Kysely, type RawBuilder, sql } from 'kysely'
import { postgresExpressions, sqliteExpressions } from '../dialect.ts'
import type { Migration } from '../migration.ts'

const counters = [
  'turns',
  'autonomous_work',
  'active_ms',
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'web_search_requests',
  'micro_usd',
  'without_tokens',
  'without_cost',
] as const

export const usageLedger: Migration = {
  name: '026-usage-ledger',
  async up(db, dialect) {
    await createTable(db, 'usage_days', ['tenant_id', 'created_by', 'day', 'model'])
    await createTable(db, 'usage_sessions', ['session_id', 'day', 'created_by', 'model'])
    // In the order of reports, so that a page reads no more than its rows are made of.
    await db.schema
      .createIndex('usage_days_day')
      .on('usage_days')
      .columns(['tenant_id', 'day', 'created_by', 'model'])
      .execute()
    await db.schema
      .createIndex('usage_sessions_tenant')
      .on('usage_sessions')
      .columns(['tenant_id', 'session_id', 'day'])
      .execute()
    // For limits: the turns of the last hour, and the active sessions of a key.
    await db.schema
      .createIndex('turns_accepted')
      .on('turns')
      .columns(['tenant_id', 'created_at', 'created_by'])
      .execute()
    await db.schema
      .createIndex('sessions_active_key')
      .on('sessions')
      .columns(['tenant_id', 'created_by'])
      .where(sql.ref('status'), '=', 'active')
      .execute()
    await fill(db, dialect)
  },
}

async function createTable(db: Kysely<unknown>, table: string, key: string[]): Promise<void> {
  let creation = db.schema.createTable(table)
  if (key[0] === 'session_id') {
    creation = creation.addColumn('session_id', 'text', column =>
      column.notNull().references('sessions.id').onDelete('cascade'),
    )
  }
  for (const name of ['tenant_id', 'created_by', 'day', 'model']) {
    creation = creation.addColumn(name, 'text', column => column.notNull())
  }
  for (const name of counters) creation = creation.addColumn(name, 'bigint', column => column.notNull())
  await creation.addPrimaryKeyConstraint(`${table}_primary_key`, key as never).execute()
}

/** Turns and autonomous work from before there was a ledger. The session's key pays for its autonomous work. */
async function fill(db: Kysely<unknown>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const { items, itemsAlias, numberIn, flagIn, textIn } =
    dialect === 'sqlite' ? sqliteExpressions : postgresExpressions
  const dayOf = (time: RawBuilder<unknown>) =>
    dialect === 'sqlite'
      ? sql`date(${time} / 1000, 'unixepoch')`
      : sql`to_char(to_timestamp(${time} / 1000.0) at time zone 'UTC', 'YYYY-MM-DD')`
  const sum = (of: RawBuilder<unknown>) => sql`cast(coalesce(sum(${of}), 0) as bigint)`
  const micros = (cost: RawBuilder<unknown>) => sql`round(coalesce(${cost}, 0) * 1000000)`
  const tokens = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens'] as const
  const share = sql.ref('share.value')
  const shares = sql`${items(sql.ref('worked.model_usage'))} as ${itemsAlias('share')}`
  const elapsed = sql`case when ended_at > started_at then ended_at - started_at else 0 end`
  // A turn that is suspended has used something already, and ends later.
  const worked = sql`(
    select session_id, tenant_id, created_by, coalesce(ended_at, started_at) as at, usage, cost_usd, model_usage,
      case when ended_at is null then 0 else 1 end as turns, 0 as works,
      case when ended_at is null then 0 else coalesce(duration_ms, ${elapsed}) end as active_ms,
      case when ended_at is null then 0 else 1 end as counts
    from turns where started_at is not null
    union all
    select own_work.session_id, own_work.tenant_id, sessions.created_by, own_work.ended_at, usage, cost_usd,
      model_usage, 0, 1, case when own_work.ended_at > started_at then own_work.ended_at - started_at else 0 end, 1
    from own_work join sessions on sessions.id = own_work.session_id
  ) as worked`
  const day = dayOf(sql.ref('at'))
  const columns = sql.join(counters.map(name => sql.ref(name)))
  const isPart = sql`exists (select 1 from ${shares} where ${flagIn(share, 'costComplete')} = 0)`
  const unlessShared = (of: RawBuilder<unknown>) => sql`case when model_usage is null then ${of} else 0 end`
  await sql`
    insert into usage_sessions (session_id, tenant_id, created_by, day, model, ${columns})
    select session_id, tenant_id, created_by, ${day}, '', ${sum(sql`turns`)}, ${sum(sql`works`)},
      ${sum(sql`active_ms`)},
      ${sql.join(tokens.map(kind => sum(unlessShared(numberIn(sql.ref('usage'), kind)))))}, 0,
      ${sum(unlessShared(micros(sql`cost_usd`)))},
      ${sum(sql`case when usage is null then counts else 0 end`)},
      ${sum(sql`case when cost_usd is null or ${isPart} then counts else 0 end`)}
    from ${worked} group by session_id, tenant_id, created_by, ${day}`.execute(db)
  await sql`
    insert into usage_sessions (session_id, tenant_id, created_by, day, model, ${columns})
    select session_id, tenant_id, created_by, ${day}, ${textIn(share, 'model')}, 0, 0, 0,
      ${sql.join(tokens.map(kind => sum(numberIn(share, kind))))}, ${sum(numberIn(share, 'webSearchRequests'))},
      ${sum(micros(numberIn(share, 'costUsd')))}, 0, ${sum(sql`1 - ${flagIn(share, 'costComplete')}`)}
    from ${worked} cross join ${shares} where model_usage is not null
    group by session_id, tenant_id, created_by, ${day}, ${textIn(share, 'model')}`.execute(db)
  for (const key of [sql`created_by`, sql`''`]) {
    await sql`
      insert into usage_days (tenant_id, created_by, day, model, ${columns})
      select tenant_id, ${key}, day, model, ${sql.join(counters.map(name => sum(sql.ref(name))))}
      from usage_sessions group by 1, 2, 3, 4`.execute(db)
  }
}
