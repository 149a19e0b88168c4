import { Backoff, mayRepeat, type RetryOptions } from './backoff.ts'
import { ApiError, ConnectionError } from './errors.ts'
import {
  type FeedEvent,
  type ReceivedEvent,
  type ReconnectedEvent,
  readEvents,
  type SessionEvent,
  type StoredEvent,
} from './event-stream.ts'
import type { Transport } from './transport.ts'
import { unlessAborted } from './waiting.ts'

export interface ResumeOptions extends RetryOptions {
  /** Where to begin: after this sequence or position; 0, the default, is the start, `latest` what is yet to come. */
  after?: number | 'latest' | undefined
  /**
   * Returns a new ticket (`POST /tickets`), for pages that may not have a key: their own server makes one. Is called
   * before each connection, and again where it fails.
   */
  ticket?: (() => string | Promise<string>) | undefined
  /** Is called with the cause whenever the connection has broken and is about to be opened again. */
  onDisconnect?: ((cause: unknown) => void) | undefined
  signal?: AbortSignal | undefined
}

export interface FollowOptions extends ResumeOptions {
  /** Only events of this turn; the stream ends with it. */
  turnId?: string | undefined
  /** Whether pieces of messages are wanted while they are generated. */
  includeDeltas?: boolean | undefined
}

export interface FollowFeedOptions extends ResumeOptions {
  /** Only events of these types. Default: all but `message`. */
  types?: readonly StoredEvent['type'][] | undefined
  /** Only events of this tenant, for keys of the configuration. */
  tenant?: string | undefined
}

/** A connection that has lasted so long was a success, even if nothing happened. */
const lastingMs = 10_000

/** A stream that can be resumed: of one session, or of all. */
interface Source<Event> {
  /** @param query where to begin, and the ticket */
  open(query: { after: string; ticket?: string }, signal: AbortSignal): Promise<Response>
  /** The position from which the stream continues after an event. */
  positionAfter(received: ReceivedEvent<Event>, before: number | undefined): number | undefined
  /** `now`: nothing is wanted after the event; `maybe`: the stream may end after it; undefined: it says nothing of it. */
  endAt(event: Event): 'now' | 'maybe' | 'not yet' | undefined
}

/**
 * Follows a session's log. Where the connection breaks, the server restarts or is overloaded, it reconnects and
 * continues after the last event; nothing is missed and nothing comes twice.
 */
export function followEvents(
  transport: Transport,
  sessionId: string,
  { turnId, includeDeltas = false, ...options }: FollowOptions,
): AsyncGenerator<SessionEvent, void> {
  return resume<SessionEvent>(transport, options, {
    open: (query, signal) => {
      const request = { params: { sessionId }, query: { ...query, turnId, includeDeltas } }
      return transport.send('followEvents', request, { signal })
    },
    positionAfter({ event, position }, before) {
      const next = event.type === 'caught_up' ? event.data.sequence : position
      return next === undefined ? before : Math.max(before ?? 0, next)
    },
    endAt({ type }) {
      if (turnId !== undefined && isTerminal(type)) return 'now'
      if (type === 'caught_up') return undefined
      return type === 'session.ended' || type === 'session.expired' ? 'maybe' : 'not yet'
    },
  })
}

/** As `followEvents`, over all sessions that the caller can see; it does not end by itself. */
export async function* followFeed(
  transport: Transport,
  { types, tenant, ...options }: FollowFeedOptions,
): AsyncGenerator<FeedEvent, void> {
  yield* resume<FeedEvent>(transport, options, {
    open: (query, signal) => {
      const request = { query: { ...query, tenant, ...(types && { types: types.join(',') }) } }
      return transport.send('followFeed', request, { signal })
    },
    positionAfter(received, before) {
      const { event, position = before } = received
      if (position !== undefined) Object.assign(event, { position })
      return position
    },
    endAt: () => 'not yet',
  })
}

async function* resume<Event extends { type: string }>(
  transport: Transport,
  { after = 0, ticket, onDisconnect, signal, ...retry }: ResumeOptions,
  source: Source<Event>,
): AsyncGenerator<Event | ReconnectedEvent, void> {
  const leaving = new AbortController()
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal
  const backoff = new Backoff({ ...transport.options, ...retry })
  let position: number | undefined
  let isAgain = false
  try {
    for (;;) {
      let opened = Number.POSITIVE_INFINITY
      try {
        const redeemed = ticket && { ticket: await unlessAborted(takeTicket(ticket), stop) }
        const response = await source.open({ after: String(position ?? after), ...redeemed }, stop)
        if (response.status === 204) return
        opened = Date.now()
        let isOver = false
        if (isAgain) yield { type: 'reconnected', data: {} }
        isAgain = true
        for await (const received of readEvents<Event>(response, transport.options.silenceMs ?? 45_000)) {
          if (received.position !== undefined) backoff.reset()
          position = source.positionAfter(received, position)
          const { event } = received
          if (event.type === 'closing') break
          yield event as Event
          const end = source.endAt(event as Event)
          if (end === 'now') return
          if (end !== undefined) isOver = end === 'maybe'
        }
        if (isOver) return
        throw new ConnectionError('The server ended the stream')
      } catch (error) {
        stop.throwIfAborted()
        if (!mayRepeat(error, true)) throw error
        if (Date.now() - opened >= lastingMs) backoff.reset()
        onDisconnect?.(error)
        await backoff.wait(error, stop)
      }
    }
  } finally {
    leaving.abort()
  }
}

/** Calls a failure a broken connection, which is tried again: a page that is offline cannot reach its own server either. */
async function takeTicket(take: NonNullable<FollowOptions['ticket']>): Promise<string> {
  try {
    return await take()
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ConnectionError(`No ticket: ${(error as Error)?.message}`, { cause: error })
  }
}

const terminal: ReadonlySet<string> = new Set([
  'turn.completed',
  'turn.failed',
  'turn.interrupted',
  'turn.timed_out',
  'turn.lost',
])

/** Whether it is the last event of a turn. */
export function isTerminal(type: string): boolean {
  return terminal.has(type)
}
