import { type RawBuilder, sql } from 'kysely'
import type { SessionFilter, SessionQuery } from '../sessions/ports/index.ts'
import type { Dialect } from './dialect.ts'
import { preparedBy } from './query.ts'
import type { QueryBuilder } from './schema.ts'

/** With the time of its order. */
export type TimedQuery = SessionQuery & { asOf: number }

export type FilterValues = ReturnType<typeof toFilterValues>

type ListValues = FilterValues & {
  asOf: number
  /** Where the page before ended. */
  endsAt: number
  endsWith: string
  limit: number
}

/** Behind every id. */
const lastId = '\uffff'

function valuesOf(tenantId: string | undefined, query: TimedQuery): ListValues {
  const { asOf, after, limit } = query
  return {
    ...toFilterValues(tenantId, query),
    asOf,
    limit,
    endsAt: after?.lastActivityAt ?? asOf,
    endsWith: after?.id ?? lastId,
  }
}

/** The values of a filter's conditions; undefined: it has not got the condition. */
export function toFilterValues(tenantId: string | undefined, filter: SessionFilter) {
  const { status, archived, tags = [], lastTurn, cwd, preset, presetVersion, only, except = [] } = filter
  return {
    tenant: tenantId,
    status: status === 'all' ? undefined : status,
    archived: archived === undefined ? undefined : Number(archived),
    tags: tags.length > 0 ? JSON.stringify(tags) : undefined,
    lastTurn,
    cwd,
    preset,
    presetVersion,
    only: only && toIdList(only),
    except: except.length > 0 ? toIdList(except) : undefined,
  }
}

/** Objects, because both databases have the fields of items as text. */
export function toIdList(ids: readonly string[]): string {
  return JSON.stringify(ids.map(id => ({ id })))
}

type Condition = keyof FilterValues

const conditions: Record<Condition, (value: RawBuilder<unknown>, dialect: Dialect) => RawBuilder<boolean>> = {
  tenant: value => sql`sessions.tenant_id = ${value}`,
  status: value => sql`sessions.status = ${value}`,
  archived: value => sql`sessions.archived = ${value}`,
  tags: (value, dialect) => dialect.hasItems(sql.ref('sessions.tags'), value),
  lastTurn: value => sql`exists (select 1 from turns where turns.session_id = sessions.id
    and turns.number = sessions.turn_count and turns.status = ${value})`,
  cwd: value => sql`sessions.cwd = ${value}`,
  preset: value => sql`sessions.preset_name = ${value}`,
  presetVersion: value => sql`sessions.preset_version = ${value}`,
  only: (value, dialect) => sql`sessions.id in (${idsIn(value, dialect)})`,
  except: (value, dialect) => sql`sessions.id not in (${idsIn(value, dialect)})`,
}

/** The ids of a list of `toIdList`. */
export function idsIn(list: RawBuilder<unknown>, dialect: Dialect): RawBuilder<string> {
  return sql`select ${dialect.textIn(sql.ref('listed.value'), 'id')} as id
    from ${dialect.items(list)} as ${dialect.itemsAlias('listed')}`
}

/** The names of the conditions that a filter has. */
export function shapeOf(values: FilterValues): string {
  return (Object.keys(conditions) as Condition[]).filter(name => values[name] !== undefined).join()
}

/** The conditions of a shape, on the table `sessions`. */
export function conditionsOf(values: FilterValues, shape: string, dialect: Dialect): RawBuilder<boolean> {
  const names = shape.split(',').filter(name => name !== '') as Condition[]
  if (names.length === 0) return sql`1 = 1`
  return sql`${sql.join(
    names.map(name => conditions[name](sql`${values[name]}`, dialect)),
    sql` and `,
  )}`
}

function matching(db: QueryBuilder, values: FilterValues, shape: string, dialect: Dialect) {
  const selection = db.selectFrom('sessions')
  return shape === '' ? selection : selection.where(conditionsOf(values, shape, dialect))
}

export function selectNewestActivity(tenantId: string | undefined, filter: SessionFilter) {
  const values = toFilterValues(tenantId, filter)
  return selectNewest(shapeOf(values), values)
}

const selectNewest = preparedBy((db, of: FilterValues, shape: string, dialect) =>
  matching(db, of, shape, dialect).select('last_activity_at').orderBy('last_activity_at', 'desc').limit(1),
)

/** Those that nothing has happened to since the time of the order, newest activity first. */
export function selectSessions(tenantId: string | undefined, query: TimedQuery) {
  const values = valuesOf(tenantId, query)
  return selectPage(shapeOf(values), values)
}

const selectPage = preparedBy((db, page: ListValues, shape: string, dialect) =>
  matching(db, page, shape, dialect)
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
  const values = valuesOf(tenantId, query)
  return selectUsed(shapeOf(values), values)
}

const selectUsed = preparedBy((db, page: ListValues, shape: string, dialect) =>
  matching(db, page, shape, dialect)
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

export function countSessionsOf(tenantId: string | undefined, filter: SessionFilter) {
  const values = toFilterValues(tenantId, filter)
  return countOf(shapeOf(values), values)
}

const countOf = preparedBy((db, of: FilterValues, shape: string, dialect) =>
  matching(db, of, shape, dialect).select(eb => eb.fn.countAll<number>().as('count')),
)
