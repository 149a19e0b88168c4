import type { SessionEvent } from '../../client/index.ts'
import { toByteStream } from '../../lib/byte-stream.ts'
import type { Context } from './context.ts'
import { invalid, toRequestId } from './errors.ts'
import type { PreviewEvent, WireEvent } from './event-types.ts'
import { openSession } from './open-session.ts'
import { Previews, previewTypes } from './previews.ts'
import { Query } from './reading.ts'
import { isAfter, type Place, type PlacedEvent, SessionLog } from './session-log.ts'
import { TurnHistory } from './turn-history.ts'

/** Reconnects to the session's log, for example while it moves to another node. */
const reconnects = 8

/** Sends what happens from now on. A turn that runs is sent from its start, so that no client misses its beginning. */
export async function streamEvents({ api, param, request, requestId, logFault }: Context): Promise<Response> {
  const query = new Query(request, ['event_deltas'])
  if (query.all('event_deltas').length > 100) throw invalid('event_deltas', 'must have at most 100 values')
  const wanted = query.choices('event_deltas', previewTypes)
  const session = await openSession(api, param('session'))
  const now = session.session.lastSequence
  const resumeAt = readLastEventId(request.headers.get('last-event-id'), now)
  const start = await new TurnHistory(api, session.id).findStart(resumeAt?.sequence ?? now)
  const log = new SessionLog(session, start)
  const { signal } = request
  const events = api.session(session.id).follow({
    after: log.after,
    includeDeltas: wanted.length > 0,
    signal,
    retries: reconnects,
  })
  const frames = toFrames(events, log, resumeAt ? { resumeAt } : { now }, new Previews(wanted))
  const body = toByteStream(frames, error => {
    if (signal.aborted) return ''
    logFault(error)
    return brokenOff
  })
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'request-id': toRequestId(requestId) },
  })
}

/** Clients reconnect after an error of this type. */
const brokenOff = `event: error\ndata: ${JSON.stringify({
  type: 'error',
  error: { type: 'api_error', message: 'The stream broke off' },
})}\n\n`

type From = { resumeAt: Place } | { now: number }

async function* toFrames(
  events: AsyncIterable<SessionEvent>,
  log: SessionLog,
  from: From,
  previews: Previews,
): AsyncGenerator<string, void> {
  // The client gets the headers at once.
  yield ': connected\n\n'
  let past = 'now' in from ? new Past(log.mapper, from.now) : undefined
  for await (const event of events) {
    const { sequence = 0 } = event.data as { sequence?: number }
    if (past && (event.type === 'caught_up' || sequence > past.last)) {
      yield* past.end().map(toFrame)
      past = undefined
    }
    for (const preview of previews.see(event)) yield toPreviewFrame(preview)
    const placed = log.place(event)
    const shown = 'resumeAt' in from ? placed.filter(one => isAfter(one, from.resumeAt)) : placed
    yield* (past ? past.add(shown) : shown).map(toFrame)
    if (placed.some(({ event: { type } }) => type === 'session.deleted')) return
  }
  if (past) yield* past.end().map(toFrame)
}

/** The events up to the moment when the client came. It gets those of the turn that runs. */
class Past {
  readonly last: number
  readonly #mapper: SessionLog['mapper']
  /** Events of which it is not known yet whether they belong to that turn, or are over. */
  #held: PlacedEvent[] = []

  constructor(mapper: SessionLog['mapper'], last: number) {
    this.last = last
    this.#mapper = mapper
  }

  /** The events that the client gets already. */
  add(placed: readonly PlacedEvent[]): PlacedEvent[] {
    for (const one of placed) {
      // Requests of the past are over, unless the session waits for them at the end.
      if (this.#held.at(-1)?.event.type === 'session.status_idle') this.#held.pop()
      if (isEndOfTurn(one.event)) this.#held = []
      else this.#held.push(one)
    }
    if (!this.#mapper.isRunning) return []
    const isIdle = this.#held.at(-1)?.event.type === 'session.status_idle'
    return this.#held.splice(0, this.#held.length - (isIdle ? 1 : 0))
  }

  end(): PlacedEvent[] {
    return this.#mapper.isBusy ? this.#held : []
  }
}

function isEndOfTurn(event: WireEvent): boolean {
  return event.type === 'session.status_idle' && event.stop_reason.type !== 'requires_action'
}

/** All clients take frames of this name; old ones drop those that are named by types which they do not know. */
const named = 'event: message\n'

function toFrame({ event, sequence, part }: PlacedEvent): string {
  return `${named}id: ${sequence}_${part}\ndata: ${JSON.stringify(event)}\n\n`
}

function toPreviewFrame(event: PreviewEvent): string {
  return `${named}data: ${JSON.stringify(event)}\n\n`
}

/** @param now the newest entry of the log: after an event that is not there, events from now on are sent */
function readLastEventId(header: string | null, now: number): Place | undefined {
  if (header === null) return undefined
  const [, sequence, part] = /^(\d{1,15})_(\d{1,6})$/.exec(header) ?? []
  if (sequence === undefined || part === undefined) {
    throw invalid('Last-Event-ID', 'must be the id of an event of this stream')
  }
  const place = { sequence: Number(sequence), part: Number(part) }
  return place.sequence > now ? { sequence: now, part: Number.POSITIVE_INFINITY } : place
}
