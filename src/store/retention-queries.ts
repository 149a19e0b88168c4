import { sql } from 'kysely'
import type { SessionStatus } from '../contract/sessions.ts'
import { removeOldestAttachment } from './attachments.ts'
import { all, type Body, first, run } from './database.ts'
import { noteRemoved } from './feed-positions.ts'
import { deleteUnusedTemplates } from './payload-templates.ts'
import { prepared } from './query.ts'

/** The session whose events have been due for longest. Over all tenants. */
export const selectTrimmable = prepared((db, of: { endedBefore: number }, dialect) => {
  const selection = db
    .selectFrom('sessions')
    .select(['id', 'tenant_id', 'last_sequence', 'trimmed_through'])
    .where('ended_at', '<=', of.endedBefore)
    // As the partial index has it.
    .whereRef('trimmed_through', '<', 'last_sequence')
    .where('status', '!=', sql.lit<SessionStatus>('active'))
    .orderBy('ended_at')
    .limit(1)
  return dialect.locksRows ? selection.forUpdate() : selection
})

export const hasTrimmable = prepared((db, of: { endedBefore: number }) =>
  db
    .selectFrom('sessions')
    .select('id')
    .where('ended_at', '<=', of.endedBefore)
    .whereRef('trimmed_through', '<', 'last_sequence')
    .where('status', '!=', sql.lit<SessionStatus>('active'))
    .orderBy('ended_at')
    .limit(1),
)

export const selectTrimmedThrough = prepared((db, of: { tenantId: string; sessionId: string }) =>
  db
    .selectFrom('sessions')
    .select('trimmed_through')
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

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
 * run within a transaction.
 * @returns false when there is no such session
 */
export function* trimOldest(endedBefore: number, limit: number): Body<boolean> {
  const session = yield* first(selectTrimmable({ endedBefore }))
  if (!session) return false
  yield* trimSession(session, limit)
  return true
}

/** Removes an attachment, or where there is none the oldest events; false: there was neither. */
export function* trimSession(
  session: { id: string; tenant_id: string; last_sequence: number; trimmed_through: number },
  limit: number,
): Body<boolean> {
  if (yield* removeOldestAttachment(session.id)) return true
  if (session.trimmed_through >= session.last_sequence) return false
  const oldest = yield* all(selectOldestEvents({ sessionId: session.id, limit }))
  const through = (oldest.length === limit && oldest.at(-1)?.sequence) || session.last_sequence
  const messages = oldest.filter(({ type }) => type === 'message').length
  yield* run(deleteEvents({ sessionId: session.id, through }))
  yield* run(noteTrimmed({ sessionId: session.id, through, messages }))
  yield* noteRemoved(
    session.tenant_id,
    oldest.map(({ position }) => position ?? 0),
  )
  yield* run(deleteUnusedTemplates({ sessionId: session.id }))
  return true
}

const selectOldestEvents = prepared((db, of: { sessionId: string; limit: number }) =>
  db
    .selectFrom('events')
    .select(['sequence', 'type', 'position'])
    .where('session_id', '=', of.sessionId)
    .orderBy('sequence')
    .limit(of.limit),
)

const deleteEvents = prepared((db, of: { sessionId: string; through: number }) =>
  db.deleteFrom('events').where('session_id', '=', of.sessionId).where('sequence', '<=', of.through),
)

const noteTrimmed = prepared((db, of: { sessionId: string; through: number; messages: number }) =>
  db
    .updateTable('sessions')
    .set(eb => ({
      trimmed_through: of.through,
      trimmed_messages: eb('trimmed_messages', '+', of.messages),
      message_count: eb('message_count', '-', of.messages),
    }))
    .where('id', '=', of.sessionId),
)
