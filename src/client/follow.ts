import { Backoff, mayRepeat, type RetryOptions } from './backoff.ts'
import { ApiError, ConnectionError } from './errors.ts'
import { type ReceivedEvent, readEvents, type SessionEvent } from './event-stream.ts'
import type { Transport } from './transport.ts'
import { unlessAborted } from './waiting.ts'

export interface FollowOptions extends RetryOptions {
  /** Where to begin: after this sequence; 0, the default, is the whole log, `latest` what is yet to come. */
  after?: number | 'latest' | undefined
  /** Only events of this turn; the stream ends with it. */
  turnId?: string | undefined
  /** Whether pieces of messages are wanted while they are generated. */
  includeDeltas?: boolean | undefined
  /**
   * Returns a new ticket (`POST /tickets`), for pages that may not have a key: their own server makes one. Is called
   * before each connection, and again where it fails.
   */
  ticket?: (() => string | Promise<string>) | undefined
  signal?: AbortSignal | undefined
}

/** A connection that has lasted so long was a success, even if nothing happened. */
const lastingMs = 10_000

/**
 * Follows a session's log. Where the connection breaks, the server restarts or is overloaded, it reconnects and
 * continues after the last event; nothing is missed and nothing comes twice.
 */
export async function* followEvents(
  transport: Transport,
  sessionId: string,
  { after = 0, turnId, includeDeltas = false, ticket, signal, ...retry }: FollowOptions,
): AsyncGenerator<SessionEvent, void> {
  const leaving = new AbortController()
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal
  const backoff = new Backoff({ ...transport.options, ...retry })
  let position: number | undefined
  let isAgain = false
  try {
    for (;;) {
      let opened = Number.POSITIVE_INFINITY
      try {
        const query = { after: String(position ?? after), turnId, includeDeltas }
        const redeemed = ticket && { ticket: await unlessAborted(takeTicket(ticket), stop) }
        const request = { params: { sessionId }, query: { ...query, ...redeemed } }
        const response = await transport.send('followEvents', request, { signal: stop })
        if (response.status === 204) return
        opened = Date.now()
        let isOver = false
        if (isAgain) yield { type: 'reconnected', data: {} }
        isAgain = true
        for await (const received of readEvents(response, transport.options.silenceMs ?? 45_000)) {
          const next = positionAfter(received)
          if (received.position !== undefined) backoff.reset()
          if (next !== undefined) position = Math.max(position ?? 0, next)
          const { event } = received
          if (event.type === 'closing') break
          yield event
          if (turnId !== undefined && isTerminal(event.type)) return
          if (event.type !== 'caught_up')
            isOver = event.type === 'session.ended' || event.type === 'session.expired'
        }
        if (isOver) return
        throw new ConnectionError('The server ended the stream')
      } catch (error) {
        stop.throwIfAborted()
        if (!mayRepeat(error, true)) throw error
        if (Date.now() - opened >= lastingMs) backoff.reset()
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

function positionAfter({ event, position }: ReceivedEvent): number | undefined {
  return event.type === 'caught_up' ? event.data.sequence : position
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
