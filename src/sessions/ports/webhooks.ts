import type { DeliveryStatus } from '../../contract/webhooks.ts'
import type { DeliveryRecord, WebhookRecord } from '../webhook-records.ts'
import type { RevisedStore } from './revisions.ts'

export interface DeliveryQuery {
  webhookId: string
  status: DeliveryStatus | 'all'
  limit: number
  offset: number
  /** Only what comes behind this item. */
  position?: { at: number; id: string }
}

export type DeliveryChange = Pick<
  DeliveryRecord,
  'status' | 'attempts' | 'responseStatus' | 'failure' | 'lastAttemptAt' | 'nextAttemptAt'
>

/**
 * Webhooks and their deliveries. Deliveries of events are written with the change of their session
 * (`Change.deliveries`).
 */
export interface WebhookStore extends RevisedStore {
  /** Oldest first, over all tenants. */
  loadWebhooks(): Promise<WebhookRecord[]>
  /**
   * Stores a webhook as it is now, whether it was there before or not; its last success never becomes earlier.
   *
   * @param expected the revision that the change is based on; left out: any
   * @returns the new revision
   * @throws ChangedElsewhere
   */
  saveWebhook(webhook: WebhookRecord, expected?: number): Promise<number>
  /**
   * Stores a disabled webhook, makes its pending deliveries `failed`, and adds the deliveries that report it.
   *
   * @param expected as for `saveWebhook`
   */
  disableWebhook(webhook: WebhookRecord, reports: DeliveryRecord[], expected?: number): Promise<number>
  /** Its deliveries stay until they are removed. @param expected as for `saveWebhook` */
  removeWebhook(tenantId: string, webhookId: string, expected?: number): Promise<number>
  /** @returns how many were removed, at most `limit` */
  removeDeliveries(webhookId: string, limit: number): Promise<number>
  addDelivery(delivery: DeliveryRecord): Promise<void>
  findDelivery(tenantId: string, webhookId: string, deliveryId: string): Promise<DeliveryRecord | undefined>
  /** Newest first. */
  listDeliveries(
    tenantId: string,
    query: DeliveryQuery,
  ): Promise<{ deliveries: DeliveryRecord[]; total: number }>
  /** The webhooks that have pending deliveries which are due, over all tenants. */
  listDueWebhooks(now: number): Promise<string[]>
  /** Makes the pending deliveries of a disabled webhook `failed`. */
  failPending(webhookId: string): Promise<void>
  /** Pending ones, those that are due for longest first. */
  listPending(webhookId: string, limit: number): Promise<DeliveryRecord[]>
  changeDelivery(delivery: DeliveryRecord, change: DeliveryChange): Promise<void>
  /**
   * As `changeDelivery`, and notes when the webhook last succeeded.
   *
   * @param isNews whether it counts as a change of the webhook, which all nodes read
   */
  noteDelivered(delivery: DeliveryRecord, change: DeliveryChange, at: number, isNews?: boolean): Promise<void>
  /** Removes deliveries that are over and older than a time, over all tenants. @returns how many, at most `limit` */
  trimDeliveries(createdBefore: number, limit: number): Promise<number>
  /** Removes deliveries of webhooks that are gone. @returns how many, at most `limit` */
  removeOrphans(limit: number): Promise<number>
}

export interface OutgoingWebhook {
  tenantId: string
  url: URL
  headers: Readonly<Record<string, string>>
  body: string | Uint8Array
  signal: AbortSignal
}

export type WebhookResponse =
  | { status: number; retryAfter: string | undefined }
  | { refused: 'address_refused' | 'unreachable'; message: string }

/** Posts to addresses that callers name. Redirects are not followed. Implemented by `src/forwarder/`. */
export interface WebhookSender {
  /** Resolves with the status as soon as it is known. Rejects only when the signal aborts. */
  post(request: OutgoingWebhook): Promise<WebhookResponse>
}
