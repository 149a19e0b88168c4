import type { View } from '../../contract/compact-messages.ts'
import type { LogItem } from '../../sessions/log/log-item.ts'
import type { MessageReader } from '../../sessions/ports/index.ts'
import type { Exchange, Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import type { ServerSentEvent } from '../sse-stream.ts'
import {
  toActivityFrame,
  toCompactFrame,
  toDeltaFrame,
  toEventFrame,
  toSuggestionFrame,
  toVoidedFrame,
} from '../wire.ts'

type EventsExchange = Exchange<'followEvents'>

export function eventHandlers(deps: HttpDeps): Pick<Handlers, 'followEvents'> {
  return {
    async followEvents(exchange) {
      const { caller, params, query, stop } = exchange
      const reader = await deps.service.follow(caller, params.sessionId, {
        after: findStart(exchange),
        ...(query.turnId !== undefined && { turnId: query.turnId }),
        includeDeltas: query.includeDeltas,
        signal: stop,
      })
      // 204 keeps an EventSource from reconnecting.
      if (reader.exhausted) return { status: 204 }
      return {
        async stream(sse) {
          reader.overflow.addEventListener('abort', () => sse.cut())
          let closing = false
          for await (const item of reader) {
            closing ||= item.kind === 'closing'
            await sse.send(toServerSentEvent(item, params.sessionId, query.view, deps.service.messages))
            if (sse.closed.aborted) break
          }
          // The wait was aborted before the log reported the closing.
          if (stop.aborted && !closing) await sse.send(closingEvent(params.sessionId))
        },
      }
    },
  }
}

/** Prefers the header: a reconnecting client sends its position there and keeps the original URL. */
export function findStart({
  headers,
  query,
  arrival,
}: Pick<EventsExchange | Exchange<'followFeed'>, 'headers' | 'query' | 'arrival'>): number | 'latest' {
  if (arrival?.after !== undefined) return arrival.after
  const lastEventId = headers['Last-Event-ID']
  if (lastEventId !== undefined && lastEventId !== '') return Number(lastEventId)
  return query.after === 'latest' ? 'latest' : Number(query.after ?? 0)
}

function toServerSentEvent(
  item: LogItem,
  sessionId: string,
  view: View,
  messages: MessageReader,
): ServerSentEvent | Buffer {
  switch (item.kind) {
    case 'event':
      return view === 'compact' ? toCompactFrame(item.event, messages) : toEventFrame(item.event, messages)
    case 'delta':
      return toDeltaFrame(item.delta)
    case 'delta.voided':
      return toVoidedFrame(item.voided)
    case 'activity':
      return toActivityFrame(item.activity)
    case 'suggestion':
      return toSuggestionFrame(item.suggestion)
    case 'gap':
      // The id keeps a reconnecting client from getting the same gap again.
      return { event: 'gap', id: item.to, data: { sessionId, from: item.from, to: item.to } }
    case 'caught_up':
      return { event: 'caught_up', data: { sessionId, sequence: item.sequence } }
    case 'closing':
      return closingEvent(sessionId)
  }
}

function closingEvent(sessionId: string): ServerSentEvent {
  return { event: 'closing', data: { sessionId } }
}
