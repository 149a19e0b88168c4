import type { SessionEvent } from '../../client/index.ts'
import type { Context } from './context.ts'
import { invalid, toRequestId } from './errors.ts'
import type { PreviewEvent, WireEvent } from './event-types.ts'
import { openSession } from './open-session.ts'
import { Previews, type PreviewType, previewTypes } from './previews.ts'
import { Query } from './reading.ts'
import { isAfter, type Place, type PlacedEvent, SessionLog } from './session-log.ts'

/** Reconnects to the session's log, for example while it moves to another node. */
const reconnects = 8

/** Sends what happens from now on. A turn that runs is sent from its start, so that no client misses its beginning. */
export async function streamEvents({ api, param, request, requestId, logFault }: Context): Promise<Response> {
  const query = new Query(request, ['event_deltas'])
  if (query.all('event_deltas').length > 100) throw invalid('event_deltas', 'must have at most 100 values')
  const wanted = query.choices('event_deltas', previewTypes)
  const session = await openSession(api, param('session'))
  const resumeAt = readLastEventId(request.headers.get('last-event-id'))
  const now = session.session.lastSequence
  const log = await SessionLog.open(api, session, resumeAt?.sequence ?? now)
  const events = api.session(session.id).follow({
    after: log.after,
    includeDeltas: wanted.length > 0,
    signal: request.signal,
    retries: reconnects,
  })
  const frames = toFrames(events, log, resumeAt ?? { now }, new Previews(wanted))
  return new Response(toBody(frames, request.signal, logFault), {
    headers: { 'content-type': 'text/event-stream', 'request-id': toRequestId(requestId) },
  })
}

async function* toFrames(
  events: AsyncIterable<SessionEvent>,
  log: SessionLog,
  from: Place | { now: number },
  previews: Previews,
): AsyncGenerator<string, void> {
  let past: PlacedEvent[] | undefined = []
  const tellPast = () => {
    const told = past ? selectPast(past, log, from) : []
    past = undefined
    return told.map(toFrame)
  }
  for await (const event of events) {
    const { sequence = 0 } = event.data as { sequence?: number }
    if (event.type === 'caught_up' || ('now' in from && sequence > from.now)) yield* tellPast()
    for (const preview of previews.see(event)) yield toPreviewFrame(preview)
    const placed = log.place(event)
    if (past) past.push(...placed)
    else yield* placed.map(toFrame)
    if (placed.some(({ event: { type } }) => type === 'session.deleted')) return
  }
  yield* tellPast()
}

/** Events of the past that the client gets. */
function selectPast(
  past: readonly PlacedEvent[],
  log: SessionLog,
  from: Place | { now: number },
): PlacedEvent[] {
  if (!('now' in from)) return past.filter(placed => isAfter(placed, from))
  if (!log.mapper.isBusy) return []
  const start = past.findLastIndex(({ event }) => isEndOfTurn(event)) + 1
  const ofTurn = past.slice(start)
  // Requests of the past are over, unless the session waits for them now.
  return ofTurn.filter(
    ({ event }, index) => event.type !== 'session.status_idle' || index === ofTurn.length - 1,
  )
}

function isEndOfTurn(event: WireEvent): boolean {
  return event.type === 'session.status_idle' && event.stop_reason.type !== 'requires_action'
}

function toFrame({ event, sequence, part }: PlacedEvent): string {
  return `event: ${event.type}\nid: ${sequence}_${part}\ndata: ${JSON.stringify(event)}\n\n`
}

function toPreviewFrame(event: PreviewEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function readLastEventId(header: string | null): Place | undefined {
  if (header === null) return undefined
  const [, sequence, part] = /^(\d{1,15})_(\d{1,6})$/.exec(header) ?? []
  if (sequence === undefined || part === undefined) {
    throw invalid('Last-Event-ID', 'must be the id of an event of this stream')
  }
  return { sequence: Number(sequence), part: Number(part) }
}

/** The frames as they are read; the client gets the headers and the first comment at once. */
function toBody(
  frames: AsyncGenerator<string, void>,
  signal: AbortSignal,
  logFault: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(': connected\n\n'))
    },
    async pull(controller) {
      try {
        const { done, value } = await frames.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      } catch (error) {
        if (!signal.aborted) {
          logFault(error)
          // Clients reconnect after an error of this type.
          const shown = { type: 'error', error: { type: 'api_error', message: 'The stream broke off' } }
          controller.enqueue(encoder.encode(`event: error\ndata: ${JSON.stringify(shown)}\n\n`))
        }
        controller.close()
      }
    },
    async cancel() {
      await frames.return(undefined)
    },
  })
}

export type { PreviewType }
