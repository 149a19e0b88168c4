import { type ExpressionBuilder, sql } from 'kysely'
import type { EventType } from '../contract/events.ts'
import type { BranchStore, SharedPast } from '../sessions/ports/index.ts'
import { type Body, type Database, first, run } from './database.ts'
import type { Dialect } from './dialect.ts'
import { copyTemplates } from './payload-templates.ts'
import { prepared, preparedBy } from './query.ts'
import type { QueryBuilder, StoreSchema } from './schema.ts'

/** The queries of forks and rewinds over logs. */
export function createBranches(database: Database): BranchStore {
  return {
    async listPrompts(tenantId, sessionId) {
      const rows = await database.all(selectPrompts({ tenantId, sessionId }))
      return rows.map(row => ({ turnId: row.turn_id ?? '', sequence: row.sequence }))
    },

    async listLostTurns(tenantId, sessionId) {
      const rows = await database.all(selectLosses({ tenantId, sessionId }))
      return rows.flatMap(row => (JSON.parse(row.payload) as { turnIds: string[] }).turnIds)
    },
  }
}

interface OfSession {
  tenantId: string
  sessionId: string
}

/** In order of sequence. */
export const selectPrompts = prepared((db, of: OfSession) =>
  db
    .selectFrom('events')
    .select(['turn_id', 'sequence'])
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    // As the partial index has it.
    .where(isMessage)
    .whereRef('message_id', '=', 'turn_id')
    .orderBy('sequence'),
)

export const selectLosses = prepared((db, of: OfSession) =>
  db
    .selectFrom('events')
    .select('payload')
    .where('session_id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    // As the partial index has it.
    .where('type', '=', sql.lit<EventType>('conversation.lost')),
)

/** Gives a session whose first events are written the messages of its past; to be run in that transaction. */
export function* copyPast({ tenantId, sessionId }: OfSession, past: SharedPast): Body<void> {
  const owner = { tenantId, sessionId }
  const last = (yield* first(selectLastSequence(owner)))?.last_sequence ?? 0
  const { shape, values } = pastOf(owner, past, last)
  const copied = yield* run(insertPast(shape, values))
  yield* run(copyTemplates({ tenantId, sessionId, fromSessionId: past.sessionId }))
  yield* run(updateCounts({ ...owner, last: last + copied, copied }))
}

const selectLastSequence = prepared((db, of: OfSession) =>
  db
    .selectFrom('sessions')
    .select('last_sequence')
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId),
)

const updateCounts = prepared((db, to: OfSession & { last: number; copied: number }) =>
  db
    .updateTable('sessions')
    .set({ last_sequence: to.last, message_count: to.copied })
    .where('id', '=', to.sessionId)
    .where('tenant_id', '=', to.tenantId),
)

type PastShape = 'whole' | 'before' | 'without' | 'before without'

interface PastValues extends OfSession {
  pastId: string
  before: number | null
  ranges: string
  last: number
}

function pastOf(owner: OfSession, { sessionId, before, without }: SharedPast, last: number) {
  const parts = [before !== null && 'before', without.length > 0 && 'without'].filter(Boolean).join(' ')
  const shape = (parts || 'whole') as PastShape
  return { shape, values: { ...owner, pastId: sessionId, before, ranges: JSON.stringify(without), last } }
}

/** The messages of a past become the events that a new session begins with. */
const insertPast = preparedBy((db, past: PastValues, shape: PastShape, dialect) =>
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
    .expression(pastEvents(db, past, shape, dialect)),
)

function pastEvents(db: QueryBuilder, past: PastValues, shape: PastShape, dialect: Dialect) {
  const number = sql<number>`row_number() over (order by sequence)`
  let selection = db
    .selectFrom('events')
    .select([
      sql.val(past.sessionId).as('session_id'),
      sql<number>`${past.last} + ${number}`.as('sequence'),
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
    .where('session_id', '=', past.pastId)
    .where('tenant_id', '=', past.tenantId)
    .where(isMessage)
  if (shape.includes('before')) selection = selection.where('sequence', '<', past.before)
  if (shape.includes('without')) {
    const value = sql.ref('range.value')
    selection = selection.where(
      sql<boolean>`not exists (select 1 from ${dialect.items(sql`${past.ranges}`)} as ${dialect.itemsAlias('range')}
        where events.sequence between ${dialect.numberIn(value, 'from')} and ${dialect.numberIn(value, 'to')})`,
    )
  }
  return selection
}

/** A literal and no parameter: only so does the planner know that the partial indexes hold what is asked for. */
function isMessage(eb: ExpressionBuilder<StoreSchema, 'events'>) {
  return eb('type', '=', sql.lit<EventType>('message'))
}
