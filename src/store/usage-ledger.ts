import { type RawBuilder, sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { UsageDimension } from '../contract/usage.ts'
import type { SpentUsd, UsageCounters, UsageLedger, UsageQuery } from '../sessions/ports/index.ts'
import { type Body, type Database, first, run } from './database.ts'
import { prepared, preparedBy } from './query.ts'
import type { Row } from './record-mapper.ts'
import { countSessionsOf } from './session-list-queries.ts'
import { counterFields, usageCounters, usageKey } from './usage-rows.ts'
import type { SessionWrite } from './write.ts'

/** The reports on usage: see the port `UsageLedger`. */
export function createUsageLedger(database: Database): UsageLedger {
  return {
    async listUsage(query) {
      const rows = await database.all(selectGroups(query))
      return rows.map(row => ({
        values: query.groupBy.map((_, index) => String(row[`value${index}`])),
        ...toCounters(row),
      }))
    },

    async sumSpent(tenantId, keyId, day) {
      const month = `${day.slice(0, 7)}-01`
      const rows = await database.all(selectSpent({ tenantId, keyId, day, month }))
      return { tenant: toSpent(rows, ''), key: toSpent(rows, keyId) }
    },

    async countAccepted(tenantId, keyId, since) {
      const scope = keyId === undefined ? 'all' : 'key'
      const rows = await database.all(selectAccepted(scope, { tenantId, keyId: keyId ?? '', since }))
      return rows.map(({ at, count }) => ({ at: Number(at), count: Number(count) }))
    },

    async countActiveSessions(tenantId, keyId) {
      return database.read(function* () {
        const tenant = (yield* first(countSessionsOf(tenantId, { status: 'active' })))?.count ?? 0
        return { tenant, key: (yield* first(countActiveOfKey({ tenantId, keyId })))?.count ?? 0 }
      })
    },
  }
}

interface SpentRow {
  created_by: string
  month: number
  day: number
  works: number
  unknown: number
  unknown_today: number
}

/** With an estimate of what is not known. */
function toSpent(rows: readonly SpentRow[], createdBy: string): SpentUsd {
  const row = rows.find(({ created_by }) => created_by === createdBy)
  if (!row) return { day: 0, month: 0 }
  const known = row.works - row.unknown
  const average = known > 0 ? row.month / known : 0
  return {
    day: Math.round(row.day + row.unknown_today * average),
    month: Math.round(row.month + row.unknown * average),
  }
}

function toCounters(row: Row): UsageCounters {
  return Object.fromEntries(
    counterFields.map((field, index) => [field, Number(row[usageCounters[index] ?? ''])]),
  ) as unknown as UsageCounters
}

/** Adds the usage of a change to the sums of its tenant, of its keys, and of its session. */
export function* addUsage({ tenantId, sessionId, usage }: SessionWrite): Body<void> {
  for (const row of usage) {
    yield* run(upsert('usage_days', { ...row, tenant_id: tenantId, created_by: '' }))
    yield* run(upsert('usage_days', { ...row, tenant_id: tenantId }))
    yield* run(upsert('usage_sessions', { ...row, tenant_id: tenantId, session_id: sessionId }))
  }
}

const upsert = preparedBy((db, row: Row, table: 'usage_days' | 'usage_sessions') => {
  const owner = table === 'usage_days' ? ['tenant_id'] : ['session_id', 'tenant_id']
  const columns = [...owner, ...usageKey, ...usageCounters]
  return db
    .insertInto(table)
    .values(Object.fromEntries(columns.map(column => [column, row[column]])) as never)
    .onConflict(conflict =>
      conflict
        .columns([owner[0], ...usageKey] as never)
        .doUpdateSet(
          Object.fromEntries(
            usageCounters.map(column => [
              column,
              sql`${sql.ref(`${table}.${column}`)} + excluded.${sql.ref(column)}`,
            ]),
          ) as never,
        ),
    )
})

const columnOf = {
  day: 'day',
  key: 'created_by',
  session: 'session_id',
  model: 'model',
  tenant: 'tenant_id',
} as const satisfies Record<UsageDimension, string>

/** Sums that say that something was used. */
const used = [
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'micro_usd',
  'without_tokens',
]

/** Names all that the text of the query depends on. */
type Shape = `${string};${'all' | 'tenant'};${'all' | 'key'};${'first' | 'next'}`
/** The values after which a page begins. */
type Ends = Record<`end${number}`, string>
type GroupRow = Record<`value${number}`, string> & Record<string, unknown>

export function selectGroups(query: UsageQuery) {
  const { groupBy, tenantId, keyId, after } = query
  const scope = `${tenantId === undefined ? 'all' : 'tenant'};${keyId === undefined ? 'all' : 'key'}` as const
  const shape: Shape = `${groupBy.join()};${scope};${after ? 'next' : 'first'}`
  const ends = Object.fromEntries((after ?? []).map((value, index) => [`end${index}`, value]))
  return selectPage(shape, { ...query, ...ends })
}

const selectPage = preparedBy((db, query: UsageQuery & Ends, shape: Shape) => {
  const [dimensions = '', ofTenant, ofKey, page] = shape.split(';')
  const groupBy = dimensions.split(',') as UsageDimension[]
  const isBySession = groupBy.includes('session')
  const columns = groupBy.map(name => sql.ref(columnOf[name]))
  const all = sql.join(columns)
  const conditions = [sql`day between ${query.from} and ${query.to}`]
  if (ofTenant === 'tenant') conditions.push(sql`tenant_id = ${query.tenantId}`)
  if (ofKey === 'key') conditions.push(sql`created_by = ${query.keyId}`)
  // The sums over all keys are there already.
  else if (groupBy.includes('key')) conditions.push(sql`created_by > ''`)
  else if (!isBySession) conditions.push(sql`created_by = ''`)
  if (page === 'next') {
    const ends = groupBy.map((_, index) => sql`${query[`end${index}`]}`)
    conditions.push(sql`(${all}) > (${sql.join(ends)})`)
  }
  const isUsed = sql`${sql.join(
    used.map(column => sql`sum(${sql.ref(column)})`),
    sql` + `,
  )} > 0`
  return db
    .selectFrom(isBySession ? 'usage_sessions' : 'usage_days')
    .select([
      ...columns.map((column, index) => sql<string>`${column}`.as(`value${index}`)),
      ...usageCounters.map(column => sql<number>`sum(${sql.ref(column)})`.as(column)),
    ])
    .where(sql<boolean>`${sql.join(conditions, sql` and `)}`)
    .groupBy(columns as RawBuilder<string>[])
    .having(sql<boolean>`${groupBy.includes('model') ? sql`model > '' or ${isUsed}` : sql`1 = 1`}`)
    .orderBy(all)
    .limit(query.limit)
    .$castTo<GroupRow>()
})

interface OfDay {
  tenantId: string
  keyId: string
  day: string
  /** The first day of the month. */
  month: string
}

export const selectSpent = prepared((db, of: OfDay) => {
  // Numbers of turns are in the rows without a model.
  const unknown = sql`case when model = '' then without_cost else 0 end`
  const today = (sum: RawBuilder<unknown>) =>
    sql<number>`sum(case when day = ${of.day} then ${sum} else 0 end)`
  return db
    .selectFrom('usage_days')
    .select([
      'created_by',
      sql<number>`sum(micro_usd)`.as('month'),
      today(sql`micro_usd`).as('day'),
      sql<number>`sum(turns + autonomous_work)`.as('works'),
      sql<number>`sum(${unknown})`.as('unknown'),
      today(unknown).as('unknown_today'),
    ])
    .where('tenant_id', '=', of.tenantId)
    .where(eb => eb.or([eb('created_by', '=', ''), eb('created_by', '=', of.keyId)]))
    .where('day', '>=', of.month)
    .where('day', '<=', of.day)
    .groupBy('created_by')
})

export const selectAccepted = preparedBy(
  (db, of: { tenantId: string; keyId: string; since: number }, scope: 'all' | 'key') => {
    const turns = db
      .selectFrom('turns')
      .where('tenant_id', '=', of.tenantId)
      .where('created_at', '>', of.since)
    return (scope === 'key' ? turns.where('created_by', '=', of.keyId) : turns)
      .select([sql<number>`max(created_at)`.as('at'), sql<number>`count(*)`.as('count')])
      .groupBy(sql`created_at / 60000`)
  },
)

export const countActiveOfKey = prepared((db, of: { tenantId: string; keyId: string }) =>
  db
    .selectFrom('sessions')
    .select(sql<number>`count(*)`.as('count'))
    .where('tenant_id', '=', of.tenantId)
    .where('created_by', '=', of.keyId)
    // As the partial index has it.
    .where('status', '=', sql.lit<SessionStatus>('active')),
)
