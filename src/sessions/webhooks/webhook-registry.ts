import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { notFound } from '../../contract/errors.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import type { DeliveryType, DisabledReason } from '../../contract/webhooks.ts'
import { changeUpToDate } from '../../lib/changed-elsewhere.ts'
import type { Log } from '../../lib/log.ts'
import { OneAtATime } from '../../lib/one-at-a-time.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { SessionsCluster } from '../cluster.ts'
import type { RevisedMemory, Store, WebhookSender, WebhookStore } from '../ports/index.ts'
import type { Caller, NewEvent } from '../records.ts'
import type { DeliveryRecord, WebhookRecord } from '../webhook-records.ts'
import { DeliveryLane, type LaneContext } from './delivery-lane.ts'
import { DeliveryRetention } from './delivery-retention.ts'
import type { Outbox } from './outbox.ts'
import { isReported, toData } from './reported-events.ts'
import { SharedOutbox } from './shared-outbox.ts'
import type { AddressOptions } from './webhook-address.ts'

const attemptTimeoutMs = 15_000
const removedAtOnce = 500

export interface WebhooksParts {
  store: Store
  sealer: Sealer
  sender: WebhookSender
  options: AddressOptions
  faults: Pick<Log, 'error'>
  /** Called with each webhook that the server has disabled. */
  onWebhookDisabled(webhook: WebhookRecord): void
  /** Left out: see `retry-schedule.ts`. */
  webhookTiming?: { retryDelaysMs?: readonly number[]; attemptTimeoutMs?: number }
  /** Left out: no other node shares the store. */
  cluster?: SessionsCluster | undefined
}

/**
 * All webhooks, in memory as they are stored, and the lanes of the enabled ones. An event without a subscriber costs
 * nothing. Where several nodes share the store, each of them adds deliveries and one of them sends; `reload` brings the
 * memory up to date, and each change makes sure that it was.
 */
export class WebhookRegistry implements Outbox, RevisedMemory {
  readonly #store: WebhookStore
  readonly #laneContext: LaneContext
  readonly #onDisabled: WebhooksParts['onWebhookDisabled']
  readonly #known = new Map<string, WebhookRecord>()
  /** Of the enabled webhooks. */
  readonly #lanes = new Map<string, DeliveryLane>()
  readonly #changes = new OneAtATime()
  readonly #retention: DeliveryRetention
  readonly #shared: SharedOutbox | undefined
  #revision = 0
  #isClosed = false

  constructor(parts: WebhooksParts) {
    this.#store = parts.store.webhooks
    this.#onDisabled = webhook => parts.onWebhookDisabled(webhook)
    const onFault = (error: unknown) => parts.faults.error({ err: error }, 'webhook delivery failed')
    const { cluster } = parts
    const mayTrim = () => this.#known.size > 0 && (cluster?.isFirst() ?? true)
    this.#retention = new DeliveryRetention(this.#store, mayTrim, onFault)
    this.#shared = cluster && new SharedOutbox(cluster, this.#store, this, onFault)
    const giveUp = (webhook: WebhookRecord, reason: DisabledReason) =>
      void this.#giveUp(webhook.id, reason).catch(onFault)
    this.#laneContext = {
      store: this.#store,
      sender: parts.sender,
      sealer: parts.sealer,
      addresses: parts.options,
      timeoutMs: parts.webhookTiming?.attemptTimeoutMs ?? attemptTimeoutMs,
      retryDelaysMs: parts.webhookTiming?.retryDelaysMs,
      isSender: () => cluster?.isFirst() ?? true,
      onFault,
      onGone: webhook => giveUp(webhook, 'gone'),
      onExhausted: (webhook, { createdAt }) => {
        if ((webhook.lastDeliveredAt ?? 0) < createdAt) giveUp(webhook, 'failing')
      },
    }
  }

  /** Resumes the deliveries of the previous run of the server. */
  async open(): Promise<void> {
    await this.#load()
    while ((await this.#store.removeOrphans(removedAtOnce)) === removedAtOnce) {
      // Each round is a transaction of its own.
    }
    this.#retention.start()
    this.#shared?.start()
  }

  get revision(): number {
    return this.#revision
  }

  reload(): Promise<void> {
    return this.#changes.run('webhooks', () => this.#load())
  }

  /** Sends what is due to a webhook; false: it is not enabled, or unknown. */
  wake(webhookId: string): boolean {
    const lane = this.#lanes.get(webhookId)
    lane?.wake()
    return lane !== undefined
  }

  isKnown(webhookId: string): boolean {
    return this.#known.has(webhookId)
  }

  /** Ends running attempts; what is pending is sent after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#shared?.close()
    await Promise.all([this.#retention.close(), ...[...this.#lanes.values()].map(lane => lane.close())])
  }

  deliveriesOf(
    tenantId: string,
    sessionId: string,
    at: number,
    events: readonly NewEvent[],
  ): DeliveryRecord[] {
    if (this.#lanes.size === 0) return []
    return events
      .filter(isReported)
      .flatMap(event => this.#report(tenantId, event.type, toData(event, sessionId), at))
  }

  onStored(deliveries: readonly DeliveryRecord[]): void {
    for (const { webhookId } of deliveries) this.#lanes.get(webhookId)?.wake()
  }

  /** All webhooks of a tenant, or of all if none is given. */
  of(tenantId: string | undefined): WebhookRecord[] {
    const all = [...this.#known.values()]
    return tenantId === undefined ? all : all.filter(webhook => webhook.tenantId === tenantId)
  }

  tenantOf(webhookId: string): string | undefined {
    return this.#known.get(webhookId)?.tenantId
  }

  /** @throws ServiceError WEBHOOK_NOT_FOUND */
  get({ tenantId }: Caller, webhookId: string): WebhookRecord {
    const webhook = this.#known.get(webhookId)
    if (webhook?.tenantId !== tenantId) throw notFound('WEBHOOK_NOT_FOUND', webhookId)
    return webhook
  }

  /**
   * Makes changes one by one, so that what is stored and what is in memory agree. A change is made again where another
   * node was faster.
   */
  changeAlone<T>(change: () => Promise<T>): Promise<T> {
    return this.#changes.run('webhooks', () => changeUpToDate(change, () => this.#load()))
  }

  /** To be called in `changeAlone`. */
  async save(webhook: WebhookRecord): Promise<WebhookRecord> {
    this.#revision = await this.#store.saveWebhook(webhook, this.#revision)
    this.#keep(webhook)
    return webhook
  }

  /** To be called in `changeAlone`. @param reports deliveries to other webhooks, stored in the same transaction */
  async disable(
    before: WebhookRecord,
    disabledReason: DisabledReason,
    reports: DeliveryRecord[] = [],
  ): Promise<WebhookRecord> {
    const webhook = { ...before, disabledAt: Date.now(), disabledReason }
    this.#revision = await this.#store.disableWebhook(webhook, reports, this.#revision)
    this.#keep(webhook)
    this.onStored(reports)
    return webhook
  }

  /** To be called in `changeAlone`. */
  async remove({ id, tenantId }: WebhookRecord): Promise<void> {
    this.#revision = await this.#store.removeWebhook(tenantId, id, this.#revision)
    this.#forget(id)
    while ((await this.#store.removeDeliveries(id, removedAtOnce)) === removedAtOnce) {
      // Each round is a transaction of its own.
    }
  }

  #report(tenantId: string, type: DeliveryType, data: Record<string, unknown>, at: number): DeliveryRecord[] {
    return [...this.#lanes.values()]
      .map(({ webhook }) => webhook)
      .filter(webhook => webhook.tenantId === tenantId && (webhook.events as string[]).includes(type))
      .map(webhook => makeDelivery(webhook, type, data, at))
  }

  /** Disables a webhook whose receiver seems to be gone. */
  #giveUp(webhookId: string, reason: DisabledReason): Promise<void> {
    return this.changeAlone(async () => {
      const webhook = this.#known.get(webhookId)
      if (!webhook || webhook.disabledAt !== null) return
      const reports = this.#report(webhook.tenantId, 'webhook.disabled', { webhookId, reason }, Date.now())
      const ofOthers = reports.filter(report => report.webhookId !== webhookId)
      this.#onDisabled(await this.disable(webhook, reason, ofOthers))
    })
  }

  /** Reads all webhooks. */
  async #load(): Promise<void> {
    const revision = await this.#store.readRevision()
    const stored = await this.#store.loadWebhooks()
    const ids = new Set(stored.map(({ id }) => id))
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#forget(id)
    for (const webhook of stored) {
      const known = this.#known.get(webhook.id)
      const lastDeliveredAt = Math.max(known?.lastDeliveredAt ?? 0, webhook.lastDeliveredAt ?? 0) || null
      if (known) known.lastDeliveredAt = lastDeliveredAt
      if (!isDeepStrictEqual(known, { ...webhook, lastDeliveredAt })) {
        this.#keep({ ...webhook, lastDeliveredAt })
      }
    }
    this.#revision = revision
  }

  #forget(webhookId: string): void {
    this.#known.delete(webhookId)
    this.#closeLane(webhookId)
  }

  #keep(webhook: WebhookRecord): void {
    this.#known.set(webhook.id, webhook)
    if (webhook.disabledAt !== null || this.#isClosed) {
      this.#closeLane(webhook.id)
      return
    }
    let lane = this.#lanes.get(webhook.id)
    if (lane) lane.webhook = webhook
    else {
      lane = new DeliveryLane(webhook, this.#laneContext)
      this.#lanes.set(webhook.id, lane)
    }
    lane.wake()
  }

  #closeLane(webhookId: string): void {
    this.#lanes.get(webhookId)?.stop()
    this.#lanes.delete(webhookId)
  }
}

export function makeDelivery(
  { id: webhookId, tenantId }: WebhookRecord,
  type: DeliveryType,
  data: Record<string, unknown>,
  at: number,
): DeliveryRecord {
  return {
    id: randomUUID(),
    tenantId,
    webhookId,
    type,
    payload: { type, timestamp: toTimestamp(at), data },
    status: 'pending',
    attempts: 0,
    responseStatus: null,
    failure: null,
    createdAt: at,
    lastAttemptAt: null,
    nextAttemptAt: at,
  }
}
