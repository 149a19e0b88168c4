import { afterEach, beforeEach, expect } from 'vitest'
import type { Store } from '../../src/sessions/ports/index.ts'
import type { EventRecord, SessionRecord } from '../../src/sessions/records.ts'
import { sessionRecord } from './store-records.ts'

/** Gives an empty store; the suite closes it, then calls `dispose`. */
export type OpenEmptyStore = () => Promise<{ store: Store; dispose(): Promise<void> }>

/** The running test's store, and what most tests do with it. */
export interface StoreContext {
  readonly store: Store
  addSession(fields?: Partial<SessionRecord>): Promise<SessionRecord>
  findSession(session: SessionRecord): Promise<SessionRecord>
  eventsOf(session: SessionRecord, after?: number, limit?: number): Promise<EventRecord[]>
}

/** Opens a store before each test and closes it after; to be called within a `describe`. */
export function useStore(open: OpenEmptyStore): StoreContext {
  let opened: Awaited<ReturnType<OpenEmptyStore>>
  beforeEach(async () => {
    opened = await open()
  })
  afterEach(async () => {
    await opened.store.close()
    await opened.dispose()
  })
  return {
    get store() {
      return opened.store
    },
    async addSession(fields = {}) {
      const session = sessionRecord(fields)
      const result = await opened.store.createSession(session, [], 1_000_000)
      expect(result.created).toBe(true)
      return session
    },
    async findSession(session) {
      const found = await opened.store.findSession(session.tenantId, session.id)
      if (!found) throw new Error('the session is not stored')
      return found
    },
    eventsOf(session, after = 0, limit = 1_000) {
      return opened.store.listEvents(session.tenantId, { sessionId: session.id, after, limit })
    },
  }
}
