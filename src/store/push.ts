import type { PushStore } from '../sessions/ports/index.ts'
import { type Database, run } from './database.ts'
import { columnsOf, pick, prepared, preparedBy, preparedInsert } from './query.ts'
import type { Row } from './record-mapper.ts'
import { pushKeysColumns, pushSubscriptionColumns } from './records.ts'
import { advanceRevision, createRevised } from './revisions.ts'

/** Push subscriptions and the server's keys: see the port `PushStore`. */
export function createPush(database: Database): PushStore {
  return {
    ...createRevised(database, 'push'),

    async loadKeys() {
      const row = await database.first(selectKeys({}))
      return row && pushKeysColumns.toRecord(row)
    },

    replaceKeys(keys, expected) {
      return database.transaction(function* () {
        yield* run(deleteSubscriptions({}))
        yield* run(deleteKeys({}))
        yield* run(insertKeys(pushKeysColumns.toRow(keys)))
        return yield* advanceRevision('push', expected)
      })
    },

    async loadSubscriptions() {
      return (await database.all(selectSubscriptions({}))).map(pushSubscriptionColumns.toRecord)
    },

    saveSubscription(subscription, expected) {
      const row = pushSubscriptionColumns.toRow(subscription)
      return database.transaction(
        function* () {
          yield* run(upsertSubscription(columnsOf(row), row))
          return yield* advanceRevision('push', expected)
        },
        () => ({ details: { subscriptionId: subscription.id } }),
      )
    },

    removeSubscriptions(ids) {
      return database.transaction(
        function* () {
          for (const id of ids.toSorted()) yield* run(deleteSubscription({ id }))
          return yield* advanceRevision('push')
        },
        () => ({ details: { subscriptionId: ids[0] } }),
      )
    },
  }
}

const selectKeys = prepared(db => db.selectFrom('push_keys').selectAll())
const deleteKeys = prepared(db => db.deleteFrom('push_keys'))
const insertKeys = preparedInsert('push_keys')

const selectSubscriptions = prepared(db =>
  db.selectFrom('push_subscriptions').selectAll().orderBy('created_at').orderBy('id'),
)
const deleteSubscriptions = prepared(db => db.deleteFrom('push_subscriptions'))
const deleteSubscription = prepared((db, of: { id: string }) =>
  db.deleteFrom('push_subscriptions').where('id', '=', of.id),
)

const upsertSubscription = preparedBy((db, row: Row, columns: string) => {
  const { id, tenant_id, created_by, created_at, ...rest } = pick(row, columns)
  return (
    db
      .insertInto('push_subscriptions')
      // The mapper knows the columns.
      .values({ id, tenant_id, created_by, created_at, ...rest } as never)
      .onConflict(conflict => conflict.column('id').doUpdateSet(rest))
  )
})
