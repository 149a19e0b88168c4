import type { EventType } from '../../contract/events.ts'
import type { EventRecord } from '../records.ts'

/** The events that a reader of the feed may see and wants. */
export interface FeedScope {
  /** undefined: of all tenants. */
  tenantId: string | undefined
  /** The only session; null: all of the tenant. */
  sessionId: string | null
  types: ReadonlySet<EventType>
}

export interface FeedQuery extends FeedScope {
  after: number
  /** At most so many events, and of them at most so many bytes of payload, at least one event. */
  limit: number
  maxBytes: number
}

/** One portion of the feed. */
export interface FeedPage {
  /** In order of position. */
  events: EventRecord[]
  /** All events up to this position were looked at; the next page begins after it. */
  through: number
  /** The position of the last event that is stored; 0: none. */
  head: number
  /** Retention has removed events of the scope up to this position; 0: none. */
  removedThrough: number
}

/** Events of all sessions by their global position, which is their order of commits. */
export interface FeedStore {
  /** The position of the last event; 0: none. */
  readHead(): Promise<number>
  /** A page looks at a bounded number of events, so it may be empty although more follow: `through` is below `head` then. */
  readPage(query: FeedQuery): Promise<FeedPage>
}
