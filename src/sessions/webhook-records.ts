import type {
  DeliveryFailure,
  DeliveryStatus,
  DeliveryType,
  DisabledReason,
  WebhookEventType,
  WebhookPayload,
} from '../contract/webhooks.ts'

export interface WebhookRecord {
  id: string
  tenantId: string
  createdBy: string
  /** Without the value of its query, which is sealed. */
  url: string
  events: WebhookEventType[]
  /** The whole URL and the keys for signatures, sealed. */
  secrets: string
  createdAt: number
  disabledAt: number | null
  disabledReason: DisabledReason | null
  lastDeliveredAt: number | null
}

/** An event on its way to one webhook. */
export interface DeliveryRecord {
  id: string
  tenantId: string
  webhookId: string
  type: DeliveryType
  payload: WebhookPayload
  status: DeliveryStatus
  /** Since the event, or since the last redelivery. */
  attempts: number
  responseStatus: number | null
  failure: DeliveryFailure | null
  createdAt: number
  lastAttemptAt: number | null
  /** null: none is planned. */
  nextAttemptAt: number | null
}
