import type { Store } from '../ports/index.ts'
import type { NewEvent } from '../records.ts'
import type { DeliveryRecord } from '../webhook-records.ts'

export interface Outbox {
  /** The deliveries of events, one for each webhook that subscribes to one of them. */
  deliveriesOf(tenantId: string, sessionId: string, at: number, events: readonly NewEvent[]): DeliveryRecord[]
  /** Called once the deliveries are stored. */
  onStored(deliveries: readonly DeliveryRecord[]): void
}

/**
 * Returns the store with an outbox: deliveries are written in the transaction of the events that they report. A change
 * without a subscriber is passed through as it is.
 */
export function withOutbox(store: Store, outbox: Outbox): Store {
  function announce(stored: Promise<unknown>, deliveries: readonly DeliveryRecord[]): void {
    const isStored = (result: unknown) => (result as { created?: boolean }).created !== false
    // The caller handles failures.
    stored.then(
      result => isStored(result) && outbox.onStored(deliveries),
      () => undefined,
    )
  }

  return Object.assign(Object.create(store) as Store, {
    commit: change => {
      const { tenantId, sessionId, at, events } = change
      const deliveries = outbox.deliveriesOf(tenantId, sessionId, at, events)
      if (deliveries.length === 0) return store.commit(change)
      const stored = store.commit({ ...change, deliveries })
      announce(stored, deliveries)
      return stored
    },

    createSession: (session, events, limit, idempotency, past) => {
      const { tenantId, id, createdAt } = session
      const deliveries = outbox.deliveriesOf(tenantId, id, createdAt, events)
      const stored = store.createSession(session, events, limit, idempotency, past, deliveries)
      if (deliveries.length > 0) announce(stored, deliveries)
      return stored
    },
  } satisfies Pick<Store, 'commit' | 'createSession'>)
}
