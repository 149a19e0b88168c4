import { z } from 'zod'
import type { ClaudeCodeClient } from '../../client/index.ts'
import { toPromptBlocks } from './content.ts'
import type { Context } from './context.ts'
import { invalid } from './errors.ts'
import { eventTypePattern, type WireEvent } from './event-types.ts'
import { toObjectEventId } from './ids.ts'
import { mapInParallel } from './in-parallel.ts'
import { openSession } from './open-session.ts'
import { boundsOf, Query, readPageToken, toPageToken } from './reading.ts'
import { isAfter, type Place, type PlacedEvent, readLog, SessionLog } from './session-log.ts'
import { firstStart, type KnownStart, type Start, TurnHistory } from './turn-history.ts'

const longestPage = 1_000
/** The fewest entries that are read at once where the newest events come first. */
const smallestStep = 256
const count = z.int().min(0)
const sum = z.number()
/** The last event of a page, and a place before it from which the log can be read. */
const place = { sequence: count, part: count }
const start = {
  after: count,
  totals: z.strictObject({
    ...{ inputTokens: sum, outputTokens: sum, cacheReadInputTokens: sum, cacheCreationInputTokens: sum },
    ...{ costUsd: sum, activeMs: sum },
  }),
  waiting: z.array(z.string()),
}
const pageToken = z.discriminatedUnion('order', [
  z.strictObject({ order: z.literal('asc'), ...place, start: z.strictObject(start) }),
  z.strictObject({
    order: z.literal('desc'),
    ...place,
    start: z.strictObject({ ...start, turnCount: count }),
  }),
])
type PageToken = z.output<typeof pageToken>
type TokenOf<Order extends PageToken['order']> = Extract<PageToken, { order: Order }>

interface Wanted {
  limit: number
  isWanted(event: WireEvent): boolean
}

/** The events of a session from its log, and after the newest one the messages that wait, beyond the limit. */
export async function listEvents(context: Context): Promise<{ data: WireEvent[]; next_page: string | null }> {
  const query = new Query(context.request, ['limit', 'page', 'order', 'types', ...boundsOf('created_at')])
  const limit = query.number('limit', longestPage, longestPage)
  const token = readPageToken(query, pageToken)
  const order = query.choices('order', ['asc', 'desc'])[0] ?? token?.order ?? 'asc'
  if (token && token.order !== order) throw invalid('order', 'must be the order of the first page')
  const wanted = { limit, isWanted: toFilter(query) }
  if (token?.order === 'desc' || order === 'desc') {
    return listNewest(context, wanted, token?.order === 'desc' ? token : undefined)
  }
  return listOldest(context, wanted, token)
}

async function listOldest(
  { api, param, request: { signal } }: Context,
  { limit, isWanted }: Wanted,
  token: TokenOf<'asc'> | undefined,
) {
  const session = await openSession(api, param('session'))
  let before: Start = token?.start ?? firstStart
  const log = new SessionLog(session, before)
  const found: PlacedEvent[] = []
  for await (const event of readLog(api, session.id, log.after, signal)) {
    if (found.length < limit) before = log.mapper.start
    const placed = log.place(event).filter(one => isWanted(one.event) && (!token || isAfter(one, token)))
    found.push(...placed)
    // One more than the page says that there is another.
    if (found.length > limit) break
  }
  const page = found.slice(0, limit)
  const data = page.map(({ event }) => event)
  if (found.length > limit) return { data, next_page: toNextPage('asc', page, before) }
  const waiting = await listWaiting(api, session.id, log.mapper.waiting)
  return { data: [...data, ...waiting.filter(isWanted)], next_page: null }
}

/** The API reads logs forwards only, so parts of it are read, the newest first. */
async function listNewest(
  { api, param, request: { signal } }: Context,
  { limit, isWanted }: Wanted,
  token: TokenOf<'desc'> | undefined,
) {
  const session = await openSession(api, param('session'))
  const history = new TurnHistory(api, session.id, token?.start)
  let last = token?.sequence ?? session.session.lastSequence
  let step = Math.max(limit, smallestStep)
  let before: KnownStart = token?.start ?? (await history.findStart(Math.max(0, last - step)))
  let found: PlacedEvent[] = []
  let waiting: readonly string[] | undefined
  for (;;) {
    const log = new SessionLog(session, before)
    const part: PlacedEvent[] = []
    for await (const event of readLog(api, session.id, before.after, signal, last)) {
      part.push(...log.place(event).filter(one => isWanted(one.event) && (!token || isAfter(token, one))))
      // One more than the page says that there is another.
      if (part.length > 2 * (limit + 1)) part.splice(0, part.length - limit - 1)
    }
    waiting ??= log.mapper.waiting
    found = [...part, ...found].slice(-limit - 1)
    if (found.length > limit || before.after === 0) break
    last = before.after
    step *= 2
    before = await history.findStart(Math.max(0, last - step))
  }
  const page = found.slice(-limit).reverse()
  const next_page = found.length > limit ? toNextPage('desc', page, before) : null
  const data = page.map(({ event }) => event)
  if (token) return { data, next_page }
  const queued = (await listWaiting(api, session.id, waiting)).filter(isWanted)
  return { data: [...queued.reverse(), ...data], next_page }
}

function toNextPage(order: PageToken['order'], page: readonly Place[], before: Start): string {
  const { sequence, part } = page.at(-1) ?? { sequence: 0, part: 0 }
  return toPageToken({ order, sequence, part, start: before })
}

function toFilter(query: Query): (event: WireEvent) => boolean {
  const types = query.all('types')
  const unknown = types.find(type => !eventTypePattern.test(type))
  if (unknown !== undefined) throw invalid('types', 'must be types of events, such as agent.message')
  const isWithin = query.within('created_at')
  return event => (types.length === 0 || types.includes(event.type)) && isWithin(event.processed_at)
}

/** Messages that Claude has not been given. */
async function listWaiting(
  api: ClaudeCodeClient,
  sessionId: string,
  turnIds: readonly string[],
): Promise<WireEvent[]> {
  const turns = await mapInParallel(turnIds, turnId => api.session(sessionId).getTurn(turnId))
  return turns
    .filter(({ status }) => status === 'queued')
    .map(({ turnId, prompt }) => ({
      type: 'user.message',
      id: toObjectEventId(turnId),
      content: toPromptBlocks(prompt),
      processed_at: null,
    }))
}
