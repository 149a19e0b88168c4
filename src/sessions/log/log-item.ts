import type { ActivityEvent, SuggestionEvent } from '../../contract/activity.ts'
import type { DeltaEvent, DeltaVoided } from '../../contract/events.ts'
import type { EventRecord } from '../records.ts'

/** An item that a reader of a session's log receives. */
export type LogItem =
  | { kind: 'event'; event: EventRecord }
  /** A piece of a message; the first one of a block that had begun before has all of it so far. */
  | { kind: 'delta'; delta: DeltaEvent }
  /** The deltas of a block count no longer. */
  | { kind: 'delta.voided'; voided: DeltaVoided }
  /** Claude Code does something else than before; first what it does now. */
  | { kind: 'activity'; activity: ActivityEvent }
  /** A prompt that a person might send next. */
  | { kind: 'suggestion'; suggestion: SuggestionEvent }
  /** Retention has removed what was asked for, from and to these sequences. */
  | { kind: 'gap'; from: number; to: number }
  /** Everything stored so far has been delivered; what follows is live. */
  | { kind: 'caught_up'; sequence: number }
  /** The server shuts down; nothing follows. */
  | { kind: 'closing' }

export interface FollowRequest {
  /** Deliver events with a greater sequence; `latest`: only what comes from now on. */
  after: number | 'latest'
  /** Only events of this turn; the iteration ends after its last one. */
  turnId?: string
  includeDeltas: boolean
  /** Ends the iteration without an error. */
  signal: AbortSignal
}

/**
 * A reader of a session's log. The iteration ends by itself after `closing`, after the last event of the turn
 * that was asked for, after the last event of a session that has ended or expired, when the signal fires, and when the reader does not read any more while too much arrives
 * for it: `overflow` fires then, also in the middle of an item. To be iterated once; a reader that is not costs
 * nothing.
 */
export interface LogReader extends AsyncIterable<LogItem> {
  readonly overflow: AbortSignal
  /** Whether there is nothing to read and nothing can come any more: the turn or the session is over. */
  readonly exhausted: boolean
}
