import { sql } from 'kysely'
import type { FeedQuery, FeedScope, FeedStore } from '../sessions/ports/index.ts'
import { all, type Body, type Database, first } from './database.ts'
import { bytesOfPayload, eventColumnNames } from './event-queries.ts'
import { toEventRecord } from './event-record.ts'
import { everyTenant } from './feed-positions.ts'
import { wholePayload } from './payload-templates.ts'
import { prepared, preparedBy } from './query.ts'
import { countWithin, selectTrimmedThrough } from './retention-queries.ts'
import type { QueryBuilder } from './schema.ts'

/** Events that one page looks at: a reader of a rare type does not hold up the database. */
const scannedAtOnce = 2_000
/** The feed over all sessions: see the port `FeedStore`. */
export function createFeed(database: Database): FeedStore {
  return {
    async readHead() {
      return (await database.first(selectHead({})))?.position ?? 0
    },

    readPage(query) {
      return database.read(() => readPage(query), 'stream')
    },
  }
}

function* readPage({ after, limit, maxBytes, types, ...scope }: FeedQuery) {
  const head = (yield* first(selectHead({})))?.position ?? 0
  const removedThrough = yield* findRemoved(scope)
  const shape = shapeOf(scope)
  const of = { ...scope, after, types: `,${[...types].join()},` }
  const scanned = yield* all(scanFeed(shape, { ...of, limit: scannedAtOnce }))
  const wanted = scanned.filter(({ type }) => types.has(type)).slice(0, limit)
  const isWhole = wanted.length < limit
  // Events that were committed meanwhile are above the head of this snapshot.
  const end = scanned.length < scannedAtOnce ? head : (scanned.at(-1)?.position ?? head)
  const until = isWhole ? end : (wanted.at(-1)?.position ?? end)
  if (wanted.length === 0) return { events: [], through: Math.max(after, until), head, removedThrough }
  const range = { ...of, until, limit }
  const count = countWithin(yield* all(selectFeedSizes(shape, range)), maxBytes)
  const rows = yield* all(selectFeed(shape, { ...range, limit: count }))
  const through = count < wanted.length ? rows.at(-1)?.position : until
  return { events: rows.map(toEventRecord), through: through ?? until, head, removedThrough }
}

function* findRemoved({ tenantId, sessionId }: Omit<FeedScope, 'types'>): Body<number> {
  const marks = yield* all(selectRemovals({}))
  let own = tenantId
  if (sessionId !== null && tenantId !== undefined) {
    const session = yield* first(selectTrimmedThrough({ tenantId, sessionId }))
    // Nothing of this session was removed.
    if (session?.trimmed_through === 0) own = everyTenant
  }
  const counting = marks.filter(mark => own === undefined || [own, everyTenant].includes(mark.tenant_id))
  return Math.max(0, ...counting.map(({ through }) => through))
}

const selectHead = prepared(db => db.selectFrom('feed_head').select('position').where('id', '=', 1))

const selectRemovals = prepared(db => db.selectFrom('feed_removals').select(['tenant_id', 'through']))

type FeedShape = 'all' | 'tenant' | 'session'

interface FeedRange {
  tenantId: string | undefined
  sessionId: string | null
  after: number
  limit: number
}

/** `types`: their names between commas. */
type FeedValues = FeedRange & { until: number; types: string }

function shapeOf({ tenantId, sessionId }: Omit<FeedScope, 'types'>): FeedShape {
  if (sessionId !== null) return 'session'
  return tenantId === undefined ? 'all' : 'tenant'
}

/** Read from the index alone, except for the feed of one session. */
export const scanFeed = preparedBy((db, range: FeedRange, shape: FeedShape) =>
  feedIn(db, range, shape).select(['position', 'type']),
)

export const selectFeed = preparedBy((db, range: FeedValues, shape: FeedShape) =>
  wantedIn(db, range, shape).select([...eventColumnNames, wholePayload.as('payload')]),
)

const selectFeedSizes = preparedBy((db, range: FeedValues, shape: FeedShape) =>
  wantedIn(db, range, shape).select(bytesOfPayload.as('bytes')),
)

function wantedIn(db: QueryBuilder, range: FeedValues, shape: FeedShape) {
  return feedIn(db, range, shape)
    .where(
      shape === 'session'
        ? sql<boolean>`position + 0 <= ${range.until}`
        : eb => eb('position', '<=', range.until),
    )
    .where(sql<boolean>`${range.types} like '%,' || type || ',%'`)
}

function feedIn(db: QueryBuilder, range: FeedRange, shape: FeedShape) {
  const selection = db.selectFrom('events').limit(range.limit)
  if (shape === 'session') {
    // The same order, by the index of the session's log: as an expression, the position chooses no index.
    return selection
      .where('session_id', '=', range.sessionId ?? '')
      .where('tenant_id', '=', range.tenantId ?? '')
      .where(sql<boolean>`position + 0 > ${range.after}`)
      .orderBy('sequence')
  }
  const after = selection.where('position', '>', range.after).orderBy('position')
  return shape === 'all' ? after : after.where('tenant_id', '=', range.tenantId ?? '')
}
