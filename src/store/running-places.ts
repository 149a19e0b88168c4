import { sql } from 'kysely'
import type { NodeState, PlaceRequest, RunningPlaceStore } from '../sessions/ports/index.ts'
import type { Database } from './database.ts'
import { prepared } from './query.ts'

/** The places that nodes hold: see the port `RunningPlaceStore`. */
export function createRunningPlaces(database: Database): RunningPlaceStore {
  return {
    async hold(counter, nodeId, request) {
      const row = await database.first(holdPlaces({ counter, nodeId, ...request }))
      return Number(JSON.parse(row?.holders ?? '{}')[nodeId] ?? 0)
    },

    async removeFree() {
      await database.all(deleteFree({}))
    },
  }
}

/**
 * Counts and holds in one statement, as `takePlaces` of the rate windows. A holder without a row of `nodes` is dead: it
 * has been forgotten.
 */
const holdPlaces = prepared((db, of: PlaceRequest & { counter: string; nodeId: string }, dialect) => {
  const { lesser, greater, objectOf, entries } = dialect
  const bigint = (value: unknown) => sql<number>`cast(${value} as bigint)`
  const others = sql`select e.key as node, ${bigint(sql`e.value`)} as count from ${entries(sql`p.holders`)} as e
    join nodes on nodes.id = e.key and nodes.state <> ${sql.lit<NodeState>('dead')} where e.key <> ${of.nodeId}`
  const mine = (free: unknown) => lesser(bigint(of.wanted), greater(bigint(of.used), sql`${free}`))
  const text = sql<{ holders: string }>`
    insert into running_places as p (counter, holders)
      select ${of.counter}, ${objectOf(sql`x.node`, sql`x.count`)}
      from (select cast(${of.nodeId} as text) as node, ${mine(bigint(of.limit))} as count) as x
      where true
    on conflict (counter) do update set holders = (
      select coalesce(${objectOf(sql`h.node`, sql`h.count`)}, '{}') from (
        ${others}
        union all
        select cast(${of.nodeId} as text), ${mine(sql`${bigint(of.limit)} - (
          select coalesce(${bigint(sql`sum(o.count)`)}, 0) from (${others}) as o)`)}
      ) as h
      where h.count > 0
    )
    returning holders`
  return { compile: () => text.compile(db) }
})

const deleteFree = prepared(db => db.deleteFrom('running_places').where('holders', '=', '{}'))
