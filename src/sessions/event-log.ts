import { type DeltaEvent, isTerminalEventType } from '../contract/events.ts'
import { BoundedLogReader } from './log-reader.ts'
import type { Change, Store } from './ports.ts'
import type { EventRecord, SessionRecord } from './records.ts'
import type { FollowRequest, LogReader } from './session-service.ts'

/**
 * The append-only logs of all sessions: written before anyone is told, read by everyone the same way.
 * History, streams and waiting for an answer are readings of it.
 */
export class EventLog {
  readonly #store: Store
  readonly #readers = new Map<string, Set<BoundedLogReader>>()
  readonly #turnEnds = new Map<string, Set<() => void>>()
  #closed = false

  constructor(store: Store) {
    this.#store = store
  }

  /** Stores the change, then tells the readers of its events. */
  async commit(change: Change): Promise<EventRecord[]> {
    const events = await this.#store.commit(change)
    this.#publish(change.sessionId, events)
    return events
  }

  /** Tells live readers of a piece of a message; it is not stored. */
  publishDelta(sessionId: string, delta: DeltaEvent): void {
    const readers = this.#readers.get(sessionId)
    if (!readers) return
    const bytes = JSON.stringify(delta.delta).length + 150
    for (const reader of readers) reader.offerDelta(delta, bytes)
  }

  /** Subscribes at once: what is published from now on is not missed, however late the iteration starts. */
  follow(session: SessionRecord, request: FollowRequest): LogReader {
    const { id: sessionId, tenantId } = session
    const { turnId } = request
    const readers = this.#readers.get(sessionId) ?? new Set()
    const reader = new BoundedLogReader(
      request,
      request.after === 'latest' ? session.lastSequence : request.after,
      (after, limit) =>
        this.#store.listEvents(tenantId, {
          sessionId,
          after,
          limit,
          ...(turnId !== undefined && { turnId }),
        }),
      () => {
        readers.delete(reader)
        if (readers.size === 0 && this.#readers.get(sessionId) === readers) this.#readers.delete(sessionId)
      },
    )
    readers.add(reader)
    this.#readers.set(sessionId, readers)
    if (this.#closed) reader.offerClosing()
    return reader
  }

  /** Resolves when an event that ends the turn has been published from now on. Rejects with the signal's reason. */
  nextTurnEnd(turnId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const waiting = this.#turnEnds.get(turnId) ?? new Set()
      const settle = (how: () => void) => () => {
        waiting.delete(onEnd)
        if (waiting.size === 0) this.#turnEnds.delete(turnId)
        signal.removeEventListener('abort', onAbort)
        how()
      }
      const onEnd = settle(resolve)
      const onAbort = settle(() => reject(signal.reason))
      waiting.add(onEnd)
      this.#turnEnds.set(turnId, waiting)
      signal.addEventListener('abort', onAbort)
    })
  }

  /** The last thing that every reader is told. */
  close(): void {
    this.#closed = true
    for (const readers of this.#readers.values()) {
      for (const reader of readers) reader.offerClosing()
    }
  }

  #publish(sessionId: string, events: EventRecord[]): void {
    const readers = this.#readers.get(sessionId)
    for (const event of events) {
      if (readers && readers.size > 0) {
        const bytes = JSON.stringify(event.payload).length
        for (const reader of readers) reader.offerEvent(event, bytes)
      }
      if (event.turnId !== null && isTerminalEventType(event.type)) {
        for (const onEnd of this.#turnEnds.get(event.turnId) ?? []) onEnd()
      }
    }
  }
}
