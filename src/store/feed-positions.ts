import { sql } from 'kysely'
import { type Body, first, run } from './database.ts'
import { prepared } from './query.ts'

/** In place of a tenant in the table of removals: all of them. */
export const everyTenant = ''

/** Gives so many events their positions; within the transaction that writes them. @returns the last one; 0: none */
export function* advanceFeed(events: number): Body<number> {
  return events === 0 ? 0 : ((yield* first(advanceHead({ events })))?.position ?? 0)
}

/** Notes that events with these positions are gone; within the transaction that removes them. */
export function* noteRemoved(tenantId: string, positions: readonly number[]): Body<void> {
  const through = Math.max(0, ...positions)
  if (through > 0) yield* run(raiseRemoved({ tenantId, through }))
}

const advanceHead = prepared((db, by: { events: number }) =>
  db
    .insertInto('feed_head')
    .values({ id: 1, position: by.events })
    .onConflict(conflict =>
      conflict.column('id').doUpdateSet(eb => ({ position: eb('feed_head.position', '+', by.events) })),
    )
    .returning('position'),
)

const raiseRemoved = prepared((db, of: { tenantId: string; through: number }, dialect) =>
  db
    .insertInto('feed_removals')
    .values({ tenant_id: of.tenantId, through: of.through })
    .onConflict(conflict =>
      conflict
        .column('tenant_id')
        .doUpdateSet({ through: dialect.greater(sql`feed_removals.through`, sql`excluded.through`) }),
    ),
)
