import type { SessionEvent, StoredEvent } from '../../client/index.ts'
import { isTerminal } from '../../client/index.ts'
import { ownMetadata } from './agent-view.ts'
import type { StopReason, WireEvent } from './event-types.ts'
import { toLogEventId, toObjectEventId } from './ids.ts'
import { MessageMapper } from './message-mapper.ts'
import type { SessionOutline } from './outline.ts'
import { RequestMapper } from './request-mapper.ts'
import { toEnd } from './turn-end.ts'
import { firstStart, type Start } from './turn-history.ts'
import { addUsage, type Totals, toUsage } from './usage.ts'

/**
 * Makes the events of the protocol from a session's log. It has to see the log from the end of a turn on, and then
 * makes the same events wherever it is used. It keeps only what the running turn needs.
 */
export class EventMapper {
  readonly #messages: MessageMapper
  readonly #requests: RequestMapper
  readonly #sessionId: string
  /** Turns that were accepted and have not begun. */
  readonly #waiting: Set<string>
  #status: 'idle' | 'running'
  #runningTurn: string | undefined
  #totals: Totals
  #start: Start
  #isDeleted = false
  #isOver = false

  constructor(sessionId: string, outline: SessionOutline, start: Start = firstStart) {
    this.#sessionId = sessionId
    this.#start = start
    this.#totals = start.totals
    this.#waiting = new Set(start.waiting)
    this.#status = this.isBusy ? 'running' : 'idle'
    this.#messages = new MessageMapper(outline)
    this.#requests = new RequestMapper(this.#messages)
  }

  /** Whether a turn runs or waits. */
  get isBusy(): boolean {
    return this.#runningTurn !== undefined || this.#waiting.size > 0
  }

  get isRunning(): boolean {
    return this.#runningTurn !== undefined
  }

  /** The turns that were accepted and have not begun, oldest first. */
  get waiting(): readonly string[] {
    return [...this.#waiting]
  }

  /** The last place that was seen from which the log can be read again. */
  get start(): Start {
    return this.#start
  }

  map(event: SessionEvent): WireEvent[] {
    if (!('sequence' in event.data) || !('timestamp' in event.data)) return []
    return this.#toEvents(event as StoredEvent)
  }

  #toEvents(event: StoredEvent): WireEvent[] {
    switch (event.type) {
      case 'turn.queued':
        this.#waiting.add(event.data.turnId)
        return []
      case 'turn.started':
        this.#waiting.delete(event.data.turnId)
        this.#runningTurn = event.data.turnId
        return this.#toRunning(event)
      case 'message':
        return this.#toMessage(event)
      case 'permission.requested': {
        const asked = this.#requests.open(event.data)
        return asked ? [...asked, this.#toIdle(event, this.#toRequired())] : []
      }
      case 'permission.resolved': {
        const answers = this.#requests.close(event.data)
        if (!answers) return []
        if (this.#requests.eventIds.length > 0) return [...answers, this.#toIdle(event, this.#toRequired())]
        return event.data.status === 'withdrawn' ? answers : [...answers, ...this.#toRunning(event)]
      }
      case 'session.updated':
        return this.#toUpdated(event)
      case 'session.ended':
      case 'session.expired':
        this.#isOver = true
        return [this.#toOver(event)]
      default:
        return isTerminal(event.type) ? this.#toTurnEnd(event) : []
    }
  }

  /** A message beside turns is autonomous work, which ends with a result of its own. */
  #toMessage(event: Extract<StoredEvent, { type: 'message' }>): WireEvent[] {
    const { turnId, message } = event.data
    const events = this.#messages.map(event.data)
    if (turnId !== undefined || this.#runningTurn !== undefined) return events
    if (message.type === 'result') this.#messages.forget()
    if (message.type === 'result' && this.#status === 'running') {
      return [...events, this.#toIdle(event, { type: 'end_turn' })]
    }
    return events.length === 0 ? [] : [...this.#toRunning(event), ...events]
  }

  #toRunning(event: StoredEvent): WireEvent[] {
    if (this.#status === 'running') return []
    this.#status = 'running'
    return [{ type: 'session.status_running', ...this.#stamp(event, '_running') }]
  }

  #toIdle(event: StoredEvent, stop_reason: StopReason): WireEvent {
    this.#status = 'idle'
    const stamp = this.#stamp(event, '_idle')
    return { type: 'session.status_idle', stop_reason, stop_details: null, ...stamp }
  }

  #toRequired(): StopReason {
    return { type: 'requires_action', event_ids: this.#requests.eventIds }
  }

  #toTurnEnd(event: StoredEvent): WireEvent[] {
    const end = toEnd(event)
    this.#waiting.delete(end.turnId)
    const wasRunning = this.#runningTurn === end.turnId
    if (wasRunning) {
      this.#runningTurn = undefined
      this.#totals = addUsage(this.#totals, end)
      this.#start = { after: event.data.sequence, totals: this.#totals, waiting: this.waiting }
      this.#messages.forget()
    }
    const { processed_at } = this.#stamp(event)
    const events: WireEvent[] = []
    if (end.wasInterrupted) {
      events.push({ type: 'user.interrupt', id: toObjectEventId(end.turnId, '_interrupt'), processed_at })
    }
    if (end.error) events.push({ type: 'session.error', error: end.error, ...this.#stamp(event, '_error') })
    if (wasRunning || end.error) events.push(this.#toUsed(event))
    // The next turn begins at once: the session does not become idle between.
    if (this.isBusy) return wasRunning ? [...events, ...this.#toRunning(event)] : events
    const isIdle = events.length > 0 || this.#status === 'running'
    return isIdle ? [...events, this.#toIdle(event, end.stopReason)] : events
  }

  #toUsed(event: StoredEvent): WireEvent {
    return { type: 'session.usage', usage: toUsage(this.#totals), ...this.#stamp(event, '_usage') }
  }

  #toUpdated(event: Extract<StoredEvent, { type: 'session.updated' }>): WireEvent[] {
    const { title, tags, metadata } = event.data
    if (tags && !tags.includes(doorTag)) {
      this.#isDeleted = true
      return this.#isOver ? [this.#toOver(event)] : []
    }
    const own = metadata?.[ownMetadata] as
      | { metadata?: Record<string, string>; archivedAt?: string }
      | undefined
    const changed = own?.metadata && own.archivedAt === undefined ? own.metadata : undefined
    if (title === undefined && changed === undefined) return []
    return [
      {
        type: 'session.updated',
        ...(title !== undefined && { title }),
        ...(changed && { metadata: changed }),
        ...this.#stamp(event),
      },
    ]
  }

  #toOver(event: StoredEvent): WireEvent {
    const type = this.#isDeleted ? 'session.deleted' : 'session.status_terminated'
    return { type, ...this.#stamp(event) }
  }

  #stamp({ data }: StoredEvent, part = ''): { id: string; processed_at: string } {
    return { id: toLogEventId(this.#sessionId, data.sequence, part), processed_at: data.timestamp }
  }
}

/** Sessions of this door have it; one that was deleted has it no longer. */
export const doorTag = 'managed-agents'
