import { sql } from 'kysely'
import type { EventType } from '../contract/events.ts'
import type { EventQuery, Page } from '../sessions/ports/index.ts'
import type { QueryBuilder } from './schema.ts'

/** In order of sequence. */
export function selectEvents(db: QueryBuilder, tenantId: string, query: EventQuery) {
  let selection = db
    .selectFrom('events')
    .selectAll()
    .where('session_id', '=', query.sessionId)
    .where('tenant_id', '=', tenantId)
    .where('sequence', '>', query.after)
  if (query.turnId !== undefined) selection = selection.where('turn_id', '=', query.turnId)
  return selection.orderBy('sequence').limit(query.limit)
}

/** Oldest first; found by the messages' numbers, so that a page far behind costs no more than the first. */
export function selectMessages(db: QueryBuilder, tenantId: string, sessionId: string, page: Page) {
  return messagesOf(db, tenantId, sessionId)
    .selectAll()
    .where('message_number', '>', page.offset)
    .orderBy('message_number')
    .limit(page.limit)
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
