import { toEventTypes } from '../../contract/feed.ts'
import type { FeedItem } from '../../sessions/feed/feed-item.ts'
import type { MessageReader } from '../../sessions/ports/index.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import type { ServerSentEvent } from '../sse-stream.ts'
import { toFeedFrame } from '../wire.ts'
import { findStart } from './events.ts'

export function feedHandlers(deps: HttpDeps): Pick<Handlers, 'followFeed'> {
  return {
    async followFeed(exchange) {
      const { caller, query, stop } = exchange
      const reader = await deps.service.feed.follow(caller, {
        after: findStart(exchange),
        types: new Set(toEventTypes(query.types)),
        tenant: query.tenant,
        signal: stop,
      })
      return {
        async stream(sse) {
          reader.overflow.addEventListener('abort', () => sse.cut())
          let last: FeedItem['kind'] | undefined
          for await (const item of reader) {
            last = item.kind
            await sse.send(toServerSentEvent(item, deps.service.messages))
            if (sse.closed.aborted || (last === 'caught_up' && !query.follow)) break
          }
          // The wait was aborted before the feed reported the closing.
          if (stop.aborted && last !== 'closing') await sse.send({ event: 'closing', data: {} })
        },
      }
    },
  }
}

function toServerSentEvent(item: FeedItem, messages: MessageReader): ServerSentEvent | Buffer {
  switch (item.kind) {
    case 'event':
      return toFeedFrame(item.event, item.position, messages)
    case 'gap':
      return { event: 'gap', id: item.position, data: { from: item.from, to: item.to } }
    case 'caught_up':
      // With an id: an EventSource that has had no event yet resumes from here.
      return { event: 'caught_up', id: item.position, data: { position: item.position } }
    case 'closing':
      return { event: 'closing', data: {} }
  }
}
