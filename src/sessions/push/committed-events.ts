import type { Store } from '../ports/index.ts'
import type { NewEvent } from '../records.ts'

/** Returns the store with a listener, which is called with events once they are stored. */
export function withListener(
  store: Store,
  listen: (tenantId: string, sessionId: string, events: readonly NewEvent[]) => void,
): Store {
  return Object.assign(Object.create(store) as Store, {
    commit: change => {
      const stored = store.commit(change)
      // The caller handles failures.
      stored.then(
        () => listen(change.tenantId, change.sessionId, change.events),
        () => undefined,
      )
      return stored
    },
  } satisfies Pick<Store, 'commit'>)
}
