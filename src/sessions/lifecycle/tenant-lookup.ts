import type { Store } from '../ports/index.ts'
import type { Caller } from '../records.ts'

const mostKnown = 10_000

/** The object that a request is about, if it is about one. */
export interface ActedOn {
  sessionId?: string | undefined
  webhookId?: string | undefined
  subscriptionId?: string | undefined
}

interface KnownObjects {
  tenantOf(id: string): string | undefined
}

/** Finds which tenant an object belongs to, for callers who see all. Objects never change their tenant. */
export class TenantLookup {
  readonly #store: Pick<Store, 'findTenant'>
  readonly #webhooks: KnownObjects
  readonly #subscriptions: KnownObjects
  readonly #known = new Map<string, string>()

  constructor(store: Pick<Store, 'findTenant'>, webhooks: KnownObjects, subscriptions: KnownObjects) {
    this.#store = store
    this.#webhooks = webhooks
    this.#subscriptions = subscriptions
  }

  /** The caller, in the tenant of the object if it administers the server. */
  async actingOn(caller: Caller, { sessionId, ...others }: ActedOn): Promise<Caller> {
    if (!caller.isOperator) return caller
    const tenantId = sessionId === undefined ? this.#ofOther(others) : await this.#ofSession(sessionId)
    return tenantId === undefined || tenantId === caller.tenantId ? caller : { ...caller, tenantId }
  }

  #ofOther({ webhookId, subscriptionId }: ActedOn): string | undefined {
    if (webhookId !== undefined) return this.#webhooks.tenantOf(webhookId)
    return subscriptionId === undefined ? undefined : this.#subscriptions.tenantOf(subscriptionId)
  }

  async #ofSession(sessionId: string): Promise<string | undefined> {
    const known = this.#known.get(sessionId)
    if (known !== undefined) return known
    const found = await this.#store.findTenant(sessionId)
    if (found === undefined) return undefined
    const [oldest] = this.#known.keys()
    if (this.#known.size >= mostKnown && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(sessionId, found)
    return found
  }
}
