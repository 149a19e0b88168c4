import type { PushEventType } from '../../contract/push.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { RevisedStore } from './revisions.ts'
import type { WebhookResponse } from './webhooks.ts'

/** A browser that is told of sessions. */
export interface PushSubscriptionRecord {
  id: string
  tenantId: string
  /** The key that it belongs to, and ends with. */
  createdBy: string
  /** The text that the key had: see `CallerStanding`. */
  keyVersion: string | null
  /** The only session that it is told of. */
  sessionId: string | null
  /** The host of the push service. */
  service: string
  /** SHA-256 of the endpoint, hexadecimal. */
  endpointHash: string
  /** The endpoint and the browser's keys, sealed. */
  secrets: string
  events: PushEventType[]
  includeTitle: boolean
  createdAt: number
  expiresAt: number | null
}

/** The key pair by which push services recognize this server. */
export interface PushKeysRecord {
  publicKey: string
  /** Sealed. */
  privateKey: string
  createdAt: number
}

/** Push subscriptions, and the keys by which push services recognize this server. */
export interface PushStore extends RevisedStore {
  loadKeys(): Promise<PushKeysRecord | undefined>
  /**
   * Stores new keys; removes those before, and all subscriptions, which only they could send to.
   *
   * @param expected as for `saveSubscription`
   */
  replaceKeys(keys: PushKeysRecord, expected?: number): Promise<number>
  /** Oldest first, over all tenants. */
  loadSubscriptions(): Promise<PushSubscriptionRecord[]>
  /**
   * Stores a subscription as it is now, whether it was there before or not.
   *
   * @param expected the revision that the change is based on; left out: any
   * @returns the new revision
   * @throws ChangedElsewhere
   */
  saveSubscription(subscription: PushSubscriptionRecord, expected?: number): Promise<number>
  /** @returns the new revision */
  removeSubscriptions(ids: readonly string[]): Promise<number>
}

/** The keys of the server, for signatures. */
export interface PushKeys {
  /** 65 bytes in base64url. */
  publicKey: string
  privateKey: string
}

/** Where a browser gets its messages, and the keys that encrypt them. */
export interface PushTarget {
  endpoint: string
  p256dh: string
  auth: string
}

export interface OutgoingPush {
  tenantId: string
  target: PushTarget
  keys: PushKeys
  /** A `mailto:` or `https:` URL for the operator of the push service. */
  contact: string
  payload: string
  ttlSeconds: number
  urgency: 'normal' | 'high'
  /** A newer message with the same topic replaces this one while it waits. At most 32 characters. */
  topic: string
  signal: AbortSignal
}

/** Encrypts, signs and posts messages to push services. Implemented by `src/forwarder/`. */
export interface PushSender {
  makeKeys(): PushKeys
  /** As `WebhookSender.post`. */
  push(message: OutgoingPush): Promise<WebhookResponse>
}

/** The present rights of a caller whose request is over. Implemented by `src/access/`. */
export interface CallerStanding {
  /**
   * The scopes of a caller as they are now; undefined: its key is revoked, has expired or has another text by now.
   *
   * @param keyVersion `Caller.keyVersion` of its request; null: the caller has no stored key
   */
  scopesOf(keyId: string, keyVersion: string | null): ReadonlySet<Scope> | undefined
}
