import type { EventType } from '../../contract/events.ts'
import type { EventRecord } from '../records.ts'

/** An item that a reader of the feed receives. */
export type FeedItem =
  | { kind: 'event'; event: EventRecord; position: number }
  /**
   * Events with positions from and to these are missing. The reader continues after `position`: what is left of the
   * range still comes.
   */
  | { kind: 'gap'; from: number; to: number; position: number }
  /** Everything stored so far has been delivered; what follows is live. */
  | { kind: 'caught_up'; position: number }
  /** The server shuts down; nothing follows. */
  | { kind: 'closing' }

export interface FeedRequest {
  /** Deliver events with a greater position; `latest`: only what comes from now on. */
  after: number | 'latest'
  types: ReadonlySet<EventType>
  /** The tenant that the request names; absent: all that the caller sees. */
  tenant?: string | undefined
  /** Ends the iteration without an error. */
  signal: AbortSignal
}

/**
 * The iteration ends after `closing`, when the signal fires, and when the reader does not read any more while too much
 * arrives for it: `overflow` fires then, also in the middle of an item. To be iterated once.
 */
export interface FeedReader extends AsyncIterable<FeedItem> {
  readonly overflow: AbortSignal
}
