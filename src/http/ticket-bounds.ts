import type { Caller } from '../sessions/records.ts'
import { Bound, takeAll } from './bound.ts'

const mostPerCaller = 100
const mostPerTenant = 10_000

/** How many tickets there may be at once. */
export class TicketBounds {
  readonly #perCaller = new Bound('CALLER_LIMIT_REACHED', 'tickets per key', mostPerCaller)
  /** Not in all: one tenant must not use up the tickets of others. */
  readonly #perTenant = new Bound('CALLER_LIMIT_REACHED', 'tickets per tenant', mostPerTenant)

  /** @returns a function that makes room for another one @throws ServiceError CALLER_LIMIT_REACHED */
  take({ tenantId, keyId }: Caller): () => void {
    return takeAll([
      [this.#perCaller, `${tenantId} ${keyId}`],
      [this.#perTenant, tenantId],
    ])
  }
}
