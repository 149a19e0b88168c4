import { sql } from 'kysely'
import type { EventType } from '../contract/events.ts'
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

/** In order of sequence. */
export const selectEvents = preparedBy((db, range: EventRange, scope: EventScope) =>
  eventsIn(db, range, scope).selectAll(),
)

/** How many bytes each payload has, in order of sequence; the payloads themselves are not read. */
export const selectEventSizes = preparedBy((db, range: EventRange, scope: EventScope) =>
  eventsIn(db, range, scope).select(sql<number>`octet_length(payload)`.as('bytes')),
)

/** Oldest first; found by the messages' numbers, so that a page far behind costs no more than the first. */
export const selectMessages = prepared((db, page: OfSession & { offset: number; limit: number }) =>
  messagesOf(db, page)
    .selectAll()
    .where('message_number', '>', page.offset)
    .orderBy('message_number')
    .limit(page.limit),
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
