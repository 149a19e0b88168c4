import { sql } from 'kysely'
import type { EventType } from '../contract/events.ts'
import type { EventQuery, Page } from '../sessions/ports/index.ts'
import { wholePayload } from './payload-templates.ts'
import type { QueryBuilder } from './schema.ts'

/** All that a row of an event has, but for the payload. */
const columns = [
  'session_id',
  'sequence',
  'tenant_id',
  'turn_id',
  'type',
  'at',
  'message_number',
  'message_id',
  'template',
  'summary',
] as const

/** In order of sequence. */
export function selectEvents(db: QueryBuilder, tenantId: string, query: EventQuery) {
  let selection = db
    .selectFrom('events')
    .select([...columns, wholePayload.as('payload')])
    .where('session_id', '=', query.sessionId)
    .where('tenant_id', '=', tenantId)
    .where('sequence', '>', query.after)
  if (query.turnId !== undefined) selection = selection.where('turn_id', '=', query.turnId)
  return selection.orderBy('sequence').limit(query.limit)
}

/** Oldest first; found by the messages' numbers, so that a page far behind costs no more than the first. */
export function selectMessages(db: QueryBuilder, tenantId: string, sessionId: string, page: Page) {
  return messagesOf(db, tenantId, sessionId)
    .select([...columns, wholePayload.as('payload')])
    .where('message_number', '>', page.offset)
    .orderBy('message_number')
    .limit(page.limit)
}

/**
 * The same page as one text: `summary`, place and content of each message, as JSON objects with commas between them.
 * The database puts it together, because to make strings of the parts and bytes of the strings costs more than all
 * the rest of a page. SQLite hands rows to an aggregate in the order of the subquery; to order them once more inside
 * of it would copy the whole page.
 */
export function selectMessagesText(db: QueryBuilder, tenantId: string, sessionId: string, page: Page) {
  const rows = messagesOf(db, tenantId, sessionId)
    .select(['sequence', 'message_number', 'summary', 'turn_id', wholePayload.as('content')])
    .where('message_number', '>', page.offset)
    .orderBy('message_number')
    .limit(page.limit)
  return db.selectFrom(rows.as('page')).select([
    sql<Uint8Array | null>`cast(string_agg('{' || summary || ',"sequence":' || sequence || ',"turnId":' ||
      coalesce('"' || turn_id || '"', 'null') || ',"content":' || content || '}', ',')
      as blob)`.as('text'),
    sql<number>`count(*)`.as('count'),
    sql<number>`count(summary)`.as('texts'),
    sql<number | null>`max(sequence)`.as('last_sequence'),
    sql<number | null>`max(message_number)`.as('last_number'),
  ])
}

/** The last message at or before a sequence: its number says how many there are up to it. */
export function selectMessageNumber(db: QueryBuilder, tenantId: string, sessionId: string, sequence: number) {
  return messagesOf(db, tenantId, sessionId)
    .select('message_number')
    .where('sequence', '<=', sequence)
    .orderBy('sequence', 'desc')
    .limit(1)
}

function messagesOf(db: QueryBuilder, tenantId: string, sessionId: string) {
  return (
    db
      .selectFrom('events')
      .where('session_id', '=', sessionId)
      .where('tenant_id', '=', tenantId)
      // A literal: only so does the planner know that the partial index holds what is asked for.
      .where('type', '=', sql.lit<EventType>('message'))
  )
}
