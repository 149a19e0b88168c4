import type { PushFailure } from '../../contract/push.ts'
import { type Alarm, afterDuration } from '../../lib/alarm.ts'
import { CannotUnseal, type Sealer } from '../../lib/sealed-text.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { OutgoingPush, PushKeys, PushSender, WebhookResponse } from '../ports/index.ts'
import type { PushSubscriptionRecord } from '../ports/push.ts'
import { nextDelayMs, parseRetryAfter } from '../webhooks/retry-schedule.ts'
import { isPushService, type PushOptions } from './push-options.ts'
import { unsealTarget } from './push-secrets.ts'

/** A message is worth little when it is late, so it is attempted for some minutes. */
const retryDelaysMs: readonly number[] = [5_000, 30_000, 120_000]
const longestRetryAfterMs = 300_000
const attemptTimeoutMs = 15_000
/** Attempts at the same time, over all subscriptions. */
const concurrency = 16
/** Messages of one subscription that wait; the oldest makes room. */
const mostWaiting = 50
const farewellMs = 1_000

export type PushContent = Pick<OutgoingPush, 'payload' | 'ttlSeconds' | 'urgency' | 'topic'>

export interface PushResult {
  responseStatus: number | null
  /** null: the push service has it. */
  failure: PushFailure | null
  isRetryable: boolean
  /** The pause that the push service asks for. */
  retryAfterMs?: number | undefined
}

export interface DeliveryTiming {
  retryDelaysMs?: readonly number[]
  attemptTimeoutMs?: number
}

export interface DeliveryParts {
  sender: Pick<PushSender, 'push'>
  sealer: Sealer
  options: PushOptions
  keys(): Promise<PushKeys>
  /** The subscription as it is now; undefined: it is over. */
  find(id: string): PushSubscriptionRecord | undefined
  /** The push service does not know the subscription anymore. */
  onGone(subscription: PushSubscriptionRecord): void
  /** A message was given up. */
  onFailed(subscription: PushSubscriptionRecord, result: PushResult): void
  onFault(error: unknown): void
  timing?: DeliveryTiming | undefined
}

interface Job {
  subscriptionId: string
  content: PushContent
  attempts: number
  alarm?: Alarm
}

/** Sends messages, in memory only: after a restart, an old message would tell of what is over. */
export class PushDelivery {
  readonly #parts: DeliveryParts
  /** The newest message of each topic, by subscription. */
  readonly #jobs = new Map<string, Map<string, Job>>()
  readonly #due: Job[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #stopped = new AbortController()
  /** The failure of each subscription that was last reported, so that it is reported once. */
  readonly #reported = new Map<string, string>()
  #isClosed = false

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** Sends a message, with retries; it replaces one with the same topic that waits. */
  send(subscriptionId: string, content: PushContent): void {
    if (this.#isClosed) return
    const jobs = this.#jobs.get(subscriptionId) ?? new Map<string, Job>()
    this.#jobs.set(subscriptionId, jobs)
    jobs.get(content.topic)?.alarm?.cancel()
    // Behind the others, as it is the newest.
    jobs.delete(content.topic)
    const job: Job = { subscriptionId, content, attempts: 0 }
    jobs.set(content.topic, job)
    const [oldest] = jobs.values()
    if (jobs.size > mostWaiting && oldest) this.#forget(oldest)
    this.#due.push(job)
    this.#startDue()
  }

  /** Sends a message once, at once. @returns undefined when the server is closing */
  async sendOnce(
    subscription: PushSubscriptionRecord,
    content: PushContent,
  ): Promise<PushResult | undefined> {
    const result = await this.#attempt(subscription, content)
    if (result?.failure?.reason === 'gone') this.#parts.onGone(subscription)
    return result
  }

  /** Ends running attempts; what waits is forgotten. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const jobs of this.#jobs.values()) for (const job of jobs.values()) job.alarm?.cancel()
    this.#due.length = 0
    const running = Promise.all(this.#running)
    await settlesWithin(running, farewellMs)
    this.#stopped.abort()
    await running
    this.#jobs.clear()
  }

  #startDue(): void {
    while (!this.#isClosed && this.#running.size < concurrency) {
      const job = this.#due.shift()
      if (!job) return
      const work = this.#run(job)
        .catch(error => {
          this.#forget(job)
          this.#parts.onFault(error)
        })
        .finally(() => {
          this.#running.delete(work)
          this.#startDue()
        })
      this.#running.add(work)
    }
  }

  async #run(job: Job): Promise<void> {
    const subscription = this.#parts.find(job.subscriptionId)
    if (!subscription) this.#reported.delete(job.subscriptionId)
    if (!subscription || !this.#isNewest(job)) return this.#forget(job)
    const result = await this.#attempt(subscription, job.content)
    if (!result || !this.#isNewest(job)) return
    job.attempts++
    const delay = result.isRetryable ? this.#delayOf(job, result) : undefined
    if (delay !== undefined) {
      job.alarm = afterDuration(delay, () => {
        this.#due.push(job)
        this.#startDue()
      })
      return
    }
    this.#forget(job)
    this.#conclude(subscription, result)
  }

  #conclude(subscription: PushSubscriptionRecord, result: PushResult): void {
    const { failure } = result
    const before = this.#reported.get(subscription.id)
    if (!failure || failure.reason === 'gone') {
      this.#reported.delete(subscription.id)
      if (failure) this.#parts.onGone(subscription)
    } else if (before !== failure.message) {
      this.#reported.set(subscription.id, failure.message)
      this.#parts.onFailed(subscription, result)
    }
  }

  #delayOf({ attempts }: Job, { retryAfterMs }: PushResult): number | undefined {
    const delays = this.#parts.timing?.retryDelaysMs ?? retryDelaysMs
    return nextDelayMs(attempts, Math.min(retryAfterMs ?? 0, longestRetryAfterMs), delays)
  }

  #isNewest(job: Job): boolean {
    return this.#jobs.get(job.subscriptionId)?.get(job.content.topic) === job
  }

  #forget(job: Job): void {
    job.alarm?.cancel()
    if (!this.#isNewest(job)) return
    const jobs = this.#jobs.get(job.subscriptionId)
    jobs?.delete(job.content.topic)
    if (jobs?.size === 0) this.#jobs.delete(job.subscriptionId)
  }

  async #attempt(
    subscription: PushSubscriptionRecord,
    content: PushContent,
  ): Promise<PushResult | undefined> {
    const { sender, sealer, options, timing } = this.#parts
    const timeoutMs = timing?.attemptTimeoutMs ?? attemptTimeoutMs
    const keys = await this.#parts.keys()
    const target = tryUnseal(subscription, sealer)
    if (!target)
      return failed('secret_unreadable', 'The endpoint was sealed with a key that the server lacks')
    if (!isPushService(target.endpoint, options)) {
      return failed('address_refused', `The server does not send to ${subscription.service} anymore`)
    }
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(timeoutMs)])
    const { tenantId } = subscription
    const { contact } = options
    try {
      return toResult(await sender.push({ tenantId, target, keys, contact, ...content, signal }))
    } catch (error) {
      if (this.#stopped.signal.aborted) return undefined
      if (!signal.aborted) throw error
      return { ...failed('timeout', `No response within ${timeoutMs} ms`), isRetryable: true }
    }
  }
}

function tryUnseal(subscription: PushSubscriptionRecord, sealer: Sealer) {
  try {
    return unsealTarget(subscription, sealer)
  } catch (error) {
    if (error instanceof CannotUnseal) return undefined
    throw error
  }
}

function toResult(response: WebhookResponse): PushResult {
  if ('refused' in response) {
    return { ...failed(response.refused, response.message), isRetryable: response.refused === 'unreachable' }
  }
  const { status: responseStatus, retryAfter } = response
  if (responseStatus >= 200 && responseStatus < 300) {
    return { responseStatus, failure: null, isRetryable: false }
  }
  const responded = `The push service responded with ${responseStatus}`
  if (responseStatus === 404 || responseStatus === 410) {
    return { ...failed('gone', `${responded}; the subscription was removed`), responseStatus }
  }
  if (responseStatus >= 300 && responseStatus < 400) {
    return { ...failed('redirect', `${responded}; redirects are not followed`), responseStatus }
  }
  return {
    ...failed('status', responded),
    responseStatus,
    isRetryable: responseStatus === 429 || responseStatus >= 500,
    retryAfterMs: parseRetryAfter(retryAfter, Date.now()),
  }
}

function failed(reason: PushFailure['reason'], message: string): PushResult {
  return { responseStatus: null, failure: { reason, message }, isRetryable: false }
}
