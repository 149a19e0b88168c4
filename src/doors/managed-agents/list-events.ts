import { z } from 'zod'
import type { SessionEvent } from '../../client/index.ts'
import { toPromptBlocks } from './content.ts'
import type { Context } from './context.ts'
import { invalid } from './errors.ts'
import { eventTypePattern, type WireEvent } from './event-types.ts'
import { toObjectEventId } from './ids.ts'
import { openSession } from './open-session.ts'
import { boundsOf, Query, readPageToken, toPageToken } from './reading.ts'
import { isAfter, type Place, type PlacedEvent, SessionLog } from './session-log.ts'

const longestPage = 1_000
const pageToken = z.strictObject({
  order: z.enum(['asc', 'desc']),
  sequence: z.int().min(0),
  part: z.int().min(0),
})

/** The events of a session from its log, and at the end the messages that wait. */
export async function listEvents({ api, param, request }: Context) {
  const query = new Query(request, ['limit', 'page', 'order', 'types', ...boundsOf('created_at')])
  const limit = query.number('limit', longestPage, longestPage)
  const token = readPageToken(query, pageToken)
  const order = query.choices('order', ['asc', 'desc'])[0] ?? token?.order ?? 'asc'
  if (token && token.order !== order) throw invalid('order', 'must be the order of the first page')
  const isWanted = toFilter(query)
  const session = await openSession(api, param('session'))
  const isAscending = order === 'asc'
  const log = await SessionLog.open(api, session, isAscending ? (token?.sequence ?? 0) : 0)
  const found: PlacedEvent[] = []
  let isComplete = true
  for await (const event of upToNow(
    api.session(session.id).follow({ after: log.after, signal: request.signal }),
  )) {
    found.push(...log.place(event).filter(placed => isWanted(placed.event) && isOnPage(placed, token)))
    // One more than the page says that there is another.
    if (isAscending && found.length > limit) {
      isComplete = false
      break
    }
  }
  const ordered = isAscending ? found : found.reverse()
  const page = ordered.slice(0, limit)
  const last = ordered.length > limit ? page.at(-1) : undefined
  const data = page.map(({ event }) => event)
  if (isAscending && isComplete) data.push(...toWaiting(log).filter(isWanted))
  return {
    data,
    next_page: last ? toPageToken({ order, sequence: last.sequence, part: last.part }) : null,
  }
}

function isOnPage(place: Place, token: z.output<typeof pageToken> | undefined): boolean {
  if (!token) return true
  return token.order === 'asc' ? isAfter(place, token) : isAfter(token, place)
}

function toFilter(query: Query): (event: WireEvent) => boolean {
  const types = query.all('types')
  const unknown = types.find(type => !eventTypePattern.test(type))
  if (unknown !== undefined) throw invalid('types', 'must be types of events')
  const isWithin = query.within('created_at')
  return event => (types.length === 0 || types.includes(event.type)) && isWithin(event.processed_at)
}

/** The stored events; live ones do not belong to the list. */
async function* upToNow(events: AsyncIterable<SessionEvent>): AsyncGenerator<SessionEvent, void> {
  for await (const event of events) {
    if (event.type === 'caught_up') return
    yield event
  }
}

/** Messages that Claude has not been given. */
function toWaiting({ turns }: SessionLog): WireEvent[] {
  return turns
    .filter(({ status }) => status === 'queued')
    .map(({ turnId, prompt }) => ({
      type: 'user.message',
      id: toObjectEventId(turnId),
      content: toPromptBlocks(prompt),
      processed_at: null,
    }))
}
