import type { Store } from '../ports/index.ts'
import type { Caller } from '../records.ts'

const mostKnown = 10_000

/** The object that a request is about, if it is about one. */
export interface ActedOn {
  sessionId?: string | undefined
  webhookId?: string | undefined
}

/** Finds which tenant an object belongs to, for callers who see all. Objects never change their tenant. */
export class TenantLookup {
  readonly #store: Pick<Store, 'findTenant'>
  readonly #webhooks: { tenantOf(webhookId: string): string | undefined }
  readonly #known = new Map<string, string>()

  constructor(
    store: Pick<Store, 'findTenant'>,
    webhooks: { tenantOf(webhookId: string): string | undefined },
  ) {
    this.#store = store
    this.#webhooks = webhooks
  }

  /** The caller, in the tenant of the object if it administers the server. */
  async actingOn(caller: Caller, { sessionId, webhookId }: ActedOn): Promise<Caller> {
    if (!caller.isOperator) return caller
    const ofWebhook = webhookId === undefined ? undefined : this.#webhooks.tenantOf(webhookId)
    const tenantId = sessionId === undefined ? ofWebhook : await this.#ofSession(sessionId)
    return tenantId === undefined || tenantId === caller.tenantId ? caller : { ...caller, tenantId }
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
