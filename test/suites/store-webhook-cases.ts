import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { DeliveryRecord, WebhookRecord } from '../../src/sessions/webhook-records.ts'
import type { StoreContext } from './store-context.ts'
import { changeOf, messageEvent, sessionRecord, tenantId } from './store-records.ts'

export function webhookOf(fields: Partial<WebhookRecord> = {}): WebhookRecord {
  return {
    id: randomUUID(),
    tenantId,
    createdBy: 'key-1',
    url: 'https://example.com/?***',
    events: ['turn.completed'],
    secrets: 'sealed',
    createdAt: 1_000,
    disabledAt: null,
    disabledReason: null,
    lastDeliveredAt: null,
    ...fields,
  }
}

export function deliveryOf(webhook: WebhookRecord, fields: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    id: randomUUID(),
    tenantId: webhook.tenantId,
    webhookId: webhook.id,
    type: 'turn.completed',
    payload: { type: 'turn.completed', timestamp: '2026-01-01T00:00:00.000Z', data: { a: 1 } },
    status: 'pending',
    attempts: 0,
    responseStatus: null,
    failure: null,
    createdAt: 2_000,
    lastAttemptAt: null,
    nextAttemptAt: 2_000,
    ...fields,
  }
}

/** What the port `WebhookStore` promises, and the changes that carry deliveries. */
export function webhookCases(context: StoreContext): void {
  const webhooks = () => context.store.webhooks
  const list = async (webhook: WebhookRecord, query: object = {}, tenant = tenantId) =>
    webhooks().listDeliveries(tenant, {
      webhookId: webhook.id,
      status: 'all',
      limit: 10,
      offset: 0,
      ...query,
    })
  const idsOf = ({ deliveries }: { deliveries: DeliveryRecord[] }) => deliveries.map(({ id }) => id)
  const add = async (webhook: WebhookRecord, fields: Partial<DeliveryRecord> = {}) => {
    const delivery = deliveryOf(webhook, fields)
    await webhooks().addDelivery(delivery)
    return delivery
  }

  test('a webhook is stored as it is, and again as it has become', async () => {
    const later = webhookOf({ createdAt: 5_000, tenantId: 'tenant-b' })
    const webhook = webhookOf()
    await webhooks().saveWebhook(later)
    await webhooks().saveWebhook(webhook)
    expect(await webhooks().loadWebhooks()).toEqual([webhook, later])
    const changed = webhookOf({
      ...webhook,
      events: ['session.ended', 'turn.lost'],
      url: 'https://b.example/',
    })
    await webhooks().saveWebhook(changed)
    expect(await webhooks().loadWebhooks()).toEqual([changed, later])
    await webhooks().removeWebhook('tenant-x', webhook.id)
    await webhooks().removeWebhook('tenant-b', later.id)
    expect(await webhooks().loadWebhooks()).toEqual([changed])
  })

  test('deliveries are stored with the change of a session, all or nothing', async () => {
    const webhook = webhookOf()
    const first = deliveryOf(webhook)
    const created = sessionRecord()
    await context.store.createSession(created, [], 1_000, undefined, undefined, [first])
    const refused = deliveryOf(webhook)
    await context.store.createSession(sessionRecord(), [], 0, undefined, undefined, [refused])
    const [second, third] = [
      deliveryOf(webhook, { createdAt: 3_000 }),
      deliveryOf(webhook, { createdAt: 4_000 }),
    ]
    await context.store.commit(
      changeOf(created, { events: [messageEvent('a')], deliveries: [second, third] }),
    )
    const updateTurn = { id: randomUUID(), status: 'completed' as const }
    const failing = changeOf(created, { updateTurn, deliveries: [deliveryOf(webhook)] })
    await expect(context.store.commit(failing)).rejects.toThrow('There is no turn')
    expect(await list(webhook)).toEqual({ deliveries: [third, second, first], total: 3 })
  })

  test('deliveries are listed by webhook, tenant, status and page, newest first', async () => {
    const webhook = webhookOf()
    const failure = { reason: 'status' as const, message: 'The receiver responded with 500' }
    const failed = await add(webhook, { status: 'failed', failure, responseStatus: 500, nextAttemptAt: null })
    const newer = await add(webhook, { createdAt: 3_000 })
    await add(webhookOf())
    expect(await list(webhook)).toEqual({ deliveries: [newer, failed], total: 2 })
    expect(await list(webhook, { status: 'failed' })).toEqual({ deliveries: [failed], total: 1 })
    expect(idsOf(await list(webhook, { limit: 1, offset: 1 }))).toEqual([failed.id])
    const position = { at: 3_000, id: newer.id }
    expect(idsOf(await list(webhook, { position }))).toEqual([failed.id])
    expect(idsOf(await list(webhook, { position, status: 'pending' }))).toEqual([])
    expect(await list(webhook, {}, 'tenant-x')).toEqual({ deliveries: [], total: 0 })
    expect(await webhooks().findDelivery(tenantId, webhook.id, failed.id)).toEqual(failed)
    expect(await webhooks().findDelivery('tenant-x', webhook.id, failed.id)).toBeUndefined()
    expect(await webhooks().findDelivery(tenantId, randomUUID(), failed.id)).toBeUndefined()
  })

  test('pending deliveries come in the order in which they are due', async () => {
    const webhook = webhookOf()
    await webhooks().saveWebhook(webhook)
    const later = await add(webhook, { nextAttemptAt: 9_000 })
    const sooner = await add(webhook, { nextAttemptAt: 8_000 })
    await add(webhook, { status: 'failed', nextAttemptAt: null })
    expect(await webhooks().listPending(webhook.id, 10)).toEqual([sooner, later])
    expect(await webhooks().listPending(webhook.id, 1)).toEqual([sooner])
    const failure = { reason: 'timeout' as const, message: 'No response' }
    const retry = {
      status: 'pending' as const,
      attempts: 1,
      responseStatus: null,
      failure,
      lastAttemptAt: 8_500,
    }
    await webhooks().changeDelivery(sooner, { ...retry, nextAttemptAt: 10_000 })
    expect(await webhooks().listPending(webhook.id, 10)).toEqual([
      later,
      { ...sooner, ...retry, nextAttemptAt: 10_000 },
    ])
    const over = {
      ...retry,
      status: 'delivered' as const,
      failure: null,
      responseStatus: 204,
      nextAttemptAt: null,
    }
    await webhooks().noteDelivered(later, over, 9_500)
    expect(idsOf({ deliveries: await webhooks().listPending(webhook.id, 10) })).toEqual([sooner.id])
    expect(await webhooks().loadWebhooks()).toEqual([{ ...webhook, lastDeliveredAt: 9_500 }])
  })

  test('a webhook is disabled together with its pending deliveries and the report to others', async () => {
    const webhook = webhookOf()
    const other = webhookOf()
    await webhooks().saveWebhook(webhook)
    const pending = await add(webhook)
    const delivered = await add(webhook, { status: 'delivered', createdAt: 1_000, nextAttemptAt: null })
    const disabled = { ...webhook, disabledAt: 7_000, disabledReason: 'gone' as const }
    const report = deliveryOf(other, { type: 'webhook.disabled' })
    await webhooks().disableWebhook(disabled, [report])
    expect(await webhooks().loadWebhooks()).toEqual([disabled])
    const failure = { reason: 'webhook_disabled', message: 'The webhook was disabled' }
    expect((await list(webhook)).deliveries).toEqual([
      { ...pending, status: 'failed', failure, nextAttemptAt: null },
      delivered,
    ])
    expect((await list(other)).deliveries).toEqual([report])
  })

  test('old deliveries are removed once they are over, and those of webhooks that are gone', async () => {
    const webhook = webhookOf()
    await webhooks().saveWebhook(webhook)
    const pending = await add(webhook, { createdAt: 10 })
    for (const createdAt of [20, 30, 40]) await add(webhook, { createdAt, status: 'failed' })
    expect(await webhooks().trimDeliveries(40, 1)).toBe(1)
    expect(await webhooks().trimDeliveries(40, 10)).toBe(1)
    expect((await list(webhook)).deliveries.map(({ createdAt }) => createdAt)).toEqual([40, 10])
    const gone = webhookOf()
    await add(gone)
    await add(gone)
    expect(await webhooks().removeOrphans(1)).toBe(1)
    expect(await webhooks().removeOrphans(10)).toBe(1)
    expect((await list(webhook)).total).toBe(2)
    expect(await webhooks().removeDeliveries(webhook.id, 1)).toBe(1)
    expect(await webhooks().removeDeliveries(webhook.id, 10)).toBe(1)
    expect(await webhooks().listPending(pending.webhookId, 10)).toEqual([])
  })
}
