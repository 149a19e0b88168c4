import { sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import type { EventQuery } from '../sessions/ports/index.ts'
import { removeOldestAttachment } from './attachments.ts'
import type { Connection } from './node-sqlite.ts'
import { deleteUnusedTemplates } from './payload-templates.ts'
import type { QueryBuilder } from './schema.ts'

/** The session whose events have been due for longest. Over all tenants. */
export function selectTrimmable(db: QueryBuilder, endedBefore: number) {
  return (
    db
      .selectFrom('sessions')
      .select(['id', 'last_sequence'])
      .where('ended_at', '<=', endedBefore)
      // As the partial index has it.
      .whereRef('trimmed_through', '<', 'last_sequence')
      .where('status', '!=', sql.lit<SessionStatus>('active'))
      .orderBy('ended_at')
      .limit(1)
  )
}

export function selectTrimmedThrough(db: QueryBuilder, tenantId: string, sessionId: string) {
  return db
    .selectFrom('sessions')
    .select('trimmed_through')
    .where('id', '=', sessionId)
    .where('tenant_id', '=', tenantId)
}

const bytesOfTemplate = sql<number>`coalesce((select octet_length(text) from payload_templates
  where payload_templates.session_id = events.session_id and hash = template), 0)`

/** How many bytes each payload has, in order of sequence; the payloads themselves are not read. */
export function selectEventSizes(db: QueryBuilder, tenantId: string, query: EventQuery) {
  let selection = db
    .selectFrom('events')
    .select(sql<number>`octet_length(payload) + ${bytesOfTemplate}`.as('bytes'))
    .where('session_id', '=', query.sessionId)
    .where('tenant_id', '=', tenantId)
    .where('sequence', '>', query.after)
  if (query.turnId !== undefined) selection = selection.where('turn_id', '=', query.turnId)
  return selection.orderBy('sequence').limit(query.limit)
}

/** How many of them stay within the bytes; the first one always does. */
export function countWithin(sizes: readonly { bytes: number }[], maxBytes: number): number {
  let total = 0
  const over = sizes.findIndex(({ bytes }, index) => {
    total += bytes
    return index > 0 && total > maxBytes
  })
  return over === -1 ? sizes.length : over
}

/**
 * Removes an attachment, or where there is none the oldest events, of one session that ended before a time; to be
 * called within a transaction.
 * @returns false when there is no such session
 */
export function trimOldest(connection: Connection, endedBefore: number, limit: number): boolean {
  const { db } = connection
  const session = connection.first(selectTrimmable(db, endedBefore))
  if (!session) return false
  if (removeOldestAttachment(connection, session.id)) return true
  const oldest = connection.all(
    db
      .selectFrom('events')
      .select(['sequence', 'type'])
      .where('session_id', '=', session.id)
      .orderBy('sequence')
      .limit(limit),
  )
  const through = (oldest.length === limit && oldest.at(-1)?.sequence) || session.last_sequence
  const messages = oldest.filter(({ type }) => type === 'message').length
  connection.run(
    db.deleteFrom('events').where('session_id', '=', session.id).where('sequence', '<=', through),
  )
  connection.run(
    db
      .updateTable('sessions')
      .set(eb => ({
        trimmed_through: through,
        trimmed_messages: eb('trimmed_messages', '+', messages),
        message_count: eb('message_count', '-', messages),
      }))
      .where('id', '=', session.id),
  )
  connection.run(deleteUnusedTemplates(db, session.id))
  return true
}
