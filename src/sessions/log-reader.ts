import { type EventType, isTerminalEventType } from '../contract/events.ts'
import type { EventRecord } from './records.ts'
import type { FollowRequest, LogItem, LogReader } from './session-service.ts'

/** How much may wait for a reader before it is ended, in bytes of JSON. */
export const readerBoundBytes = 1024 * 1024
const pageSize = 200

export type ReadPage = (after: number, limit: number) => Promise<EventRecord[]>

/**
 * One reader of one session's log. While it replays stored events it only notes how far the log has come and
 * keeps reading; it queues live items from the moment on when it has caught up. So nothing is missed between
 * the two, nothing comes twice, and a slow reader of a long past holds no memory.
 */
export class BoundedLogReader implements LogReader {
  overflowed = false
  readonly #request: FollowRequest
  readonly #readPage: ReadPage
  readonly #leave: () => void
  #cursor: number
  /** Newest sequence that was published since this reader subscribed. */
  #published = 0
  #live = false
  #ended = false
  #queue: { item: LogItem; bytes: number }[] = []
  #queuedBytes = 0
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
    if (this.#live && this.#concerns(event.turnId)) this.#offer({ kind: 'event', event }, bytes)
  }

  offerVolatile(item: Exclude<LogItem, { kind: 'event' }>, bytes: number): void {
    if (item.kind === 'delta' && !(this.#request.includeDeltas && this.#concerns(item.delta.turnId))) return
    // What is stored comes first; a delta that is not live is of no use, and `closing` must not be missed.
    if (this.#live || item.kind === 'closing') this.#offer(item, bytes)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogItem, void> {
    const { signal } = this.#request
    const wake = () => this.#wake?.()
    signal.addEventListener('abort', wake)
    try {
      for await (const event of this.#replay()) {
        yield { kind: 'event', event }
        if (this.#endsWith(event.type)) return
      }
      if (signal.aborted) return
      yield { kind: 'caught_up', sequence: this.#cursor }
      while (!signal.aborted) {
        const next = this.#queue.shift()
        if (!next) {
          if (this.#ended) return
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          continue
        }
        this.#queuedBytes -= next.bytes
        const { item } = next
        if (item.kind === 'event') {
          if (item.event.sequence <= this.#cursor) continue
          this.#cursor = item.event.sequence
        }
        yield item
        if (item.kind === 'closing' || (item.kind === 'event' && this.#endsWith(item.event.type))) return
      }
    } finally {
      signal.removeEventListener('abort', wake)
      this.#queue = []
      this.#leave()
    }
  }

  /** Pages until nothing is left, then turns live without a gap between the two. */
  async *#replay(): AsyncGenerator<EventRecord, void> {
    while (!this.#request.signal.aborted && !this.#ended) {
      const publishedBefore = this.#published
      const page = await this.#readPage(this.#cursor, pageSize)
      for (const event of page) {
        this.#cursor = event.sequence
        yield event
      }
      // Narrowed to a turn, the page does not tell how far the log itself has come.
      if (page.length < pageSize && this.#published === publishedBefore) break
    }
    this.#live = true
  }

  #offer(item: LogItem, bytes: number): void {
    if (this.#ended) return
    if (this.#queuedBytes > readerBoundBytes && item.kind !== 'closing') {
      this.overflowed = true
      this.#ended = true
      this.#queue = []
    } else {
      this.#queue.push({ item, bytes })
      this.#queuedBytes += bytes
      if (item.kind === 'closing') this.#ended = true
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
