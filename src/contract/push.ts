import { z } from 'zod'
import { hasCredentials } from './mcp-servers.ts'
import { createdBy, identifier, pathId, tenantName, tenantParameter, timestamp } from './primitives.ts'
import { pageParameters, pagination } from './turns.ts'

/** Events that a subscription can be told of. */
export const pushEventTypes = ['request', 'turn_ended'] as const
/** Kinds of messages: `test` is sent only on request. */
export const pushKinds = [...pushEventTypes, 'test'] as const

/** More subscriptions are refused: of one key, and of one tenant. */
export const maxPushSubscriptions = { perKey: 20, perTenant: 1_000 }

export const ofPushSubscription = z.strictObject({
  subscriptionId: pathId.meta({ description: 'The id of the subscription' }),
})

const endpoint = z
  .url({ protocol: /^https$/ })
  .max(2048)
  .refine(value => !hasCredentials(value), { message: 'must not contain a user or password' })
  .refine(value => !value.includes('#'), { message: 'must not contain a fragment' })
  .refine(value => URL.parse(value)?.href === value, { message: 'must be the URL as the browser gives it' })
  .refine(hasFullHost, { message: 'must have a host without empty labels and without a dot at its end' })
  .meta({ description: 'An `https` address of a push service that the server knows' })

/** Whether no label of a host is empty or too long, as names of servers have them. */
function hasFullHost(endpoint: string): boolean {
  const host = URL.parse(endpoint)?.hostname ?? ''
  return host.length <= 253 && host.split('.').every(label => label.length > 0 && label.length <= 63)
}

/** A field of bytes in base64url; browsers leave out the padding, some libraries add it. */
function bytes(count: number, description: string) {
  return z
    .string()
    .max(200)
    .refine(value => isBase64Url(value) && Buffer.from(value, 'base64url').length === count, {
      message: `must be ${count} bytes in base64url`,
    })
    .meta({ description })
}

function isBase64Url(value: string): boolean {
  const unpadded = value.replace(/=+$/, '')
  return Buffer.from(unpadded, 'base64url').toString('base64url') === unpadded
}

const events = z
  .array(z.enum(pushEventTypes))
  .min(1)
  .max(pushEventTypes.length)
  .refine(types => new Set(types).size === types.length, { message: 'must name each event once' })
  .meta({
    description:
      '`request`: a permission request waits for a person. `turn_ended`: a turn is over, except by an interrupt; needs the scope `sessions:read`',
  })

export const createPushSubscriptionRequest = z
  .strictObject({
    endpoint,
    expirationTime: z.number().min(0).max(8.64e15).nullish().meta({
      description: 'When the browser ends it, in milliseconds since 1970; null or absent: it does not say',
    }),
    keys: z
      .strictObject({
        p256dh: bytes(65, "The browser's public key"),
        auth: bytes(16, "The browser's authentication secret"),
      })
      .meta({ description: 'For the encryption of the messages' }),
    events,
    includeTitle: z.boolean().default(false).meta({
      description: 'Whether messages have the title of the session; needs the scope `sessions:read`',
    }),
  })
  .meta({
    id: 'CreatePushSubscriptionRequest',
    description: '`PushSubscription.toJSON()` of the browser, with `events` and `includeTitle`',
  })

export const pushSubscription = z
  .strictObject({
    subscriptionId: identifier.meta({ description: 'The subscription' }),
    service: z.string().meta({ description: 'The host of the push service; the endpoint is not shown' }),
    events: z.array(z.enum(pushEventTypes)).meta({ description: 'What it is told' }),
    includeTitle: z.boolean().meta({ description: 'Whether messages have the title of the session' }),
    sessionId: identifier
      .nullable()
      .meta({ description: 'The only session that it is told of; null: all of the tenant' }),
    createdBy,
    tenant: tenantName.meta({ description: 'The tenant whose sessions it is told of' }),
    createdAt: timestamp.meta({ description: 'When the subscription was created' }),
    expiresAt: timestamp.nullable().meta({
      description:
        'Until then it has to be created again; null: it ends with its key, or when the push service says so',
    }),
  })
  .meta({ id: 'PushSubscription' })

export const createPushSubscriptionQuery = z.strictObject({ tenant: tenantParameter })
export const listPushSubscriptionsQuery = z.strictObject({
  tenant: tenantParameter,
  ...pageParameters(200, 50),
})
export const listPushSubscriptionsResponse = z
  .strictObject({
    subscriptions: z.array(pushSubscription).meta({ description: 'One page, oldest first' }),
    pagination,
  })
  .meta({ id: 'ListPushSubscriptionsResponse' })

export const pushKeyResponse = z
  .strictObject({
    publicKey: z.string().meta({
      description: 'The `applicationServerKey` of `pushManager.subscribe()`: 65 bytes in base64url',
    }),
  })
  .meta({ id: 'PushKeyResponse' })

export const pushFailure = z
  .strictObject({
    reason: z
      .enum(['gone', 'status', 'redirect', 'timeout', 'unreachable', 'address_refused', 'secret_unreadable'])
      .meta({ description: 'The kind of failure, for programs; `gone`: the subscription was removed' }),
    message: z.string().meta({ description: 'What happened, for a person' }),
  })
  .meta({ id: 'PushFailure' })

export const testPushResponse = z
  .strictObject({
    subscriptionId: identifier.meta({ description: 'The subscription' }),
    delivered: z.boolean().meta({ description: 'Whether the push service has accepted the message' }),
    responseStatus: z
      .int()
      .nullable()
      .meta({ description: "The HTTP status of the push service's response; null: there was none" }),
    failure: pushFailure.nullable().meta({ description: 'null: it did not fail' }),
  })
  .meta({ id: 'TestPushResponse' })

const count = z.int().min(0)

/** The message as the service worker gets it, in JSON. */
export const pushMessage = z
  .strictObject({
    kind: z.enum(pushKinds).meta({ description: 'Why it was sent' }),
    sessionId: identifier.optional().meta({ description: 'The session; absent in a test' }),
    permissionId: identifier.optional().meta({ description: 'Of a `request`: the newest one that waits' }),
    count: count.optional().meta({
      description: 'Of a `request`: those that wait in this session. Of `turn_ended`: turns that are over',
    }),
    waiting: count.optional().meta({ description: 'Requests that wait in all sessions it is told of' }),
    title: z.string().optional().meta({ description: 'The title of the session, if that is wanted' }),
  })
  .meta({ id: 'PushMessage' })

export type PushEventType = (typeof pushEventTypes)[number]
export type PushSubscription = z.infer<typeof pushSubscription>
export type PushFailure = z.infer<typeof pushFailure>
export type PushMessage = z.infer<typeof pushMessage>
