import type { Webhook, WebhookDelivery } from '../webhooks.ts'
import { ids, times } from './ids.ts'

const { webhookId, deliveryId } = ids
export const secret = 'whsec_QmFzZTY0IG9mIHRoaXJ0eS10d28gYnl0ZXMgaGVyZSE='

export const createWebhookRequests = {
  simple: { url: 'https://hooks.example.com/claude', events: ['turn.completed' as const] },
  full: {
    url: 'https://hooks.example.com/claude?from=shop',
    events: ['permission.requested' as const, 'turn.completed' as const, 'turn.failed' as const],
    secret,
  },
}

export const webhook: Webhook = {
  webhookId,
  url: 'https://hooks.example.com/claude',
  events: ['turn.completed'],
  enabled: true,
  disabledReason: null,
  disabledAt: null,
  createdAt: times.created,
  createdBy: ids.configuredKeyId,
  tenant: 'default',
  lastDeliveredAt: times.ended,
}
export const disabledWebhook: Webhook = {
  ...webhook,
  enabled: false,
  disabledReason: 'gone',
  disabledAt: times.retry,
}

export const delivered: WebhookDelivery = {
  deliveryId,
  webhookId,
  status: 'delivered',
  attempts: 1,
  responseStatus: 204,
  failure: null,
  createdAt: times.ended,
  lastAttemptAt: times.ended,
  nextAttemptAt: null,
  payload: {
    type: 'turn.completed',
    timestamp: times.ended,
    data: {
      sessionId: ids.sessionId,
      turnId: ids.turnId,
      status: 'completed',
      stopReason: 'end_turn',
    },
  },
}
export const waiting: WebhookDelivery = {
  ...delivered,
  status: 'pending',
  responseStatus: 503,
  failure: { reason: 'status', message: 'The receiver responded with 503' },
  nextAttemptAt: times.retry,
}
export const ping: WebhookDelivery = {
  ...delivered,
  status: 'pending',
  attempts: 0,
  responseStatus: null,
  lastAttemptAt: null,
  nextAttemptAt: times.ended,
  payload: { type: 'webhook.ping', timestamp: times.ended, data: { webhookId } },
}
