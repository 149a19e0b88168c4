import type { ActivityEvent, SuggestionEvent } from '../../contract/activity.ts'
import { type DeltaEvent, type DeltaVoided, isTerminalEventType } from '../../contract/events.ts'
import type { LogPage } from '../ports/index.ts'
import type { EventRecord } from '../records.ts'
import { toDone } from './live-activities.ts'
import type { FollowRequest, LogItem, LogReader } from './log-item.ts'
import type { CatchUp, PartialBlock } from './partial-messages.ts'

/** How much may wait for a reader, in bytes of JSON. */
export const readerBoundBytes = 1024 * 1024

/** The source of a reader. */
export interface LogSource {
  /** Stored events after a sequence, and no more of them than a reader may hold; none: there are no more. */
  readPage(after: number): Promise<LogPage>
  /** Before each item, where many readers have one: undefined, or resolves when it is this reader's time. */
  pace(): Promise<void> | undefined
  /** The text of messages that are not stored yet. */
  catchUp(position: number): CatchUp
  /** The current activities. */
  activities(): ActivityEvent[]
  suggestion(): SuggestionEvent | undefined
  /** The reader wants to be offered what is published. Called once. */
  enter(reader: BoundedLogReader): void
  /** It does not any longer. Called once, after `enter`. */
  leave(reader: BoundedLogReader): void
  /** Whether events of a session that is over may still be written: those of a process that has not gone yet. */
  isSettling(): boolean
}

/** The state of a log when a reader begins. */
export interface LogStart {
  /** The first item is the one after this sequence. */
  cursor: number
  /** Whether the turn that was asked for has ended, so that nothing follows what is stored. */
  turnIsOver: boolean
  /** Whether the session has ended or expired: nothing follows what is stored, once its process has gone. */
  sessionIsOver: boolean
  /** Whether nothing is stored after the cursor and nothing can come. */
  exhausted: boolean
}

type Queued = { bytes: number } & (
  | { item: Extract<LogItem, { kind: 'event' | 'activity' | 'suggestion' }> }
  | { item: Extract<LogItem, { kind: 'delta' | 'delta.voided' }>; position: number }
)

/**
 * One reader of one session's log. It reads stored events page by page and goes live when nothing is left: it
 * notes how far the log has come meanwhile, so nothing is missed between the two and nothing comes twice.
 *
 * It never holds more than its bound: a burst that is too large is read from the store again. A reader that is
 * busy with a single item while more than the bound arrives does not read any more; it is ended.
 *
 * It is registered when its first item is requested, so a reader that is never iterated holds no resources. It can be
 * iterated once.
 */
export class BoundedLogReader implements LogReader, AsyncIterator<LogItem, undefined> {
  readonly #request: FollowRequest
  readonly #source: LogSource
  readonly exhausted: boolean
  readonly #turnIsOver: boolean
  #sessionIsOver: boolean
  readonly #overflow = new AbortController()
  #cursor: number
  /** How far it has been told the session's deltas; see `PartialMessages`. */
  #position = 0
  /** Blocks that it came too late for. */
  readonly #skipped = new Set<PartialBlock>()
  /** The activities that the reader takes for current. */
  readonly #activities = new Map<string, ActivityEvent>()
  #suggestion: SuggestionEvent | undefined
  /** Newest sequence that was published since this reader subscribed. */
  #published = 0
  #state: 'new' | 'open' | 'over' = 'new'
  /** Whether what is published goes into the queue; else it is read from the store. */
  #live = false
  #caughtUp = false
  #closing = false
  /** The items before the queue: a page, or the transition to live events. */
  #next: LogItem[] = []
  #queue: Queued[] = []
  #queuedBytes = 0
  /** Whether the reader has an item in hand. */
  #busy = false
  #arrivedWhileBusy = 0
  #largestWhileBusy = 0
  #wake: (() => void) | undefined

  constructor(request: FollowRequest, start: LogStart, source: LogSource) {
    this.#request = request
    this.#cursor = start.cursor
    this.exhausted = start.exhausted
    this.#turnIsOver = start.turnIsOver
    this.#sessionIsOver = start.sessionIsOver
    this.#source = source
  }

  get overflow(): AbortSignal {
    return this.#overflow.signal
  }

  offerEvent(event: EventRecord, bytes: number): void {
    this.#published = event.sequence
    if (this.#concerns(event.turnId)) this.#offer({ item: { kind: 'event', event }, bytes })
  }

  offerDelta(delta: DeltaEvent, bytes: number, block: PartialBlock, position: number): void {
    if (!this.#request.includeDeltas || !this.#concerns(delta.turnId) || this.#skipped.has(block)) return
    this.#offer({ item: { kind: 'delta', delta }, bytes, position })
  }

  offerVoided(voided: DeltaVoided, bytes: number, position: number): void {
    if (!this.#request.includeDeltas || !this.#concerns(voided.turnId)) return
    this.#offer({ item: { kind: 'delta.voided', voided }, bytes, position })
  }

  offerActivity(activity: ActivityEvent, bytes: number): void {
    if (!this.#request.includeDeltas || !this.#concerns(activity.turnId)) return
    this.#offer({ item: { kind: 'activity', activity }, bytes })
  }

  offerSuggestion(suggestion: SuggestionEvent, bytes: number): void {
    if (!this.#request.includeDeltas || !this.#concerns(suggestion.turnId)) return
    this.#offer({ item: { kind: 'suggestion', suggestion }, bytes })
  }

  /** The last item is `closing`, after what is stored. */
  offerClosing(): void {
    this.#closing = true
    this.#wake?.()
  }

  /** The session's process has gone: nothing is written any more. */
  offerSettled(): void {
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<LogItem, undefined> {
    return this
  }

  async next(): Promise<IteratorResult<LogItem, undefined>> {
    this.#busy = false
    if (this.#state === 'new') this.#enter()
    try {
      const time = this.#hasReady ? this.#source.pace() : undefined
      if (time) await time
      const item = this.#takeReady() ?? (await this.#take())
      if (!item) return this.return()
      this.#busy = true
      this.#arrivedWhileBusy = 0
      this.#largestWhileBusy = 0
      return { done: false, value: item }
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave()
    return { done: true, value: undefined }
  }

  #enter(): void {
    const { signal } = this.#request
    this.#state = signal.aborted ? 'over' : 'open'
    if (signal.aborted) return
    signal.addEventListener('abort', this.#leave)
    this.#source.enter(this)
  }

  readonly #leave = (): void => {
    const entered = this.#state === 'open'
    this.#state = 'over'
    this.#next = []
    this.#queue = []
    this.#skipped.clear()
    if (entered) {
      this.#request.signal.removeEventListener('abort', this.#leave)
      this.#source.leave(this)
    }
    this.#wake?.()
  }

  async #take(): Promise<LogItem | undefined> {
    while (this.#state === 'open') {
      const item = this.#takeReady()
      if (item) return item
      if (!this.#live) {
        await this.#source.pace()
        if (this.#state === 'open') await this.#load()
      } else if (this.#queue.length > 0) continue
      else if (this.#nothingFollows) return undefined
      else if (this.#closing) return this.#last({ kind: 'closing' })
      else {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        await this.#source.pace()
      }
    }
    return undefined
  }

  get #nothingFollows(): boolean {
    return this.#turnIsOver || (this.#sessionIsOver && !this.#source.isSettling())
  }

  get #hasReady(): boolean {
    return this.#next.length > 0 || this.#queue.length > 0
  }

  #takeReady(): LogItem | undefined {
    const item = this.#next.shift() ?? this.#takeQueued()
    if (item) this.#note(item)
    return item
  }

  #takeQueued(): LogItem | undefined {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      this.#queuedBytes -= next.bytes
      if ('position' in next) {
        this.#position = next.position
        return next.item
      }
      if (next.item.kind !== 'event') return next.item
      const { event } = next.item
      if (event.sequence > this.#cursor) return next.item
      // It was read from the store, or is older than what was asked for.
      if (this.#endsWith(event)) this.#leave()
    }
    return undefined
  }

  #note(item: LogItem): void {
    if (item.kind === 'gap') {
      this.#cursor = item.to
      // Retention leaves active sessions alone; the event that ended this one may be gone as well.
      this.#sessionIsOver = true
    }
    if (item.kind === 'activity') this.#noteActivity(item.activity)
    if (item.kind === 'suggestion') this.#suggestion = item.suggestion
    if (item.kind !== 'event') return
    this.#cursor = item.event.sequence
    if (item.event.type === 'session.ended' || item.event.type === 'session.expired')
      this.#sessionIsOver = true
    if (this.#endsWith(item.event)) this.#leave()
  }

  #noteActivity(event: ActivityEvent): void {
    const { kind, id } = event.activity
    if (kind === 'done') this.#activities.delete(id)
    else this.#activities.set(id, event)
  }

  #last(item: LogItem): LogItem {
    this.#leave()
    return item
  }

  /** Reads a page; turns live when nothing is left, without a gap between the two. */
  async #load(): Promise<void> {
    const publishedBefore = this.#published
    const { events, trimmedThrough, isGone } = await this.#source.readPage(this.#cursor)
    if (this.#state === 'over') return
    if (isGone) this.#sessionIsOver = true
    this.#next = events.map(event => ({ kind: 'event', event }))
    if (trimmedThrough > this.#cursor) {
      this.#next.unshift({ kind: 'gap', from: this.#cursor + 1, to: trimmedThrough })
    }
    if (this.#next.length > 0 || this.#published !== publishedBefore) return
    this.#live = true
    if (!this.#caughtUp) this.#next.push({ kind: 'caught_up', sequence: this.#cursor })
    this.#caughtUp = true
    if (this.#request.includeDeltas) this.#catchUpDeltas()
  }

  #catchUpDeltas(): void {
    const { voided, deltas, incomplete, position } = this.#source.catchUp(this.#position)
    this.#position = position
    for (const block of voided) {
      if (this.#concerns(block.turnId)) this.#next.push({ kind: 'delta.voided', voided: block })
    }
    for (const delta of deltas) {
      if (this.#concerns(delta.turnId)) this.#next.push({ kind: 'delta', delta })
    }
    for (const block of incomplete) this.#skipped.add(block)
    this.#catchUpLive()
  }

  /** Also ends what has ended while the reader read from the store. */
  #catchUpLive(): void {
    const current = this.#source.activities().filter(({ turnId }) => this.#concerns(turnId))
    const goesOn = new Set(current.map(({ activity }) => activity.id))
    for (const [id, { turnId, activity }] of this.#activities) {
      if (!goesOn.has(id))
        this.#next.push({ kind: 'activity', activity: { turnId, activity: toDone(activity) } })
    }
    for (const activity of current) this.#next.push({ kind: 'activity', activity })
    const suggestion = this.#source.suggestion()
    if (suggestion && suggestion !== this.#suggestion && this.#concerns(suggestion.turnId))
      this.#next.push({ kind: 'suggestion', suggestion })
  }

  #offer(queued: Queued): void {
    const { bytes } = queued
    if (this.#busy) {
      this.#arrivedWhileBusy += bytes
      this.#largestWhileBusy = Math.max(this.#largestWhileBusy, bytes)
      // A single one may be of any size; it does not mean that the reader has stopped.
      if (this.#arrivedWhileBusy - this.#largestWhileBusy > readerBoundBytes) {
        this.#leave()
        this.#overflow.abort()
        return
      }
    }
    if (!this.#live) return
    this.#queue.push(queued)
    this.#queuedBytes += bytes
    // A single item may be larger than the bound; it is in memory anyway.
    if (this.#queuedBytes > readerBoundBytes && this.#queue.length > 1) {
      this.#queue = []
      this.#queuedBytes = 0
      this.#live = false
    }
    this.#wake?.()
  }

  #concerns(turnId: string | null): boolean {
    return this.#request.turnId === undefined || this.#request.turnId === turnId
  }

  #endsWith({ type }: EventRecord): boolean {
    return this.#request.turnId !== undefined && isTerminalEventType(type)
  }
}
