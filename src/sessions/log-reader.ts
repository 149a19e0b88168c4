import { type EventType, isTerminalEventType } from '../contract/events.ts'
import type { EventRecord } from './records.ts'
import type { FollowRequest, LogItem, LogReader } from './session-service.ts'

/** How much may wait for a reader, in bytes of JSON. */
export const readerBoundBytes = 1024 * 1024
const pageSize = 200

export type ReadPage = (after: number, limit: number) => Promise<EventRecord[]>

/**
 * One reader of one session's log. It reads stored events page by page and goes live when nothing is left: it
 * notes how far the log has come meanwhile, so nothing is missed between the two and nothing comes twice.
 *
 * It never holds more than its bound: a burst that is too large is read from the store again. A reader that is
 * busy with a single item while more than the bound arrives does not read any more; it is ended.
 */
export class BoundedLogReader implements LogReader {
  overflowed = false
  readonly #request: FollowRequest
  readonly #readPage: ReadPage
  readonly #leave: () => void
  #cursor: number
  /** Newest sequence that was published since this reader subscribed. */
  #published = 0
  /** Whether what is published goes into the queue; else it is read from the store. */
  #live = false
  #closing = false
  #queue: { item: LogItem; bytes: number }[] = []
  #queuedBytes = 0
  /** Whether the reader has an item in hand. */
  #busy = false
  #arrivedWhileBusy = 0
  #wake: (() => void) | undefined

  /** @param leave called once, when the iteration ends */
  constructor(request: FollowRequest, cursor: number, readPage: ReadPage, leave: () => void) {
    this.#request = request
    this.#cursor = cursor
    this.#readPage = readPage
    this.#leave = leave
  }

  offerEvent(event: EventRecord, bytes: number): void {
    this.#published = event.sequence
    if (this.#concerns(event.turnId)) this.#offer({ kind: 'event', event }, bytes)
  }

  offerDelta(delta: Extract<LogItem, { kind: 'delta' }>['delta'], bytes: number): void {
    if (this.#request.includeDeltas && this.#concerns(delta.turnId))
      this.#offer({ kind: 'delta', delta }, bytes)
  }

  /** The last item is `closing`, after what is stored. */
  offerClosing(): void {
    this.#closing = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogItem, void> {
    const wake = () => this.#wake?.()
    this.#request.signal.addEventListener('abort', wake)
    try {
      for await (const item of this.#items()) {
        this.#busy = true
        this.#arrivedWhileBusy = 0
        yield item
        this.#busy = false
        if (item.kind === 'event' && this.#endsWith(item.event.type)) return
      }
    } finally {
      this.#request.signal.removeEventListener('abort', wake)
      this.#queue = []
      this.#leave()
    }
  }

  async *#items(): AsyncGenerator<LogItem, void> {
    let caughtUp = false
    while (!this.#done) {
      if (!this.#live) {
        yield* this.#stored()
        if (!caughtUp && !this.#done) yield { kind: 'caught_up', sequence: this.#cursor }
        caughtUp = true
        continue
      }
      const next = this.#queue.shift()
      if (next) {
        this.#queuedBytes -= next.bytes
        if (next.item.kind === 'event') {
          if (next.item.event.sequence <= this.#cursor) continue
          this.#cursor = next.item.event.sequence
        }
        yield next.item
      } else if (this.#closing) {
        yield { kind: 'closing' }
        return
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
    }
  }

  /** Pages until nothing is left, then turns live; both without a gap between them. */
  async *#stored(): AsyncGenerator<LogItem, void> {
    while (!this.#done) {
      const publishedBefore = this.#published
      const page = await this.#readPage(this.#cursor, pageSize)
      for (const event of page) {
        if (this.#done) return
        this.#cursor = event.sequence
        yield { kind: 'event', event }
      }
      // Narrowed to a turn, a page does not tell how far the log itself has come.
      if (page.length < pageSize && this.#published === publishedBefore) break
    }
    this.#live = true
  }

  get #done(): boolean {
    return this.overflowed || this.#request.signal.aborted
  }

  #offer(item: LogItem, bytes: number): void {
    if (this.#busy) {
      this.#arrivedWhileBusy += bytes
      if (this.#arrivedWhileBusy > readerBoundBytes) this.overflowed = true
    }
    if (this.#live) {
      this.#queue.push({ item, bytes })
      this.#queuedBytes += bytes
      // A single item may be larger than the bound; it is in memory anyway.
      if (this.overflowed || (this.#queuedBytes > readerBoundBytes && this.#queue.length > 1)) {
        this.#queue = []
        this.#queuedBytes = 0
        this.#live = false
      }
    }
    this.#wake?.()
  }

  #concerns(turnId: string | null): boolean {
    return this.#request.turnId === undefined || this.#request.turnId === turnId
  }

  #endsWith(type: EventType): boolean {
    return this.#request.turnId !== undefined && isTerminalEventType(type)
  }
}
