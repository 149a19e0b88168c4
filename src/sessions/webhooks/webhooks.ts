import { randomBytes, randomUUID } from 'node:crypto'
import { invalidField, notFound, ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import { maxWebhooks, toSecret } from '../../contract/webhooks.ts'
import { CannotUnseal } from '../../lib/sealed-text.ts'
import { optionsOf } from '../options.ts'
import type { DeliveryQuery, RevisedMemory, Store } from '../ports/index.ts'
import { type Caller, listedTenant } from '../records.ts'
import { redactUrl } from '../settings/secrets.ts'
import type { DeliveryRecord, WebhookRecord } from '../webhook-records.ts'
import { withOutbox } from './outbox.ts'
import { checkAddress } from './webhook-address.ts'
import { makeDelivery, WebhookRegistry, type WebhooksParts } from './webhook-registry.ts'
import { replaceSecret, sealWebhook, unsealWebhook, type WebhookSecrets } from './webhook-secrets.ts'

interface ListQuery {
  limit: number
  offset: number
  /** Only webhooks behind this one. */
  position?: { at: number; id: string }
  /** The tenant that a caller of all tenants has named. */
  tenant?: string | undefined
}

/** The callers' view of webhooks and their deliveries. */
export class Webhooks {
  readonly #parts: WebhooksParts
  readonly #registry: WebhookRegistry

  constructor(parts: WebhooksParts) {
    this.#parts = parts
    this.#registry = new WebhookRegistry(parts)
  }

  /** The store through which all events must go. */
  outbox(): Store {
    return withOutbox(this.#parts.store, this.#registry)
  }

  /** The webhooks in memory. */
  get memory(): RevisedMemory {
    return this.#registry
  }

  /** See `WebhookRegistry.open`. */
  open(): Promise<void> {
    return this.#registry.open()
  }

  /** See `WebhookRegistry.close`. */
  close(): Promise<void> {
    return this.#registry.close()
  }

  /** @throws ServiceError SETTING_NOT_ALLOWED, WEBHOOK_LIMIT_REACHED */
  async create(
    caller: Caller,
    { url, events, secret = makeSecret() }: OperationInput<'createWebhook'>['body'],
  ): Promise<{ webhook: WebhookRecord; secret: string }> {
    checkAddress(url, optionsOf(this.#parts.options, caller.tenantId))
    return this.#registry.changeAlone(async () => {
      if (this.#registry.of(caller.tenantId).length >= maxWebhooks) {
        const message = `There are ${maxWebhooks} webhooks; delete one first`
        throw new ServiceError('WEBHOOK_LIMIT_REACHED', message, { limit: maxWebhooks })
      }
      const owner = { id: randomUUID(), tenantId: caller.tenantId }
      const webhook = await this.#registry.save({
        ...owner,
        createdBy: caller.keyId,
        url: redactUrl(url),
        events,
        secrets: sealWebhook({ url, secret }, owner, this.#parts.sealer),
        createdAt: Date.now(),
        disabledAt: null,
        disabledReason: null,
        lastDeliveredAt: null,
      })
      return { webhook, secret }
    })
  }

  /** Oldest first. */
  list(
    caller: Caller,
    { limit, offset, position, tenant }: ListQuery,
  ): { webhooks: WebhookRecord[]; total: number } {
    const all = this.#registry
      .of(listedTenant(caller, tenant))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    const isBehind = ({ createdAt, id }: WebhookRecord) =>
      !position || createdAt > position.at || (createdAt === position.at && id > position.id)
    return { webhooks: all.filter(isBehind).slice(offset, offset + limit), total: all.length }
  }

  /** Undefined: there is no such webhook. */
  tenantOf(webhookId: string): string | undefined {
    return this.#registry.tenantOf(webhookId)
  }

  get(caller: Caller, webhookId: string): WebhookRecord {
    return this.#registry.get(caller, webhookId)
  }

  /** @throws ServiceError SETTING_NOT_ALLOWED */
  async patch(
    caller: Caller,
    webhookId: string,
    { url, events, enabled }: OperationInput<'patchWebhook'>['body'],
  ): Promise<WebhookRecord> {
    this.get(caller, webhookId)
    if (url !== undefined) checkAddress(url, optionsOf(this.#parts.options, caller.tenantId))
    return this.#registry.changeAlone(async () => {
      const before = this.get(caller, webhookId)
      const webhook: WebhookRecord = {
        ...before,
        ...(events && { events }),
        ...(url !== undefined && {
          url: redactUrl(url),
          secrets: sealWebhook({ ...this.#unseal(before), url }, before, this.#parts.sealer),
        }),
        ...(enabled && { disabledAt: null, disabledReason: null }),
      }
      if (enabled === false && before.disabledAt === null) return this.#registry.disable(webhook, 'requested')
      return this.#registry.save(webhook)
    })
  }

  async remove(caller: Caller, webhookId: string): Promise<void> {
    this.get(caller, webhookId)
    return this.#registry.changeAlone(() => this.#registry.remove(this.get(caller, webhookId)))
  }

  async rotateSecret(
    caller: Caller,
    webhookId: string,
    { secret = makeSecret() }: OperationInput<'rotateWebhookSecret'>['body'],
  ): Promise<{ secret: string; previousUntil: number }> {
    this.get(caller, webhookId)
    return this.#registry.changeAlone(async () => {
      const before = this.get(caller, webhookId)
      const secrets = replaceSecret(this.#unseal(before), secret, Date.now())
      await this.#registry.save({ ...before, secrets: sealWebhook(secrets, before, this.#parts.sealer) })
      return { secret, previousUntil: secrets.previous.until }
    })
  }

  /** @throws ServiceError WEBHOOK_DISABLED */
  async ping(caller: Caller, webhookId: string): Promise<DeliveryRecord> {
    const webhook = this.#enabled(caller, webhookId)
    const delivery = makeDelivery(webhook, 'webhook.ping', { webhookId }, Date.now())
    await this.#parts.store.webhooks.addDelivery(delivery)
    this.#registry.onStored([delivery])
    return delivery
  }

  listDeliveries(caller: Caller, query: DeliveryQuery) {
    this.get(caller, query.webhookId)
    return this.#parts.store.webhooks.listDeliveries(caller.tenantId, query)
  }

  /** @throws ServiceError WEBHOOK_DISABLED, WEBHOOK_DELIVERY_NOT_FOUND */
  async redeliver(caller: Caller, webhookId: string, deliveryId: string): Promise<DeliveryRecord> {
    this.get(caller, webhookId)
    const { webhooks } = this.#parts.store
    const delivery = await webhooks.findDelivery(caller.tenantId, webhookId, deliveryId)
    if (!delivery) throw notFound('WEBHOOK_DELIVERY_NOT_FOUND', deliveryId)
    this.#enabled(caller, webhookId)
    const { responseStatus, failure, lastAttemptAt } = delivery
    const change = {
      ...{ responseStatus, failure, lastAttemptAt },
      ...{ status: 'pending' as const, attempts: 0, nextAttemptAt: Date.now() },
    }
    await webhooks.changeDelivery(delivery, change)
    this.#registry.onStored([delivery])
    return { ...delivery, ...change }
  }

  #enabled(caller: Caller, webhookId: string): WebhookRecord {
    const webhook = this.get(caller, webhookId)
    if (webhook.disabledReason === null) return webhook
    const message = 'The webhook is disabled; enable it with PATCH { "enabled": true }'
    throw new ServiceError('WEBHOOK_DISABLED', message, { reason: webhook.disabledReason })
  }

  #unseal(webhook: WebhookRecord): WebhookSecrets {
    try {
      return unsealWebhook(webhook, this.#parts.sealer)
    } catch (error) {
      if (!(error instanceof CannotUnseal)) throw error
      throw invalidField(
        '',
        'The secret of this webhook was sealed with a key that the server lacks; delete the webhook and create it again',
      )
    }
  }
}

function makeSecret(): string {
  return toSecret(randomBytes(32))
}
