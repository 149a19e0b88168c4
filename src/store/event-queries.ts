import { sql } from 'kysely'
import type { EventType } from '../contract/events.ts'
import { wholePayload } from './payload-templates.ts'
import { prepared, preparedBy } from './query.ts'
import type { QueryBuilder } from './schema.ts'

/** Whether the events of a session or only those of one of its turns are meant. */
export type EventScope = 'of session' | 'of turn'

interface OfSession {
  tenantId: string
  sessionId: string
}

export interface EventRange extends OfSession {
  after: number
  limit: number
  turnId?: string | undefined
}

export function scopeOf({ turnId }: { turnId?: string | undefined }): EventScope {
  return turnId === undefined ? 'of session' : 'of turn'
}

/** All that a row of an event has, but for the payload. */
export const eventColumnNames = [
  'session_id',
  'sequence',
  'position',
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
export const selectEvents = preparedBy((db, range: EventRange, scope: EventScope) =>
  eventsIn(db, range, scope).select([...eventColumnNames, wholePayload.as('payload')]),
)

export const bytesOfPayload = sql<number>`octet_length(payload) + coalesce((select octet_length(text) from payload_templates
  where payload_templates.session_id = events.session_id and hash = template), 0)`

/** How many bytes each payload has, in order of sequence; the payloads themselves are not read. */
export const selectEventSizes = preparedBy((db, range: EventRange, scope: EventScope) =>
  eventsIn(db, range, scope).select(bytesOfPayload.as('bytes')),
)

/** Oldest first; found by the messages' numbers, so that a page far behind costs no more than the first. */
export const selectMessages = prepared((db, page: OfSession & { offset: number; limit: number }) =>
  messagesOf(db, page)
    .select([...eventColumnNames, wholePayload.as('payload')])
    .where('message_number', '>', page.offset)
    .orderBy('message_number')
    .limit(page.limit),
)

/**
 * The same page as one text: `summary`, place and content of each message, as JSON objects with commas between them.
 * The database puts it together, because to make strings of the parts and bytes of the strings costs more than all
 * the rest of a page. Both databases hand rows to an aggregate in the order of the subquery; to order them once more
 * inside of it would copy the whole page.
 */
export const selectMessagesText = prepared(
  (db, page: OfSession & { offset: number; limit: number }, dialect) => {
    const rows = messagesOf(db, page)
      .select(['sequence', 'message_number', 'summary', 'turn_id', wholePayload.as('content')])
      .where('message_number', '>', page.offset)
      .orderBy('message_number')
      .limit(page.limit)
    const text = sql`string_agg('{' || summary || ',"sequence":' || sequence || ',"turnId":' ||
      coalesce('"' || turn_id || '"', 'null') || ',"content":' || content || '}', ',')`
    return db
      .selectFrom(rows.as('page'))
      .select([
        sql<Uint8Array | null>`${dialect.bytesOf(text)}`.as('text'),
        sql<number>`count(*)`.as('count'),
        sql<number>`count(summary)`.as('texts'),
        sql<number | null>`max(sequence)`.as('last_sequence'),
        sql<number | null>`max(message_number)`.as('last_number'),
      ])
  },
)

/** The last message at or before a sequence: its number says how many there are up to it. */
export const selectMessageNumber = prepared((db, upTo: OfSession & { sequence: number }) =>
  messagesOf(db, upTo)
    .select('message_number')
    .where('sequence', '<=', upTo.sequence)
    .orderBy('sequence', 'desc')
    .limit(1),
)

function eventsIn(db: QueryBuilder, range: EventRange, scope: EventScope) {
  let selection = db
    .selectFrom('events')
    .where('session_id', '=', range.sessionId)
    .where('tenant_id', '=', range.tenantId)
    .where('sequence', '>', range.after)
  if (scope === 'of turn') selection = selection.where('turn_id', '=', range.turnId ?? '')
  return selection.orderBy('sequence').limit(range.limit)
}

function messagesOf(db: QueryBuilder, of: OfSession) {
  return (
    db
      .selectFrom('events')
      .where('session_id', '=', of.sessionId)
      .where('tenant_id', '=', of.tenantId)
      // A literal: only so does the planner know that the partial index holds what is asked for.
      .where('type', '=', sql.lit<EventType>('message'))
  )
}
