import type { SessionsCluster } from '../cluster.ts'
import type { WebhookStore } from '../ports/index.ts'

const periodMs = 1_000
const removedAtOnce = 500

/** The webhooks of one node, as far as deliveries of others concern them. */
interface Webhooks {
  reload(): Promise<void>
  isKnown(webhookId: string): boolean
  wake(webhookId: string): boolean
}

/**
 * Sends the deliveries that other nodes have stored, on the one node that sends: once a second it asks the store which
 * webhooks have one that is due, with one query over an index that is mostly empty.
 */
export class SharedOutbox {
  readonly #cluster: SessionsCluster
  readonly #store: WebhookStore
  readonly #webhooks: Webhooks
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #wasFirst = false

  constructor(
    cluster: SessionsCluster,
    store: WebhookStore,
    webhooks: Webhooks,
    onFault: (error: unknown) => void,
  ) {
    this.#cluster = cluster
    this.#store = store
    this.#webhooks = webhooks
    this.#onFault = onFault
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), this.#cluster.outboxMs ?? periodMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  #look(): void {
    this.#looking ??= this.#wakeDue()
      .catch(this.#onFault)
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #wakeDue(): Promise<void> {
    const isFirst = this.#cluster.isFirst()
    const takesOver = isFirst && !this.#wasFirst
    this.#wasFirst = isFirst
    if (!isFirst) return
    // The node that sent before knows of successes that decide whether a webhook is given up.
    if (takesOver) await this.#webhooks.reload()
    const due = await this.#store.listDueWebhooks(Date.now())
    const resting = due.filter(id => !this.#webhooks.wake(id))
    if (resting.length === 0) return
    // A node that did not know it yet has added deliveries to a webhook that is disabled or gone.
    await this.#webhooks.reload()
    for (const id of resting) {
      if (this.#webhooks.wake(id)) continue
      if (this.#webhooks.isKnown(id)) await this.#store.failPending(id)
      else await this.#store.removeDeliveries(id, removedAtOnce)
    }
  }
}
