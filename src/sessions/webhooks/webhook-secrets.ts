import { createHmac } from 'node:crypto'
import { secretBytes } from '../../contract/webhooks.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import type { WebhookRecord } from '../webhook-records.ts'

/** The previous secret signs as well for this long after it was replaced. */
const overlapMs = 24 * 60 * 60 * 1000

export interface WebhookSecrets {
  /** With its query, which often holds a key. */
  url: string
  secret: string
  previous?: { secret: string; until: number } | undefined
}

type Owner = Pick<WebhookRecord, 'id' | 'tenantId'>

export function sealWebhook(secrets: WebhookSecrets, owner: Owner, sealer: Sealer): string {
  return sealer.seal(JSON.stringify(secrets), contextOf(owner))
}

/** @throws CannotUnseal when they were sealed with a key that the server does not have */
export function unsealWebhook(
  webhook: Owner & Pick<WebhookRecord, 'secrets'>,
  sealer: Sealer,
): WebhookSecrets {
  return JSON.parse(sealer.unseal(webhook.secrets, contextOf(webhook)))
}

export function replaceSecret({ url, secret }: WebhookSecrets, next: string, now: number) {
  return { url, secret: next, previous: { secret, until: now + overlapMs } }
}

/**
 * Returns the headers of Standard Webhooks. After a rotation there is a signature of each valid secret, so that
 * receivers can change over at any time.
 */
export function signedHeaders(
  id: string,
  body: string,
  { secret, previous }: WebhookSecrets,
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const secrets = previous && previous.until > now ? [secret, previous.secret] : [secret]
  const signatures = secrets.map(key => {
    const mac = createHmac('sha256', secretBytes(key)).update(`${id}.${timestamp}.${body}`)
    return `v1,${mac.digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

function contextOf({ id, tenantId }: Owner): string {
  return `${tenantId}:webhook:${id}`
}
