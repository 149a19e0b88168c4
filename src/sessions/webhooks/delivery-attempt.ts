import type { DeliveryFailure } from '../../contract/webhooks.ts'
import { CannotUnseal, type Sealer } from '../../lib/sealed-text.ts'
import type { WebhookResponse, WebhookSender } from '../ports/index.ts'
import type { DeliveryRecord, WebhookRecord } from '../webhook-records.ts'
import { parseRetryAfter } from './retry-schedule.ts'
import { type AddressOptions, isEncryptedEnough } from './webhook-address.ts'
import { signedHeaders, unsealWebhook, type WebhookSecrets } from './webhook-secrets.ts'

export interface AttemptContext {
  sender: WebhookSender
  sealer: Sealer
  addresses: AddressOptions
  timeoutMs: number
}

export interface AttemptResult {
  responseStatus: number | null
  /** null: the receiver has it. */
  failure: DeliveryFailure | null
  /** The pause that the receiver asks for. */
  retryAfterMs?: number | undefined
}

/** Sends a delivery once. @returns undefined when the signal aborted it */
export async function attemptDelivery(
  { sender, sealer, addresses, timeoutMs }: AttemptContext,
  webhook: WebhookRecord,
  delivery: DeliveryRecord,
  stop: AbortSignal,
): Promise<AttemptResult | undefined> {
  const secrets = tryUnseal(webhook, sealer)
  if (!secrets) return failed('secret_unreadable', 'The secret was sealed with a key that the server lacks')
  const url = new URL(secrets.url)
  if (!isEncryptedEnough(url, addresses)) {
    return failed('address_refused', 'The server does not send to http:// anymore')
  }
  const body = JSON.stringify(delivery.payload)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'claude-code-api',
    ...signedHeaders(delivery.id, body, secrets, Date.now()),
  }
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
  try {
    return toResult(await sender.post({ tenantId: webhook.tenantId, url, headers, body, signal }))
  } catch (error) {
    if (stop.aborted) return undefined
    if (!signal.aborted) throw error
    return failed('timeout', `No response within ${timeoutMs} ms`)
  }
}

function tryUnseal(webhook: WebhookRecord, sealer: Sealer): WebhookSecrets | undefined {
  try {
    return unsealWebhook(webhook, sealer)
  } catch (error) {
    if (error instanceof CannotUnseal) return undefined
    throw error
  }
}

function toResult(response: WebhookResponse): AttemptResult {
  if ('refused' in response) return failed(response.refused, response.message)
  const { status: responseStatus, retryAfter } = response
  if (responseStatus >= 200 && responseStatus < 300) return { responseStatus, failure: null }
  const isRedirect = responseStatus >= 300 && responseStatus < 400
  const failure: DeliveryFailure = isRedirect
    ? {
        reason: 'redirect',
        message: `The receiver responded with ${responseStatus}; redirects are not followed`,
      }
    : { reason: 'status', message: `The receiver responded with ${responseStatus}` }
  return { responseStatus, failure, retryAfterMs: parseRetryAfter(retryAfter, Date.now()) }
}

function failed(reason: DeliveryFailure['reason'], message: string): AttemptResult {
  return { responseStatus: null, failure: { reason, message } }
}
