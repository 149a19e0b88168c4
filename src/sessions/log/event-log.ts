import { setImmediate as nextRound } from 'node:timers/promises'
import type { ActivityEvent, SuggestionEvent } from '../../contract/activity.ts'
import type { DeltaEvent, DeltaVoided } from '../../contract/events.ts'
import { Pace } from '../../lib/pace.ts'
import { Feed, type FeedParts } from '../feed/feed.ts'
import type { Change, MessageReader, Store } from '../ports/index.ts'
import type { EventRecord, SessionRecord, TurnRecord } from '../records.ts'
import type { SessionsFigures, SessionsObserver } from '../reports/figures.ts'
import { isTerminal } from '../turns/turn.ts'
import { LastSuggestions } from './last-suggestions.ts'
import { LiveActivities } from './live-activities.ts'
import type { FollowRequest, LogReader } from './log-item.ts'
import { BoundedLogReader, readerBoundBytes } from './log-reader.ts'
import { withSummary } from './message-summary.ts'
import { PartialMessages } from './partial-messages.ts'
import { bodyOf, sharedJson } from './shared-json.ts'
import { SharedPages } from './shared-pages.ts'

const pageSize = 200
const unobserved = { onCommit() {} }

/**
 * The append-only logs of all sessions: written before anyone is told, read by everyone the same way.
 * History, streams and waiting for an answer are readings of it.
 */
export class EventLog {
  /** The same events, of all sessions in one order. */
  readonly feed: Feed
  readonly #store: Store
  readonly #messages: MessageReader
  readonly #readers = new Map<string, Set<BoundedLogReader>>()
  readonly #partials: PartialMessages
  readonly #activities = new LiveActivities((sessionId, event) => this.#tellActivity(sessionId, event))
  readonly #suggestions = new LastSuggestions()
  readonly #pages = new SharedPages()
  /** Of all readers together: thousands of them do not hold up everything else. */
  readonly #pace = new Pace()
  /** Sessions that are over while their process still writes. */
  readonly #settling = new Set<string>()
  readonly #observer: Pick<SessionsObserver, 'onCommit'>
  /** The last change of each session that is being written. */
  readonly #writing = new Map<string, Promise<EventRecord[]>>()
  #disconnects = 0
  #closed = false

  constructor(
    store: Store,
    messages: MessageReader,
    observer: Pick<SessionsObserver, 'onCommit'> = unobserved,
    forFeed: Omit<FeedParts, 'store'> = {},
  ) {
    this.#store = store
    this.feed = new Feed({ store: store.feed, ...forFeed })
    this.#observer = observer
    this.#messages = messages
    this.#partials = new PartialMessages(messages)
  }

  figures(): Pick<SessionsFigures, 'readers' | 'disconnects'> {
    let { readers, disconnects } = this.feed.figures()
    for (const ofSession of this.#readers.values()) readers += ofSession.size
    disconnects += this.#disconnects
    return { readers, disconnects }
  }

  /** Stores the change, then tells the readers of its events. */
  async commit(change: Change): Promise<EventRecord[]> {
    this.#partials.finish(change.sessionId, change.events)
    this.#suggestions.forget(change.sessionId, change.events)
    const summarized = change.events.map(event => withSummary(event, change.at, this.#messages))
    const written = this.#tell(change, this.#write({ ...change, events: summarized }))
    this.#writing.set(change.sessionId, written)
    try {
      return await written
    } finally {
      if (this.#writing.get(change.sessionId) === written) this.#writing.delete(change.sessionId)
    }
  }

  /** Tells the readers of what is stored, after what the session has written before. */
  async #tell({ tenantId, sessionId }: Change, writing: Promise<EventRecord[]>): Promise<EventRecord[]> {
    const before = this.#writing.get(sessionId)
    const events = await writing
    // One batch of the store settles in one go, not always in the order of its sequences. Others settle in their order.
    if (before) await Promise.race([before.catch(() => undefined), nextRound()])
    this.#publish(sessionId, events)
    this.feed.publish(tenantId, events)
    return events
  }

  async #write(change: Change): Promise<EventRecord[]> {
    const startedAt = performance.now()
    let outcome: 'stored' | 'failed' = 'failed'
    try {
      const events = await this.#store.commit(change)
      outcome = 'stored'
      return events
    } finally {
      this.#observer.onCommit(performance.now() - startedAt, outcome)
    }
  }

  /** Tells live readers of a piece of a message; it is not stored, but kept for readers to come meanwhile. */
  publishDelta(sessionId: string, delta: DeltaEvent): void {
    const { block, position } = this.#partials.add(sessionId, delta)
    const readers = this.#readers.get(sessionId)
    if (!readers) return
    const bytes = Buffer.byteLength(sharedJson(delta))
    for (const reader of readers) reader.offerDelta(delta, bytes, block, position)
  }

  /** Tells live readers that the deltas of a block count no longer; readers to come are not given them. */
  voidDelta(sessionId: string, voided: DeltaVoided): void {
    const position = this.#partials.void(sessionId, voided)
    if (position === undefined) return
    const bytes = Buffer.byteLength(sharedJson(voided))
    for (const reader of this.#readers.get(sessionId) ?? []) reader.offerVoided(voided, bytes, position)
  }

  /** Tells live readers what Claude Code does; it is not stored, but kept for readers to come meanwhile. */
  publishActivity(sessionId: string, activity: ActivityEvent): void {
    this.#activities.note(sessionId, activity)
  }

  /** Tells live readers what could be asked next; it is kept for readers to come until the next turn. */
  publishSuggestion(sessionId: string, suggestion: SuggestionEvent): void {
    this.#suggestions.note(sessionId, suggestion)
    const bytes = Buffer.byteLength(sharedJson(suggestion))
    for (const reader of this.#readers.get(sessionId) ?? []) reader.offerSuggestion(suggestion, bytes)
  }

  #tellActivity(sessionId: string, activity: ActivityEvent): void {
    const readers = this.#readers.get(sessionId)
    if (!readers) return
    const bytes = Buffer.byteLength(sharedJson(activity))
    for (const reader of readers) reader.offerActivity(activity, bytes)
  }

  /**
   * A reader of the session's log. What is published between this call and its first item is not missed: it is
   * stored, and unfinished messages are kept.
   *
   * @param turn the one that the request names
   */
  follow(
    session: Pick<SessionRecord, 'id' | 'tenantId' | 'status' | 'lastSequence'>,
    request: FollowRequest,
    turn?: TurnRecord,
  ): LogReader {
    const { id: sessionId, tenantId } = session
    const after = request.after === 'latest' ? session.lastSequence : request.after
    // Nothing of a turn comes before its first event: what is missing there is no gap.
    const cursor = Math.max(after, (turn?.firstSequence ?? 1) - 1)
    const turnIsOver = turn !== undefined && isTerminal(turn.status)
    const sessionIsOver = session.status !== 'active'
    const isSettling = () => this.#settling.has(sessionId)
    const exhausted = turnIsOver
      ? cursor >= (turn.lastSequence ?? 0)
      : sessionIsOver && !isSettling() && cursor >= session.lastSequence
    const query = { sessionId, limit: pageSize, maxBytes: readerBoundBytes, turnId: request.turnId }
    return new BoundedLogReader(
      request,
      { cursor, turnIsOver, sessionIsOver, exhausted },
      {
        readPage: position =>
          this.#pages.read(sessionId, `${tenantId} ${position} ${request.turnId ?? ''}`, () =>
            this.#store.readLog(tenantId, { ...query, after: position }),
          ),
        pace: () => this.#pace.take(),
        catchUp: position => this.#partials.catchUp(sessionId, position),
        activities: () => this.#activities.current(sessionId),
        suggestion: () => this.#suggestions.find(sessionId),
        enter: reader => this.#enter(sessionId, reader),
        leave: reader => this.#leave(sessionId, reader),
        isSettling,
      },
    )
  }

  /** A reader of a turn that was just submitted: its events and, live, its deltas. */
  followTurn(turn: TurnRecord, request: Omit<FollowRequest, 'turnId'>): LogReader {
    const { id: turnId, sessionId: id, tenantId } = turn
    const session = { id, tenantId, status: 'active' as const, lastSequence: 0 }
    // Its first event may have been written before this line runs.
    return this.follow(session, { ...request, turnId }, turn)
  }

  /** The session is about to be over; its readers end when its process has gone and they have read everything. */
  settle(sessionId: string, gone: Promise<void>): void {
    this.#settling.add(sessionId)
    const settled = () => {
      this.#settling.delete(sessionId)
      for (const reader of this.#readers.get(sessionId) ?? []) reader.offerSettled()
    }
    gone.then(settled, settled)
  }

  /** The session continues elsewhere: its readers are told so, and nothing of it is kept. */
  release(sessionId: string): void {
    for (const reader of this.#readers.get(sessionId) ?? []) reader.offerClosing()
    this.#partials.drop(sessionId)
    this.#activities.drop(sessionId)
    this.#suggestions.drop(sessionId)
    this.#pages.forget(sessionId)
  }

  /** The last thing that every reader is told. */
  close(): void {
    this.#closed = true
    for (const readers of this.#readers.values()) {
      for (const reader of readers) reader.offerClosing()
    }
    this.feed.close()
  }

  #enter(sessionId: string, reader: BoundedLogReader): void {
    const readers = this.#readers.get(sessionId) ?? new Set()
    readers.add(reader)
    this.#readers.set(sessionId, readers)
    if (this.#closed) reader.offerClosing()
  }

  #leave(sessionId: string, reader: BoundedLogReader): void {
    const readers = this.#readers.get(sessionId)
    if (reader.overflow.aborted) this.#disconnects++
    readers?.delete(reader)
    if (readers?.size === 0) this.#readers.delete(sessionId)
  }

  #publish(sessionId: string, events: EventRecord[]): void {
    this.#pages.forget(sessionId)
    const readers = this.#readers.get(sessionId)
    for (const event of events) {
      if (readers && readers.size > 0) {
        const bytes = Buffer.byteLength(sharedJson(bodyOf(event)))
        for (const reader of readers) reader.offerEvent(event, bytes)
      }
    }
  }
}
