import { setTimeout as pause } from 'node:timers/promises'
import { type Alarm, afterDuration, atTime } from '../../lib/alarm.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { DeliveryChange, WebhookStore } from '../ports/index.ts'
import type { DeliveryRecord, WebhookRecord } from '../webhook-records.ts'
import { type AttemptContext, type AttemptResult, attemptDelivery } from './delivery-attempt.ts'
import { nextDelayMs } from './retry-schedule.ts'

/** Attempts for one webhook at the same time. */
const concurrency = 4
const storePauseMs = 5_000
/** How far other nodes may lag behind with the time of the last success. */
const successIsNewsAfterMs = 60_000
/** At the end of the server, attempts may take this long to get their response. */
const farewellMs = 1_000

export interface LaneContext extends AttemptContext {
  store: WebhookStore
  retryDelaysMs?: readonly number[] | undefined
  /** Whether this node sends; the lanes of other nodes rest. */
  isSender(): boolean
  onFault(error: unknown): void
  /** The receiver does not want any more deliveries. */
  onGone(webhook: WebhookRecord): void
  /** A delivery failed for good. */
  onExhausted(webhook: WebhookRecord, delivery: DeliveryRecord): void
}

/**
 * The deliveries to one enabled webhook, so that no webhook waits for the receiver of another. The store knows what is
 * to be sent; this only knows what is being sent.
 */
export class DeliveryLane {
  /** Replaced when the webhook is changed; holds for the next attempt. */
  webhook: WebhookRecord
  readonly #context: LaneContext
  readonly #running = new Map<string, Promise<void>>()
  readonly #stopped = new AbortController()
  #alarm: Alarm | undefined
  #isLooking = false
  #looksAgain = false
  #isClosed = false

  constructor(webhook: WebhookRecord, context: LaneContext) {
    this.webhook = webhook
    this.#context = context
  }

  /** Starts all that is due, and sets an alarm for the rest. */
  wake(): void {
    if (this.#isClosed || !this.#context.isSender()) return
    this.#looksAgain = true
    if (this.#isLooking) return
    this.#isLooking = true
    void this.#look()
  }

  /** Aborts all attempts; their deliveries stay as they are. */
  stop(): void {
    this.#isClosed = true
    this.#alarm?.cancel()
    this.#stopped.abort()
  }

  /** As `stop`, after running attempts had a moment to finish. */
  async close(): Promise<void> {
    this.#isClosed = true
    const running = Promise.all(this.#running.values())
    await settlesWithin(running, farewellMs)
    this.stop()
    await running
  }

  async #look(): Promise<void> {
    try {
      while (this.#looksAgain && !this.#isClosed) {
        this.#looksAgain = false
        await this.#startDue()
      }
    } catch (error) {
      if (this.#isClosed) return
      this.#context.onFault(error)
      this.#alarm = afterDuration(storePauseMs, () => this.wake())
    } finally {
      this.#isLooking = false
    }
  }

  async #startDue(): Promise<void> {
    this.#alarm?.cancel()
    if (this.#running.size >= concurrency) return
    // An attempt that ends during the query may still be pending in its result; its end causes another look.
    const before = new Set(this.#running.keys())
    const pending = await this.#context.store.listPending(this.webhook.id, 2 * concurrency)
    for (const delivery of pending) {
      if (this.#isClosed || this.#running.size >= concurrency || !this.#context.isSender()) return
      if (before.has(delivery.id)) continue
      const at = delivery.nextAttemptAt ?? 0
      if (at > Date.now()) {
        this.#alarm = atTime(at, () => this.wake())
        return
      }
      this.#start(delivery)
    }
  }

  #start(delivery: DeliveryRecord): void {
    const work = this.#deliver(delivery).finally(() => {
      this.#running.delete(delivery.id)
      this.wake()
    })
    this.#running.set(delivery.id, work)
  }

  async #deliver(delivery: DeliveryRecord): Promise<void> {
    const { webhook } = this
    const result = await this.#attempt(delivery)
    if (!result) return
    const now = Date.now()
    const change = toChange(delivery, result, now, this.#context.retryDelaysMs)
    if (change.status === 'delivered') {
      const isNews = now - (this.webhook.lastDeliveredAt ?? 0) >= successIsNewsAfterMs
      await this.#insist(() => this.#context.store.noteDelivered(delivery, change, now, isNews))
      this.webhook.lastDeliveredAt = now
      return
    }
    // Once the webhook is disabled, its deliveries have failed for that reason.
    if (this.#stopped.signal.aborted) return
    await this.#insist(() => this.#context.store.changeDelivery(delivery, change))
    if (change.responseStatus === 410) this.#context.onGone(webhook)
    else if (change.status === 'failed') this.#context.onExhausted(webhook, delivery)
  }

  async #attempt(delivery: DeliveryRecord): Promise<AttemptResult | undefined> {
    try {
      return await attemptDelivery(this.#context, this.webhook, delivery, this.#stopped.signal)
    } catch (error) {
      this.#context.onFault(error)
      return {
        responseStatus: null,
        failure: { reason: 'unreachable', message: 'The attempt failed unexpectedly' },
      }
    }
  }

  /** Writes until it is written: sending again what was sent would not help. */
  async #insist(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        this.#context.onFault(error)
      }
      await pause(storePauseMs, undefined, { signal: this.#stopped.signal, ref: false }).catch(
        () => undefined,
      )
    }
  }
}

function toChange(
  delivery: DeliveryRecord,
  { responseStatus, failure, retryAfterMs }: AttemptResult,
  now: number,
  delaysMs: readonly number[] | undefined,
): DeliveryChange {
  const attempts = delivery.attempts + 1
  const common = { attempts, responseStatus, failure, lastAttemptAt: now }
  if (!failure) return { ...common, status: 'delivered', nextAttemptAt: null }
  const delay = responseStatus === 410 ? undefined : nextDelayMs(attempts, retryAfterMs, delaysMs)
  if (delay === undefined) return { ...common, status: 'failed', nextAttemptAt: null }
  return { ...common, status: 'pending', nextAttemptAt: now + delay }
}
