import { toTimestamp } from '../../contract/primitives.ts'
import type { Webhook, WebhookDelivery } from '../../contract/webhooks.ts'
import type { DeliveryRecord, WebhookRecord } from '../../sessions/webhook-records.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage, toPosition } from '../pagination.ts'

type WebhookHandlers = Pick<
  Handlers,
  | 'createWebhook'
  | 'listWebhooks'
  | 'getWebhook'
  | 'patchWebhook'
  | 'deleteWebhook'
  | 'rotateWebhookSecret'
  | 'pingWebhook'
  | 'listWebhookDeliveries'
  | 'redeliverWebhook'
>

export function webhookHandlers(deps: HttpDeps): WebhookHandlers {
  return {
    async createWebhook({ caller, body }) {
      const { webhook, secret } = await deps.service.webhooks.create(caller, body)
      return { status: 201, body: { ...toWebhook(webhook), secret } }
    },

    listWebhooks({ caller, query }) {
      const list = openPage(query, ['webhooks', query.tenant ?? null])
      const page = { ...list.page, ...toPosition(list.key), tenant: query.tenant }
      const { webhooks, total } = deps.service.webhooks.list(caller, page)
      const { items, pagination } = list.close(webhooks, total, ({ createdAt, id }) => [createdAt, id])
      return { status: 200, body: { webhooks: items.map(toWebhook), pagination } }
    },

    getWebhook({ caller, params }) {
      return { status: 200, body: toWebhook(deps.service.webhooks.get(caller, params.webhookId)) }
    },

    async patchWebhook({ caller, params, body }) {
      const webhook = await deps.service.webhooks.patch(caller, params.webhookId, body)
      return { status: 200, body: toWebhook(webhook) }
    },

    async deleteWebhook({ caller, params }) {
      await deps.service.webhooks.remove(caller, params.webhookId)
      return { status: 204 }
    },

    async rotateWebhookSecret({ caller, params: { webhookId }, body }) {
      const { secret, previousUntil } = await deps.service.webhooks.rotateSecret(caller, webhookId, body)
      const previousSecretUntil = toTimestamp(previousUntil)
      return { status: 200, body: { webhookId, secret, previousSecretUntil } }
    },

    async pingWebhook({ caller, params }) {
      const delivery = await deps.service.webhooks.ping(caller, params.webhookId)
      return { status: 202, body: toDelivery(delivery) }
    },

    async listWebhookDeliveries({ caller, params: { webhookId }, query }) {
      const { status } = query
      const list = openPage(query, ['deliveries', webhookId, status])
      const page = { ...list.page, ...toPosition(list.key), webhookId, status }
      const { deliveries, total } = await deps.service.webhooks.listDeliveries(caller, page)
      const { items, pagination } = list.close(deliveries, total, ({ createdAt, id }) => [createdAt, id])
      return { status: 200, body: { webhookId, deliveries: items.map(toDelivery), pagination } }
    },

    async redeliverWebhook({ caller, params: { webhookId, deliveryId } }) {
      const delivery = await deps.service.webhooks.redeliver(caller, webhookId, deliveryId)
      return { status: 202, body: toDelivery(delivery) }
    },
  }
}

function toWebhook(webhook: WebhookRecord): Webhook {
  const { id, url, events, disabledReason, disabledAt, createdAt, lastDeliveredAt } = webhook
  return {
    webhookId: id,
    url,
    events,
    enabled: disabledAt === null,
    disabledReason,
    disabledAt: toTime(disabledAt),
    createdAt: toTimestamp(createdAt),
    createdBy: webhook.createdBy,
    tenant: webhook.tenantId,
    lastDeliveredAt: toTime(lastDeliveredAt),
  }
}

function toDelivery(delivery: DeliveryRecord): WebhookDelivery {
  const { id, webhookId, status, attempts, responseStatus, failure, payload } = delivery
  return {
    deliveryId: id,
    webhookId,
    status,
    attempts,
    responseStatus,
    failure,
    createdAt: toTimestamp(delivery.createdAt),
    lastAttemptAt: toTime(delivery.lastAttemptAt),
    nextAttemptAt: toTime(delivery.nextAttemptAt),
    payload,
  }
}

function toTime(at: number | null): string | null {
  return at === null ? null : toTimestamp(at)
}
