import { type ExpressionBuilder, sql } from 'kysely'
import type { EventType } from '../contract/events.ts'
import type { BranchStore, SharedPast } from '../sessions/ports/index.ts'
import type { Connection } from './node-sqlite.ts'
import { copyTemplates } from './payload-templates.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'

/** What forks and rewinds need to know of logs. */
export function createBranches(connection: Connection, ensureOpen: () => void): BranchStore {
  return {
    async listPrompts(tenantId, sessionId) {
      ensureOpen()
      return connection
        .all(selectPrompts(connection.db, tenantId, sessionId))
        .map(row => ({ turnId: row.turn_id ?? '', sequence: row.sequence }))
    },

    async listLostTurns(tenantId, sessionId) {
      ensureOpen()
      return connection
        .all(selectLosses(connection.db, tenantId, sessionId))
        .flatMap(row => (JSON.parse(row.payload) as { turnIds: string[] }).turnIds)
    },
  }
}

/** In order of sequence. */
export function selectPrompts(db: QueryBuilder, tenantId: string, sessionId: string) {
  return (
    db
      .selectFrom('events')
      .select(['turn_id', 'sequence'])
      .where('session_id', '=', sessionId)
      .where('tenant_id', '=', tenantId)
      // As the partial index has it.
      .where(isMessage)
      .whereRef('message_id', '=', 'turn_id')
      .orderBy('sequence')
  )
}

export function selectLosses(db: QueryBuilder, tenantId: string, sessionId: string) {
  return (
    db
      .selectFrom('events')
      .select('payload')
      .where('session_id', '=', sessionId)
      .where('tenant_id', '=', tenantId)
      // As the partial index has it.
      .where('type', '=', sql.lit<EventType>('conversation.lost'))
  )
}

/** Gives a session whose first events are written the messages of its past; to be called in that transaction. */
export function copyPast(
  connection: Connection,
  owner: { tenantId: string; sessionId: string },
  past: SharedPast,
): void {
  const { db } = connection
  const session = db
    .selectFrom('sessions')
    .where('id', '=', owner.sessionId)
    .where('tenant_id', '=', owner.tenantId)
  const last = connection.first(session.select('last_sequence'))?.last_sequence ?? 0
  const copied = connection.run(
    db
      .insertInto('events')
      .columns([
        'session_id',
        'sequence',
        'tenant_id',
        'turn_id',
        'type',
        'at',
        'message_number',
        'message_id',
        'payload',
        'template',
        'summary',
      ])
      .expression(selectPast(db, owner, past, last)),
  )
  copyTemplates(connection, owner, past.sessionId)
  connection.run(
    db
      .updateTable('sessions')
      .set({ last_sequence: last + copied, message_count: copied })
      .where('id', '=', owner.sessionId)
      .where('tenant_id', '=', owner.tenantId),
  )
}

export function selectPast(
  db: QueryBuilder,
  owner: { tenantId: string; sessionId: string },
  { sessionId, before, without }: SharedPast,
  lastSequence: number,
) {
  const number = sql<number>`row_number() over (order by sequence)`
  let selection = db
    .selectFrom('events')
    .select([
      sql.val(owner.sessionId).as('session_id'),
      sql<number>`${lastSequence} + ${number}`.as('sequence'),
      'tenant_id',
      'turn_id',
      'type',
      'at',
      number.as('message_number'),
      'message_id',
      'payload',
      'template',
      'summary',
    ])
    .where('session_id', '=', sessionId)
    .where('tenant_id', '=', owner.tenantId)
    .where(isMessage)
  if (before !== null) selection = selection.where('sequence', '<', before)
  if (without.length > 0) {
    const ranges = JSON.stringify(without)
    selection = selection.where(
      sql<boolean>`not exists (select 1 from json_each(${ranges}) as range
        where events.sequence between range.value ->> 'from' and range.value ->> 'to')`,
    )
  }
  return selection
}

/** A literal and no parameter: only so does the planner know that the partial indexes hold what is asked for. */
function isMessage(eb: ExpressionBuilder<StoreSchema, 'events'>) {
  return eb('type', '=', sql.lit<EventType>('message'))
}
