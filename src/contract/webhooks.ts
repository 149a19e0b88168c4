import { z } from 'zod'
import { type EventType, terminalEventTypes } from './events.ts'
import { hasCredentials, redacted } from './mcp-servers.ts'
import { createdBy, identifier, pathId, tenantName, tenantParameter, timestamp } from './primitives.ts'
import { pageParameters, pagination } from './turns.ts'

/** Events of sessions that webhooks can report. */
export const reportedEventTypes = [
  'session.created',
  'session.expired',
  'session.ended',
  'conversation.lost',
  'workspace.restored',
  'permission.requested',
  'permission.resolved',
  ...terminalEventTypes,
] as const satisfies EventType[]

/** Events that a webhook can subscribe to. */
export const webhookEventTypes = [...reportedEventTypes, 'webhook.disabled'] as const
/** Types of deliveries: `webhook.ping` is sent only on request. */
export const deliveryTypes = [...webhookEventTypes, 'webhook.ping'] as const

/** More webhooks are refused, because each one adds a row to the transaction of an event. */
export const maxWebhooks = 50

export const ofWebhook = z.strictObject({ webhookId: pathId.meta({ description: 'The id of the webhook' }) })
export const ofDelivery = ofWebhook.extend({
  deliveryId: pathId.meta({ description: 'The id of the delivery' }),
})

const url = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine(value => !hasCredentials(value), { message: 'must not contain a user or password' })
  .refine(value => !value.includes('#'), { message: 'must not contain a fragment' })
  .refine(value => !value.endsWith(`?${redacted}`), {
    message: 'must be the URL itself, not the one that is shown',
  })
  .meta({ description: 'The receiver: an `https` address without user, password and fragment' })

const events = z
  .array(z.enum(webhookEventTypes))
  .min(1)
  .max(webhookEventTypes.length)
  .refine(types => new Set(types).size === types.length, { message: 'must name each event once' })
  .meta({ description: 'The events that are delivered' })

const secretPrefix = 'whsec_'

const secret = z
  .string()
  .max(200)
  .refine(isSecret, {
    message: `must be ${secretPrefix} followed by 24 to 64 random bytes in base64`,
  })
  .meta({ description: 'As in Standard Webhooks; absent: the server creates one' })

export const createWebhookRequest = z
  .strictObject({ url, events, secret: secret.optional() })
  .meta({ id: 'CreateWebhookRequest' })

export const patchWebhookRequest = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    enabled: z.boolean().optional().meta({
      description:
        '`false`: nothing more is sent, and pending deliveries fail. `true`: new events are delivered again, also after the server has disabled the webhook',
    }),
  })
  .meta({ id: 'PatchWebhookRequest' })

export const rotateSecretRequest = z
  .strictObject({ secret: secret.optional() })
  .meta({ id: 'RotateWebhookSecretRequest' })

export const disabledReason = z.enum(['requested', 'failing', 'gone']).meta({
  id: 'WebhookDisabledReason',
  description:
    '`requested`: by `PATCH`; `failing`: a delivery failed for a day, and none succeeded meanwhile; `gone`: the receiver responded with 410',
})

const webhookFields = {
  webhookId: identifier.meta({ description: 'The webhook' }),
  url: z.string().meta({ description: `The query string is shown as \`${redacted}\`` }),
  events: z.array(z.enum(webhookEventTypes)).meta({ description: 'The events that are delivered' }),
  enabled: z.boolean().meta({ description: 'Whether new events are delivered' }),
  disabledReason: disabledReason.nullable().meta({ description: 'null: it is enabled' }),
  disabledAt: timestamp.nullable().meta({ description: 'null: it is enabled' }),
  createdBy,
  tenant: tenantName.meta({ description: 'The tenant whose events it gets' }),
  createdAt: timestamp.meta({ description: 'When the webhook was created' }),
  lastDeliveredAt: timestamp.nullable().meta({ description: 'When a delivery last succeeded' }),
}
const shownSecret = z.string().meta({ description: 'Shown only in this response' })

export const webhook = z.strictObject(webhookFields).meta({ id: 'Webhook' })
export const createWebhookResponse = z
  .strictObject({ ...webhookFields, secret: shownSecret })
  .meta({ id: 'CreateWebhookResponse' })
export const rotateSecretResponse = z
  .strictObject({
    webhookId: identifier.meta({ description: 'The webhook' }),
    secret: shownSecret,
    previousSecretUntil: timestamp.meta({
      description: 'Until then, each delivery also has a signature of the previous secret',
    }),
  })
  .meta({ id: 'RotateWebhookSecretResponse' })

const page = pageParameters(200, 50)

export const createWebhookQuery = z.strictObject({ tenant: tenantParameter })
export const listWebhooksQuery = z.strictObject({ tenant: tenantParameter, ...page })
export const listWebhooksResponse = z
  .strictObject({ webhooks: z.array(webhook).meta({ description: 'One page, oldest first' }), pagination })
  .meta({ id: 'ListWebhooksResponse' })

export const deliveryStatus = z.enum(['pending', 'delivered', 'failed']).meta({
  id: 'WebhookDeliveryStatus',
  description: '`delivered`: the receiver responded with 2xx; `failed`: it is not attempted anymore',
})

export const deliveryFailure = z
  .strictObject({
    reason: z
      .enum([
        'status',
        'redirect',
        'timeout',
        'unreachable',
        'address_refused',
        'secret_unreadable',
        'webhook_disabled',
      ])
      .meta({ description: 'The kind of failure, for programs' }),
    message: z.string().meta({ description: 'What happened, for a person' }),
  })
  .meta({ id: 'WebhookDeliveryFailure', description: 'Why the last attempt failed' })

export const webhookPayload = z
  .strictObject({
    type: z.enum(deliveryTypes).meta({ description: 'The event' }),
    timestamp: timestamp.meta({ description: 'When the event happened' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'Ids and outcome, by the type' }),
  })
  .meta({ id: 'WebhookPayload', description: 'The body that the receiver gets' })

export const webhookDelivery = z
  .strictObject({
    deliveryId: identifier.meta({
      description: 'The header `webhook-id`, the same for each attempt and redelivery',
    }),
    webhookId: identifier.meta({ description: 'The webhook' }),
    status: deliveryStatus.meta({ description: 'Where the delivery stands' }),
    attempts: z.int().min(0).meta({ description: 'Since the event, or since the last redelivery' }),
    responseStatus: z
      .int()
      .nullable()
      .meta({ description: "The HTTP status of the last attempt's response" }),
    failure: deliveryFailure.nullable().meta({ description: 'null: the last attempt did not fail' }),
    createdAt: timestamp.meta({ description: 'When the event happened' }),
    lastAttemptAt: timestamp.nullable().meta({ description: 'null: not attempted yet' }),
    nextAttemptAt: timestamp.nullable().meta({ description: 'null: no attempt follows' }),
    payload: webhookPayload.meta({ description: 'The body that the receiver gets' }),
  })
  .meta({ id: 'WebhookDelivery' })

export const listDeliveriesQuery = z.strictObject({
  status: z
    .enum(['pending', 'delivered', 'failed', 'all'])
    .default('all')
    .meta({ description: 'Only deliveries with this status' }),
  ...page,
})
export const listDeliveriesResponse = z
  .strictObject({
    webhookId: identifier.meta({ description: 'The webhook' }),
    deliveries: z.array(webhookDelivery).meta({ description: 'One page, newest first' }),
    pagination,
  })
  .meta({ id: 'ListWebhookDeliveriesResponse' })

export type ReportedEventType = (typeof reportedEventTypes)[number]
export type WebhookEventType = (typeof webhookEventTypes)[number]
export type DeliveryType = (typeof deliveryTypes)[number]
export type DisabledReason = z.infer<typeof disabledReason>
export type DeliveryStatus = z.infer<typeof deliveryStatus>
export type DeliveryFailure = z.infer<typeof deliveryFailure>
export type WebhookPayload = z.infer<typeof webhookPayload>
export type Webhook = z.infer<typeof webhook>
export type WebhookDelivery = z.infer<typeof webhookDelivery>

/** Writes a key as a secret of Standard Webhooks. */
export function toSecret(bytes: Buffer): string {
  return secretPrefix + bytes.toString('base64')
}

/** Returns the key of a secret. */
export function secretBytes(secret: string): Buffer {
  return Buffer.from(secret.slice(secretPrefix.length), 'base64')
}

function isSecret(value: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(value)) return false
  const bytes = secretBytes(value)
  // Receivers may decode strictly, so only the canonical base64 is accepted.
  return toSecret(bytes) === value && bytes.length >= 24 && bytes.length <= 64
}
