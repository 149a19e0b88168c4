import { z } from 'zod'
import type { ClaudeCodeClient, SessionSummary } from '../../client/index.ts'
import type { AgentSource } from './agent-view.ts'
import type { Context } from './context.ts'
import { invalid } from './errors.ts'
import { doorTag } from './event-mapper.ts'
import { readFilteredPage } from './filtered-page.ts'
import { toAgentPreset } from './ids.ts'
import { mapInParallel } from './in-parallel.ts'
import { readAgent, readSessionMetadata } from './open-session.ts'
import { boundsOf, Query, readPageToken, toPageToken } from './reading.ts'
import {
  type SessionStatus,
  type SessionView,
  sessionStatuses,
  statusOf,
  toSessionView,
} from './session-view.ts'

const longestPage = 100
/** How many pages a client can go back at once. */
const mostEarlier = 20
/** The cursors of this page and of those before it; null: the first page. */
const pageToken = z.strictObject({
  cursor: z.string().nullable(),
  earlier: z.array(z.string().nullable()).max(mostEarlier),
})

/** Sessions of this door, the newest activity first. */
export async function listSessions({ api, caller, request }: Context) {
  const query = new Query(request, [
    ...['limit', 'page', 'order', 'agent_id', 'agent_version', 'statuses', 'include_archived'],
    ...boundsOf('created_at'),
  ])
  if (query.choices('order', ['asc', 'desc']).includes('asc')) {
    throw invalid('order', 'must be desc: the newest activity comes first')
  }
  const limit = query.number('limit', 20, longestPage)
  const here = readPageToken(query, pageToken) ?? { cursor: null, earlier: [] }
  const statuses = query.choices('statuses', sessionStatuses)
  const isWithin = query.within('created_at')
  const isWanted = (session: SessionSummary) =>
    readSessionMetadata(session) !== undefined &&
    isWithin(session.createdAt) &&
    (statuses.length === 0 || statuses.includes(statusOf(session)))
  const filter = {
    tenant: caller.tenantId,
    tag: [doorTag],
    ...toStateFilter(statuses),
    archived: query.flag('include_archived') ? ('all' as const) : ('false' as const),
    ...toPresetFilter(query),
  }
  const { found, next } = await readFilteredPage(
    async (size, cursor) => {
      const page = await api.call('listSessions', {
        query: { ...filter, limit: size, ...(cursor !== null && { cursor }) },
      })
      return { items: page.sessions, next: page.nextCursor }
    },
    isWanted,
    { cursor: here.cursor, limit, longest: 200 },
  )
  return {
    data: await showAll(api, found),
    next_page:
      next === null
        ? null
        : toPageToken({ cursor: next, earlier: [...here.earlier, here.cursor].slice(-mostEarlier) }),
    prev_page:
      here.earlier.length === 0
        ? null
        : toPageToken({ cursor: here.earlier.at(-1) ?? null, earlier: here.earlier.slice(0, -1) }),
  }
}

function toPresetFilter(query: Query): { preset?: string } {
  const id = query.one('agent_id')
  if (id === undefined) {
    if (query.one('agent_version') === undefined) return {}
    throw invalid('agent_version', 'must come with agent_id')
  }
  const name = toAgentPreset(id, 'agent_id')
  if (query.one('agent_version') === undefined) return { preset: name }
  return { preset: `${name}@${query.number('agent_version', 1, 999_999_999)}` }
}

/** The part of the filter that the API has. */
function toStateFilter(statuses: readonly SessionStatus[]) {
  const isOver = statuses.length === 0 || statuses.includes('terminated')
  const isRunning = statuses.length > 0 && statuses.every(status => status === 'running')
  return {
    status: isOver ? ('all' as const) : ('active' as const),
    ...(isRunning && { state: 'running' as const }),
  }
}

/** Lists of the API have no configuration, so each session is read. */
async function showAll(api: ClaudeCodeClient, sessions: readonly SessionSummary[]): Promise<SessionView[]> {
  const cache = new Map<string, Promise<AgentSource>>()
  const views = await mapInParallel(sessions, async ({ sessionId }) => {
    const session = await api.session(sessionId).find()
    const own = session && readSessionMetadata(session)
    return own && toSessionView({ session, own, agent: await readAgent(api, session, own, cache) })
  })
  return views.filter(view => view !== undefined)
}
