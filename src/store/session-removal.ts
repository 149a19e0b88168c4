import { sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { RetentionStore } from '../sessions/ports/index.ts'
import type { SessionRecord } from '../sessions/records.ts'
import { type Body, type Database, first, run } from './database.ts'
import { prepared, preparedBy } from './query.ts'
import { trimSession } from './retention-queries.ts'
import { toSessionRecord } from './session-pages.ts'
import { lockSession, selectSession } from './session-queries.ts'

const over = ['ended', 'expired'] as const satisfies SessionStatus[]

/** Rows of a session besides its events and attachments; its turns last, to which others refer. */
const tables = [
  'permissions',
  'tasks',
  'own_work',
  'usage_sessions',
  'checkpoints',
  'snapshots',
  'payload_templates',
  'turns',
] as const

/** Removes sessions that are over: see the port `RetentionStore`. */
export function createRetention(database: Database): RetentionStore {
  return {
    async findOldestEnded(endedBefore) {
      const rows = await database.read(function* () {
        const found = []
        for (const status of over) found.push(yield* first(selectOldestEnded(status, { endedBefore })))
        return found.filter(row => row !== undefined)
      })
      const [oldest] = rows.sort((a, b) => Number(a.ended_at) - Number(b.ended_at))
      return oldest && toSessionRecord(oldest)
    },

    async countEnded(endedBefore) {
      return (await database.first(countEnded({ endedBefore })))?.count ?? 0
    },

    measureSession({ tenantId, id: sessionId, claudeSessionId }) {
      return database.read(function* () {
        const of = { tenantId, sessionId, claudeSessionId }
        let bytes = 0
        for (const query of [sumEvents(of), sumTranscript(of), sumAttachments(of), sumTurns(of)]) {
          bytes += (yield* first(query))?.bytes ?? 0
        }
        return bytes
      })
    },

    removeStep: (session, limit) => database.transaction(() => removeSome(session, limit)),
    removeUnusedTranscripts: limit => database.transaction(() => run(deleteUnused({ limit }))),

    async countUnusedTranscripts() {
      return (await database.first(countUnused({})))?.count ?? 0
    },

    measureExcess: maxBytes => database.measureExcess(maxBytes),
    reclaimStep: () => database.reclaimStep(),
  }
}

/** @returns whether something is left */
function* removeSome(
  { tenantId, id: sessionId, claudeSessionId }: SessionRecord,
  limit: number,
): Body<boolean> {
  // Another step of retention may be at the same session.
  yield* lockSession(tenantId, sessionId)
  const session = yield* first(selectSession({ tenantId, sessionId }))
  if (!session || session.status === 'active') return false
  if (yield* trimSession(session, limit)) return true
  const of = { tenantId, sessionId, claudeSessionId, limit }
  if ((yield* run(deleteTranscript(of))) > 0) return true
  for (const table of tables) if ((yield* run(deleteRows(table, of))) > 0) return true
  yield* run(deleteSession({ sessionId }))
  return false
}

/** Over all tenants. */
export const selectOldestEnded = preparedBy(
  (db, of: { endedBefore: number }, status: (typeof over)[number]) =>
    db
      .selectFrom('sessions')
      .selectAll()
      .where('status', '=', sql.lit<SessionStatus>(status))
      .where('ended_at', '<=', of.endedBefore)
      .orderBy('ended_at')
      .limit(1),
)

/** Over all tenants. */
const countEnded = prepared((db, of: { endedBefore: number }) =>
  db
    .selectFrom('sessions')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('ended_at', '<=', of.endedBefore)
    .where('status', '!=', sql.lit<SessionStatus>('active')),
)

type OfSession = { tenantId: string; sessionId: string; claudeSessionId: string }
type Removal = OfSession & { limit: number }

const deleteRows = preparedBy((db, of: Removal, table: (typeof tables)[number], dialect) =>
  db.deleteFrom(table).where(
    sql<boolean>`${dialect.rowId} in (select ${dialect.rowId} from ${sql.table(table)}
        where session_id = ${of.sessionId} and tenant_id = ${of.tenantId} limit ${of.limit})`,
  ),
)

/** The conversation is not another session's: each has an id of its own. */
const deleteTranscript = prepared((db, of: Removal, dialect) =>
  db.deleteFrom('transcript_entries').where(
    sql<boolean>`${dialect.rowId} in (select ${dialect.rowId} from transcript_entries
        where tenant_id = ${of.tenantId} and claude_session_id = ${of.claudeSessionId} limit ${of.limit})`,
  ),
)

const isUnused = sql<boolean>`(tenant_id, claude_session_id) not in (select tenant_id, claude_session_id from sessions)`

/** Over all tenants. */
const deleteUnused = prepared((db, of: { limit: number }, dialect) =>
  db
    .deleteFrom('transcript_entries')
    .where(
      sql<boolean>`${dialect.rowId} in (select ${dialect.rowId} from transcript_entries where ${isUnused} limit ${of.limit})`,
    ),
)

/** Over all tenants. */
const countUnused = prepared(db =>
  db
    .selectFrom('transcript_entries')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where(isUnused),
)

const deleteSession = prepared((db, of: { sessionId: string }) =>
  db.deleteFrom('sessions').where('id', '=', of.sessionId),
)

const sumEvents = prepared((db, of: OfSession) =>
  db
    .selectFrom('events')
    .select(sql<number>`sum(length(payload) + coalesce(length(summary), 0) + 200)`.as('bytes'))
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

const sumTranscript = prepared((db, of: OfSession) =>
  db
    .selectFrom('transcript_entries')
    .select(sql<number>`sum(length(entry) + 200)`.as('bytes'))
    .where('tenant_id', '=', of.tenantId)
    .where('claude_session_id', '=', of.claudeSessionId),
)

const sumAttachments = prepared((db, of: OfSession) =>
  db
    .selectFrom('attachments')
    .select(eb => eb.fn.sum<number>('size_bytes').as('bytes'))
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

const sumTurns = prepared((db, of: OfSession) =>
  db
    .selectFrom('turns')
    .select(sql<number>`sum(length(prompt) + coalesce(length(response), 0) + 500)`.as('bytes'))
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)
