import type { OutgoingPush, WebhookResponse } from '../sessions/ports/index.ts'
import type { Connector } from './connector.ts'
import { encryptPush, signPush } from './push-encryption.ts'
import { postWebhook } from './webhook-sender.ts'

/**
 * Encrypts and signs a message, and posts it as a webhook is posted (RFC 8030).
 *
 * @throws when the signal aborts
 */
export async function sendPush(connector: Connector, message: OutgoingPush): Promise<WebhookResponse> {
  const { tenantId, target, keys, contact, payload, ttlSeconds, urgency, topic, signal } = message
  const url = new URL(target.endpoint)
  const headers = {
    authorization: signPush(url.origin, contact, keys),
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
    ttl: String(ttlSeconds),
    ...{ urgency, topic },
  }
  return postWebhook(connector, { tenantId, url, headers, body: encryptPush(payload, target), signal })
}
