import { prepared } from './query.ts'

/** Rewrites the row that shows whether the database can be written. */
export const noteCheck = prepared((db, at: { now: number }) =>
  db
    .insertInto('store_checks')
    .values({ id: 1, checked_at: at.now })
    .onConflict(conflict => conflict.column('id').doUpdateSet({ checked_at: at.now })),
)
