import { type RawBuilder, sql } from 'kysely'
import type { RateWindowStore } from '../sessions/ports/index.ts'
import type { Database } from './database.ts'
import type { Dialect } from './dialect.ts'
import { livingNodes } from './nodes.ts'
import { prepared } from './query.ts'

const parts = 60
/** Steps that count, beside the one of now: one more for the oldest, of which a part has left the window, and one for grants that are used late. */
const countedSteps = parts + 1
/** The part of what is left that each living node may take ahead. */
const shares = 4

const toStepMs = (windowMs: number) => Math.max(1, Math.ceil(windowMs / parts))

/** The windows that nodes share: see the port `RateWindowStore`. */
export function createRateWindows(database: Database): RateWindowStore {
  return {
    async request({ counter, windowMs, limit, needed, spare }) {
      const stepMs = toStepMs(windowMs)
      const row = await database.first(takePlaces({ counter, stepMs, limit, needed, spare }))
      if (!row) throw new Error('a counter gave no answer')
      const { step, granted, now } = row
      const used = Object.entries<number>(JSON.parse(row.used)).map(
        ([of, count]) => [Number(of), count] as const,
      )
      const left = limit - used.reduce((sum, [, count]) => sum + count, 0)
      return {
        granted,
        step,
        stepEndsInMs: Math.max(0, (step + 1) * stepMs - now),
        left: Math.max(0, left),
        freesInMs: Math.max(0, findFreeStep(used, left) * stepMs - now),
      }
    },

    async giveBack(counter, step, count) {
      await database.all(returnPlaces({ counter, step, count }))
    },

    async begin(counter, windowMs, uses) {
      const stepMs = toStepMs(windowMs)
      const ages = new Map<number, number>()
      for (const { ageMs, count } of uses) {
        const age = Math.floor(Math.max(0, ageMs) / stepMs)
        ages.set(age, (ages.get(age) ?? 0) + count)
      }
      await database.all(insertWindow({ counter, stepMs, ages: JSON.stringify([...ages]) }))
    },

    async forget(counter) {
      await database.all(deleteWindow({ counter }))
    },

    async removeEnded() {
      await database.all(deleteEnded({}))
    },
  }
}

/** The first step in which there is a place again; 0: there is one now. */
function findFreeStep(used: (readonly [step: number, count: number])[], left: number): number {
  let free = left
  for (const [step, count] of used.toSorted(([a], [b]) => a - b)) {
    if (free > 0) break
    free += count
    if (free > 0) return step + countedSteps + 1
  }
  return 0
}

interface Take {
  counter: string
  stepMs: number
  limit: number
  needed: number
  spare: number
}

const bigint = (value: unknown) => sql<number>`cast(${value} as bigint)`

/** A raw statement as one of the builder's. */
const statement = <O>(text: RawBuilder<O>, { db }: Dialect) => ({ compile: () => text.compile(db) })

/** The steps of a window and what was granted in them. */
const stepsOf = (used: RawBuilder<unknown>, dialect: Dialect) =>
  sql`select ${bigint(sql`e.key`)} as step, ${bigint(sql`e.value`)} as count from ${dialect.entries(used)} as e`

/** As many of `needed` as are left, and of `spare` a node's share of the rest. */
function grantOf(left: RawBuilder<unknown>, of: Take, { lesser, greater }: Dialect): RawBuilder<number> {
  const [needed, spare] = [bigint(of.needed), bigint(of.spare)]
  const nodes = greater(sql`1`, sql`(${livingNodes})`)
  const rest = sql`(${left} - ${needed})`
  return sql`case when ${rest} <= 0 then ${greater(sql`0`, left)}
    else ${needed} + ${lesser(spare, sql`${rest} / (${sql.lit(shares)} * ${nodes})`)} end`
}

/**
 * Counts and grants in one statement. The row of the counter is locked before anything is computed, so of requests at
 * the same time each sees the grants of those before it.
 */
const takePlaces = prepared((_, of: Take, dialect) => {
  const { now, greater, objectOf } = dialect
  const [stepMs, limit] = [bigint(of.stepMs), bigint(of.limit)]
  const counted = sql.lit(countedSteps)
  // A clock that was set back far begins anew; otherwise steps only move on.
  const step = sql`case when w.step > ${now} / ${stepMs} + ${counted} then ${now} / ${stepMs}
    else ${greater(sql`w.step`, sql`${now} / ${stepMs}`)} end`
  const endsAt = sql`(x.step + ${counted} + 1) * ${stepMs}`
  const used = sql`w.used`
  return statement(
    sql<{ used: string; granted: number; step: number; now: number }>`
    insert into rate_windows as w (counter, used, granted, step, ends_at)
      select ${of.counter}, '{"' || x.step || '":' || x.granted || '}', x.granted, x.step, ${endsAt}
      from (select ${now} / ${stepMs} as step, ${grantOf(limit, of, dialect)} as granted) as x
      where true
    on conflict (counter) do update set (used, granted, step, ends_at) = (
      select
        coalesce((
          select ${objectOf(sql`cast(m.step as text)`, sql`m.count`)} from (
            select u.step, ${bigint(sql`sum(u.count)`)} as count
            from (${stepsOf(used, dialect)} union all select x.step, x.granted) as u
            where u.step between x.step - ${counted} and x.step and u.count > 0
            group by u.step
          ) as m
        ), '{}'),
        x.granted, x.step, ${endsAt}
      from (
        select t.step, ${bigint(grantOf(sql`(${limit} - t.total)`, of, dialect))} as granted from (
          select s.step, (
            select coalesce(${bigint(sql`sum(u.count)`)}, 0) from (${stepsOf(used, dialect)}) as u
            where u.step between s.step - ${counted} and s.step
          ) as total
          from (select ${step} as step) as s
        ) as t
      ) as x
    )
    returning used, granted, step, ${now} as now`,
    dialect,
  )
})

const returnPlaces = prepared((_, of: { counter: string; step: number; count: number }, dialect) => {
  const { greater, objectOf } = dialect
  const left = greater(sql`0`, sql`u.count - ${bigint(of.count)}`)
  return statement(
    sql`
    update rate_windows set used = (
      select coalesce(${objectOf(
        sql`cast(u.step as text)`,
        sql`case when u.step = ${bigint(of.step)} then ${left} else u.count end`,
      )}, '{}')
      from (${stepsOf(sql`rate_windows.used`, dialect)}) as u
    )
    where counter = ${of.counter}`,
    dialect,
  )
})

const insertWindow = prepared((_, of: { counter: string; stepMs: number; ages: string }, dialect) => {
  const { now, objectOf, items, itemsAlias, itemAt } = dialect
  const stepMs = bigint(of.stepMs)
  const [age, count] = [itemAt(sql`a.value`, 0), itemAt(sql`a.value`, 1)]
  return statement(
    sql`
    insert into rate_windows (counter, used, granted, step, ends_at)
      select ${of.counter}, coalesce((
          select ${objectOf(sql`cast(x.step - ${age} as text)`, count)}
          from ${items(sql`${of.ages}`)} as ${itemsAlias('a')}
        ), '{}'), 0, x.step, (x.step + ${sql.lit(countedSteps)} + 1) * ${stepMs}
      from (select ${now} / ${stepMs} as step) as x
      where true
    on conflict (counter) do nothing`,
    dialect,
  )
})

const deleteWindow = prepared((db, of: { counter: string }) =>
  db.deleteFrom('rate_windows').where('counter', '=', of.counter),
)

const deleteEnded = prepared((db, _: object, { now }) =>
  db.deleteFrom('rate_windows').where('ends_at', '<', now),
)
