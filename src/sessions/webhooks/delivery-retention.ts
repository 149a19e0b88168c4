import type { WebhookStore } from '../ports/index.ts'

const hourMs = 60 * 60 * 1000
const keptMs = 72 * hourMs
const batchSize = 500

/** Removes deliveries that are over after three days. Pending ones are never removed. */
export class DeliveryRetention {
  readonly #store: Pick<WebhookStore, 'trimDeliveries'>
  readonly #isNeeded: () => boolean
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #trimming: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(
    store: Pick<WebhookStore, 'trimDeliveries'>,
    isNeeded: () => boolean,
    onFault: (error: unknown) => void,
  ) {
    this.#store = store
    this.#isNeeded = isNeeded
    this.#onFault = onFault
  }

  /** Trims now and then once an hour. */
  start(): void {
    this.#timer ??= setInterval(() => this.#trim(), hourMs).unref()
    this.#trim()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#trimming
  }

  #trim(): void {
    if (this.#isNeeded()) this.#trimming = this.#trimAll().catch(this.#onFault)
  }

  async #trimAll(): Promise<void> {
    const createdBefore = Date.now() - keptMs
    while (!this.#isClosed && (await this.#store.trimDeliveries(createdBefore, batchSize)) === batchSize) {
      // Each round is a transaction of its own.
    }
  }
}
