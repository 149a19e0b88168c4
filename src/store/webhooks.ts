import { sql } from 'kysely'
import type { DeliveryStatus } from '../contract/webhooks.ts'
import type { DeliveryChange, DeliveryQuery, WebhookStore } from '../sessions/ports/index.ts'
import type { WebhookRecord } from '../sessions/webhook-records.ts'
import { all, type Body, type Database, first, run } from './database.ts'
import { later } from './dialect.ts'
import { columnsOf, pick, prepared, preparedBy, preparedInsert } from './query.ts'
import type { Row } from './record-mapper.ts'
import { deliveryColumns, webhookColumns } from './records.ts'
import { advanceRevision, createRevised } from './revisions.ts'
import type { QueryBuilder } from './schema.ts'

/** Webhooks and their deliveries: see the port `WebhookStore`. */
export function createWebhooks(database: Database): WebhookStore {
  return {
    ...createRevised(database, 'webhooks'),

    async loadWebhooks() {
      return (await database.all(selectWebhooks({}))).map(webhookColumns.toRecord)
    },

    saveWebhook(webhook, expected) {
      return database.transaction(
        () => save(webhook, expected),
        () => ({ details: { webhookId: webhook.id } }),
      )
    },

    disableWebhook(webhook, reports, expected) {
      const disabling = function* () {
        yield* run(failPending({ webhookId: webhook.id, failure: webhookDisabled }))
        for (const report of reports) yield* run(insertDelivery(deliveryColumns.toRow(report)))
        return yield* save(webhook, expected)
      }
      return database.transaction(disabling, () => ({ details: { webhookId: webhook.id } }))
    },

    removeWebhook(tenantId, webhookId, expected) {
      return database.transaction(
        function* () {
          yield* run(deleteWebhook({ tenantId, webhookId }))
          return yield* advanceRevision('webhooks', expected)
        },
        () => ({ details: { webhookId } }),
      )
    },

    removeDeliveries(webhookId, limit) {
      return database.transaction(() => run(deleteDeliveries({ webhookId, limit })))
    },

    async addDelivery(delivery) {
      await database.transaction(
        () => run(insertDelivery(deliveryColumns.toRow(delivery))),
        () => ({ details: { deliveryId: delivery.id } }),
      )
    },

    async findDelivery(tenantId, webhookId, deliveryId) {
      const row = await database.first(selectDelivery({ tenantId, webhookId, deliveryId }))
      return row && deliveryColumns.toRecord(row)
    },

    listDeliveries(tenantId, query) {
      return database.read(function* () {
        const rows = yield* all(selectDeliveries(tenantId, query))
        const total = (yield* first(countDeliveries(tenantId, query)))?.count ?? 0
        return { deliveries: rows.map(deliveryColumns.toRecord), total }
      })
    },

    async listDueWebhooks(now) {
      return (await database.all(selectDue({ now }))).map(({ webhook_id }) => webhook_id)
    },

    async failPending(webhookId) {
      await database.transaction(() => run(failPending({ webhookId, failure: webhookDisabled })))
    },

    async listPending(webhookId, limit) {
      return (await database.all(selectPending({ webhookId, limit }))).map(deliveryColumns.toRecord)
    },

    async changeDelivery({ id }, change) {
      await database.transaction(
        () => changeDelivery(id, change),
        () => ({ details: { deliveryId: id } }),
      )
    },

    async noteDelivered({ id, webhookId }, change, at, isNews = false) {
      await database.transaction(function* () {
        yield* changeDelivery(id, change)
        yield* run(noteSuccess({ webhookId, at }))
        if (isNews) yield* advanceRevision('webhooks')
      })
    },

    trimDeliveries(createdBefore, limit) {
      return database.transaction(() => run(deleteOver({ createdBefore, limit })))
    },

    removeOrphans(limit) {
      return database.transaction(() => run(deleteOrphans({ limit })))
    },
  }
}

/** Adds a delivery; to be run within a transaction. */
export const insertDelivery = preparedInsert('webhook_deliveries')

function* save(webhook: WebhookRecord, expected: number | undefined): Body<number> {
  const row = webhookColumns.toRow(webhook)
  yield* run(upsertWebhook(columnsOf(row), row))
  return yield* advanceRevision('webhooks', expected)
}

function* changeDelivery(id: string, change: DeliveryChange): Body<void> {
  const columns = deliveryColumns.toRow(change)
  yield* run(updateDelivery(columnsOf(columns), { ...columns, deliveryId: id }))
}

const webhookDisabled = JSON.stringify({ reason: 'webhook_disabled', message: 'The webhook was disabled' })

// A literal and no parameter: only so does the planner know that a partial index holds the rows.
const pending = sql.lit<DeliveryStatus>('pending')

const selectWebhooks = prepared(db =>
  db.selectFrom('webhooks').selectAll().orderBy('created_at').orderBy('id'),
)

const upsertWebhook = preparedBy((db, row: Row, columns: string, dialect) => {
  const { id, tenant_id, created_by, created_at, ...rest } = pick(row, columns)
  const [stored, given] = [sql.ref('webhooks.last_delivered_at'), sql.ref('excluded.last_delivered_at')]
  return (
    db
      .insertInto('webhooks')
      // The mapper knows the columns.
      .values({ id, tenant_id, created_by, created_at, ...rest } as never)
      .onConflict(conflict =>
        conflict.column('id').doUpdateSet({ ...rest, last_delivered_at: later(dialect, stored, given) }),
      )
  )
})

const deleteWebhook = prepared((db, of: { tenantId: string; webhookId: string }) =>
  db.deleteFrom('webhooks').where('id', '=', of.webhookId).where('tenant_id', '=', of.tenantId),
)

const deleteDeliveries = prepared((db, of: { webhookId: string; limit: number }) =>
  db
    .deleteFrom('webhook_deliveries')
    .where('id', 'in', eb =>
      eb
        .selectFrom('webhook_deliveries as one')
        .select('one.id')
        .where('one.webhook_id', '=', of.webhookId)
        .limit(of.limit),
    ),
)

const noteSuccess = prepared((db, of: { webhookId: string; at: number }) =>
  db.updateTable('webhooks').set({ last_delivered_at: of.at }).where('id', '=', of.webhookId),
)

const updateDelivery = preparedBy((db, set: Row & { deliveryId: string }, columns: string) =>
  db.updateTable('webhook_deliveries').set(pick(set, columns)).where('id', '=', set.deliveryId),
)

const failPending = prepared((db, of: { webhookId: string; failure: string }) =>
  db
    .updateTable('webhook_deliveries')
    .set({ status: 'failed', failure: of.failure, next_attempt_at: null })
    .where('webhook_id', '=', of.webhookId)
    .where('status', '=', pending),
)

const selectDelivery = prepared((db, of: { tenantId: string; webhookId: string; deliveryId: string }) =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('id', '=', of.deliveryId)
    .where('webhook_id', '=', of.webhookId)
    .where('tenant_id', '=', of.tenantId),
)

export const selectPending = prepared((db, of: { webhookId: string; limit: number }) =>
  db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', of.webhookId)
    .where('status', '=', pending)
    .orderBy('next_attempt_at')
    .limit(of.limit),
)

/** From the index of pending deliveries alone. */
export const selectDue = prepared((db, of: { now: number }) =>
  db
    .selectFrom('webhook_deliveries')
    .select('webhook_id')
    .distinct()
    .where('status', '=', pending)
    .where('next_attempt_at', '<=', of.now),
)

/** Over all tenants, the oldest first. */
export const deleteOver = prepared((db, of: { createdBefore: number; limit: number }) =>
  db
    .deleteFrom('webhook_deliveries')
    .where('id', 'in', eb =>
      eb
        .selectFrom('webhook_deliveries as over')
        .select('over.id')
        .where('over.status', '!=', pending)
        .where('over.created_at', '<', of.createdBefore)
        .orderBy('over.created_at')
        .limit(of.limit),
    ),
)

const deleteOrphans = prepared((db, of: { limit: number }) =>
  db
    .deleteFrom('webhook_deliveries')
    .where('id', 'in', eb =>
      eb
        .selectFrom('webhook_deliveries as orphan')
        .select('orphan.id')
        .where('orphan.webhook_id', 'not in', eb.selectFrom('webhooks').select('webhooks.id'))
        .limit(of.limit),
    ),
)

interface Values {
  tenantId: string
  webhookId: string
  status: DeliveryQuery['status']
  limit: number
  offset: number
  at?: number
  id?: string
}

type Shape = 'all' | 'all behind' | 'status' | 'status behind'

function valuesOf(tenantId: string, { position, ...query }: DeliveryQuery): Values {
  return { tenantId, ...query, ...position }
}

export function selectDeliveries(tenantId: string, query: DeliveryQuery) {
  const shape = query.status === 'all' ? 'all' : 'status'
  return selectPage(query.position ? `${shape} behind` : shape, valuesOf(tenantId, query))
}

function countDeliveries(tenantId: string, query: DeliveryQuery) {
  return countMatching(query.status === 'all' ? 'all' : 'status', valuesOf(tenantId, query))
}

const selectPage = preparedBy((db, page: Values, shape: Shape) => {
  let selection = matching(db, page, shape)
  if (shape.endsWith('behind')) {
    selection = selection.where(eb =>
      eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(eb.val(page.at ?? 0), eb.val(page.id ?? ''))),
    )
  }
  return selection
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
})

const countMatching = preparedBy((db, of: Values, shape: Shape) =>
  matching(db, of, shape).select(eb => eb.fn.countAll<number>().as('count')),
)

function matching(db: QueryBuilder, of: Values, shape: Shape) {
  const ofWebhook = db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', of.webhookId)
    .where('tenant_id', '=', of.tenantId)
  // A parameter, although its type also has `all`.
  return shape.startsWith('all') ? ofWebhook : ofWebhook.where('status', '=', of.status as DeliveryStatus)
}
