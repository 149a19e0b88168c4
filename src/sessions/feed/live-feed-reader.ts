import { readerBoundBytes } from '../log/log-reader.ts'
import type { FeedPage, FeedScope } from '../ports/index.ts'
import { type FeedEntry, sizeOf } from './feed-entry.ts'
import type { FeedItem, FeedReader } from './feed-item.ts'

/** The source of a reader. */
export interface FeedSource {
  readPage(after: number): Promise<FeedPage>
  /** Before each item, where many readers have one: undefined, or resolves when it is this reader's time. */
  pace(): Promise<void> | undefined
  /** The reader wants to be offered what is published. Called once, then `leave` once. */
  enter(reader: LiveFeedReader): void
  leave(reader: LiveFeedReader): void
}

/**
 * One reader of the feed. It reads pages from the store until it has seen its end, and is then offered what is
 * published. Positions have no holes when they are given out, so a reader that is offered a later one than the next
 * reads what lies between from the store: it is committed already.
 *
 * Its bounds are those of `BoundedLogReader`.
 */
export class LiveFeedReader implements FeedReader, AsyncIterator<FeedItem, undefined> {
  readonly #scope: FeedScope
  readonly #signal: AbortSignal
  readonly #source: FeedSource
  readonly #overflow = new AbortController()
  /** Everything up to here was delivered, or is not for this reader. */
  #cursor: number
  /** Everything up to here was delivered or is in the queue. */
  #covered = 0
  /** The newest position that was offered. */
  #offered = 0
  /** The gap that was told ends here. */
  #missing = 0
  #state: 'new' | 'open' | 'over' = 'new'
  /** Whether what is offered goes into the queue; else it is read from the store. */
  #live = false
  #caughtUp = false
  #closing = false
  #next: FeedItem[] = []
  #queue: FeedEntry[] = []
  #queuedBytes = 0
  /** Whether the reader has an item in hand. */
  #busy = false
  #arrivedWhileBusy = 0
  #largestWhileBusy = 0
  #wake: (() => void) | undefined

  constructor(scope: FeedScope, after: number, signal: AbortSignal, source: FeedSource) {
    this.#scope = scope
    this.#cursor = after
    this.#signal = signal
    this.#source = source
  }

  get overflow(): AbortSignal {
    return this.#overflow.signal
  }

  /** @param entries in order of position */
  offer(entries: readonly FeedEntry[]): void {
    for (const entry of entries) {
      if (this.#state !== 'open') return
      this.#offered = Math.max(this.#offered, entry.position)
      const isWanted = this.#wants(entry)
      if (isWanted && this.#busy && !this.#keepsUp(sizeOf(entry))) {
        this.#overflow.abort()
        this.#leave()
        return
      }
      if (!this.#live || entry.position <= this.#covered) continue
      if (entry.position > this.#covered + 1) this.#fallBack()
      else if (isWanted) this.#push(entry)
      else this.#covered = entry.position
    }
    this.#wake?.()
  }

  /** Whether events up to this position have not been looked at. */
  isBehind(head: number): boolean {
    return this.#state === 'open' && head > (this.#live ? this.#covered : this.#offered)
  }

  /** Events up to this position are stored, and may have been committed by another node. */
  offerHead(head: number): void {
    if (!this.isBehind(head)) return
    this.#offered = Math.max(this.#offered, head)
    if (this.#live) this.#fallBack()
    this.#wake?.()
  }

  /** The last item is `closing`, after what is stored. */
  offerClosing(): void {
    this.#closing = true
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<FeedItem, undefined> {
    return this
  }

  async next(): Promise<IteratorResult<FeedItem, undefined>> {
    this.#busy = false
    if (this.#state === 'new') this.#enter()
    try {
      const item = await this.#take()
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
    this.#state = this.#signal.aborted ? 'over' : 'open'
    if (this.#signal.aborted) return
    this.#signal.addEventListener('abort', this.#leave)
    this.#source.enter(this)
  }

  readonly #leave = (): void => {
    const entered = this.#state === 'open'
    this.#state = 'over'
    this.#next = []
    this.#queue = []
    if (entered) {
      this.#signal.removeEventListener('abort', this.#leave)
      this.#source.leave(this)
    }
    this.#wake?.()
  }

  async #take(): Promise<FeedItem | undefined> {
    while (this.#state === 'open') {
      await this.#source.pace()
      const item = this.#next.shift() ?? this.#takeQueued()
      if (item) return item
      if (this.#state !== 'open') return undefined
      if (!this.#live) await this.#load()
      else if (this.#closing) {
        this.#leave()
        return { kind: 'closing' }
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    }
    return undefined
  }

  #takeQueued(): FeedItem | undefined {
    const entry = this.#queue.shift()
    if (!entry) {
      if (this.#live) this.#cursor = this.#covered
      return undefined
    }
    this.#queuedBytes -= sizeOf(entry)
    this.#cursor = entry.position
    return { kind: 'event', event: entry.event, position: entry.position }
  }

  /** Reads a page; turns live when nothing is left, without a gap between the two. */
  async #load(): Promise<void> {
    const { events, through, head, removedThrough } = await this.#source.readPage(this.#cursor)
    if (this.#state !== 'open') return
    if (this.#cursor > head) {
      // A position of another store, or of one that was put back to an earlier state.
      this.#next.push({ kind: 'gap', from: head + 1, to: this.#cursor, position: head })
      this.#cursor = head
      return
    }
    if (removedThrough > Math.max(this.#cursor, this.#missing)) {
      this.#next.push({ kind: 'gap', from: this.#cursor + 1, to: removedThrough, position: this.#cursor })
      this.#missing = removedThrough
    }
    for (const event of events) {
      this.#next.push({ kind: 'event', event, position: event.position ?? through })
    }
    this.#cursor = through
    if (through < Math.max(head, this.#offered)) return
    this.#covered = through
    this.#live = true
    if (!this.#caughtUp) this.#next.push({ kind: 'caught_up', position: through })
    this.#caughtUp = true
  }

  #push(entry: FeedEntry): void {
    this.#covered = entry.position
    this.#queue.push(entry)
    this.#queuedBytes += sizeOf(entry)
    // A single event may be larger than the bound; it is in memory anyway.
    if (this.#queuedBytes > readerBoundBytes && this.#queue.length > 1) this.#fallBack()
  }

  /** The queue is dropped, and read from the store again. */
  #fallBack(): void {
    this.#live = false
    this.#queue = []
    this.#queuedBytes = 0
  }

  /** Whether the reader, busy with one item, has not been sent more than its bound meanwhile. */
  #keepsUp(bytes: number): boolean {
    this.#arrivedWhileBusy += bytes
    this.#largestWhileBusy = Math.max(this.#largestWhileBusy, bytes)
    return this.#arrivedWhileBusy - this.#largestWhileBusy <= readerBoundBytes
  }

  #wants({ tenantId, event }: FeedEntry): boolean {
    const { types, ...scope } = this.#scope
    if (scope.tenantId !== undefined && scope.tenantId !== tenantId) return false
    return types.has(event.type) && (scope.sessionId === null || scope.sessionId === event.sessionId)
  }
}
