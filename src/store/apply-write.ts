import { invalidField } from '../contract/errors.ts'
import type { SessionsFull } from '../sessions/ports/index.ts'
import { SessionFenced } from '../sessions/records.ts'
import { linkAttachment } from './attachments.ts'
import { writeAudit } from './audit.ts'
import { copyPast } from './branches.ts'
import { type Body, first, run } from './database.ts'
import { advanceFeed } from './feed-positions.ts'
import { writeIdempotencyKey } from './idempotency.ts'
import { saveTemplates } from './payload-templates.ts'
import { savePermission } from './permissions.ts'
import { columnsOf, pick, prepared, preparedBy, preparedInsert } from './query.ts'
import type { Row } from './record-mapper.ts'
import type { EventRow } from './schema.ts'
import { countSessionsOf } from './session-list-queries.ts'
import { countActiveSessions, selectSession, selectTenant } from './session-queries.ts'
import { saveTask } from './tasks.ts'
import { appendLines } from './transcripts.ts'
import { addUsage, countActiveOfKey } from './usage-ledger.ts'
import { insertDelivery } from './webhooks.ts'
import type { EventDraft, SessionWrite, Write, Written } from './write.ts'

interface Counters {
  last_sequence: number
  message_count: number
  turn_count: number
  trimmed_messages: number
}

interface Numbering extends Counters {
  lastPosition: number
}

interface Span {
  first: number
  last: number
}

/** Stores a write. PostgreSQL does the same with a function of its own: `postgres/append-functions.ts`. */
export function* applyWrite({ change, fence, audit, transcript }: Write): Body<Written> {
  if (fence && !(yield* first(selectOwned(fence)))) yield* refuse(fence, true)
  const written = change ? yield* applyChange(change) : { lastSequence: 0, lastPosition: 0 }
  if (written.full) return written
  for (const { part, lines } of transcript) yield* appendLines(part, lines)
  yield* writeAudit(audit.map(({ record }) => record))
  return written
}

function* applyChange(change: SessionWrite): Body<Written> {
  const { create } = change
  if (create) {
    const full = yield* findFull(change, create)
    if (full) return { lastSequence: 0, lastPosition: 0, full }
    yield* run(insertSession({ ...create.columns, turn_count: 0 }))
  }
  const counters = yield* advanceSession(change)
  const lastPosition = yield* advanceFeed(change.events.length)
  yield* writeTurnsAndEvents(change, { ...counters, lastPosition })
  if (change.permission) yield* savePermission(change.permission)
  yield* addUsage(change)
  for (const columns of change.autonomousWork) yield* run(insertAutonomousWork(columns))
  for (const task of change.tasks) yield* saveTask(task)
  if (create?.past) yield* copyPast(change, create.past)
  for (const columns of change.deliveries) yield* run(insertDelivery(columns))
  if (change.idempotency) yield* writeIdempotencyKey(change.idempotency.record, change.idempotency.now)
  return { lastSequence: counters.last_sequence, lastPosition }
}

/** The limit that one more session would exceed. */
function* findFull(
  { tenantId }: SessionWrite,
  { columns, limits: { total, key, tenant } }: NonNullable<SessionWrite['create']>,
): Body<SessionsFull | undefined> {
  if (yield* first(selectTenant({ sessionId: String(columns.id) }))) return { active: 1, level: 'id' }
  const active = (yield* first(countActiveSessions({})))?.count ?? 0
  if (active >= total) return { active }
  if (key !== undefined) {
    const keyId = String(columns.created_by)
    const ofKey = (yield* first(countActiveOfKey({ tenantId, keyId })))?.count ?? 0
    if (ofKey >= key) return { active: ofKey, level: 'key' }
  }
  if (tenant !== undefined) {
    const ofTenant = (yield* first(countSessionsOf(tenantId, { status: 'active' })))?.count ?? 0
    if (ofTenant >= tenant) return { active: ofTenant, level: 'tenant' }
  }
  return undefined
}

function* advanceSession(change: SessionWrite): Body<Counters> {
  const counters = yield* first(
    updateSession(`${columnsOf(change.columns)}${change.fence ? ' fenced' : ''}`, {
      ...change.columns,
      sessionId: change.sessionId,
      tenantId: change.tenantId,
      events: change.events.length,
      messages: change.events.filter(isMessage).length,
      turns: change.insertTurn ? 1 : 0,
      ...change.fence,
    }),
  )
  return counters ?? (yield* refuse(change, change.fence !== undefined))
}

/** Throws the reason for which a session cannot be written to. */
function* refuse(of: { tenantId: string; sessionId: string }, isFenced: boolean): Body<never> {
  if (isFenced && (yield* first(selectSession(of)))) throw new SessionFenced(of.sessionId)
  throw new Error(`There is no session ${of.sessionId} to change`)
}

const selectOwned = prepared((db, of: NonNullable<Write['fence']>) =>
  db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', of.sessionId)
    .where('tenant_id', '=', of.tenantId)
    .where('owner', '=', of.owner)
    .where('epoch', '=', of.epoch),
)

function* writeTurnsAndEvents(change: SessionWrite, counters: Numbering): Body<void> {
  const { sessionId, tenantId, insertTurn, updateTurn } = change
  const rows = numberEvents(change.events, counters)
  const spans = spansOfTurns(rows)
  const updates = new Map<string, Row>(updateTurn ? [[updateTurn.id, updateTurn.columns]] : [])
  for (const turnId of spans.keys()) {
    if (turnId !== insertTurn?.id && !updates.has(turnId)) updates.set(turnId, {})
  }
  // Before the insert: the turn that ends makes room for the one that starts.
  for (const [turnId, { id: _, ...columns }] of updates) {
    const span = spans.get(turnId)
    const values = { ...columns, turnId, sessionId, tenantId, first: span?.first, last: span?.last }
    const changed = yield* run(updateTurnRow(`${columnsOf(columns)}${span ? ' with events' : ''}`, values))
    if (changed !== 1) throw new Error(`There is no turn ${turnId} in session ${sessionId}`)
  }
  if (insertTurn) {
    const span = spans.get(insertTurn.id)
    const first_sequence = span?.first ?? null
    const last_sequence = span?.last ?? null
    const { turn_count: number } = counters
    yield* run(insertTurnRow({ ...insertTurn.columns, number, first_sequence, last_sequence }))
    for (const attachmentId of insertTurn.attachmentIds) {
      if (yield* linkAttachment({ tenantId, sessionId, attachmentId, turnId: insertTurn.id })) continue
      throw attachmentIsGone(attachmentId)
    }
  }
  yield* saveTemplates(change, change.templates)
  for (const row of rows) yield* run(insertEvent(row))
}

/** An attachment was removed since the prompt that refers to it was checked. */
export function attachmentIsGone(attachmentId: string): Error {
  return invalidField('prompt', `attachment ${attachmentId} is not there any more`)
}

const insertSession = preparedInsert('sessions')
const insertTurnRow = preparedInsert('turns')
const insertEvent = preparedInsert('events')
const insertAutonomousWork = preparedInsert('own_work')

interface SessionUpdate extends Row {
  sessionId: string
  tenantId: string
  events: number
  messages: number
  turns: number
  owner?: string
  epoch?: number
}

const updateSession = preparedBy((db, set: SessionUpdate, shape: string) => {
  const [columns = '', fenced] = shape.split(' ', 2)
  const update = db
    .updateTable('sessions')
    .set(eb => ({
      ...pick(set, columns),
      last_sequence: eb('last_sequence', '+', set.events),
      message_count: eb('message_count', '+', set.messages),
      turn_count: eb('turn_count', '+', set.turns),
    }))
    .where('id', '=', set.sessionId)
    .where('tenant_id', '=', set.tenantId)
    .returning(['last_sequence', 'message_count', 'turn_count', 'trimmed_messages'])
  if (!fenced) return update
  return update.where('owner', '=', set.owner ?? '').where('epoch', '=', set.epoch ?? 0)
})

interface TurnUpdate extends Row {
  turnId: string
  sessionId: string
  tenantId: string
  first: number | undefined
  last: number | undefined
}

const updateTurnRow = preparedBy((db, set: TurnUpdate, shape: string) => {
  const [columns = '', span] = shape.split(' ', 2)
  return db
    .updateTable('turns')
    .set(eb => ({
      ...pick(set, columns),
      ...(span
        ? { first_sequence: eb.fn.coalesce('first_sequence', eb.val(set.first)), last_sequence: set.last }
        : // A change of nothing else than its events, of which there are none, still asks for the turn.
          columns === '' && { last_sequence: eb.ref('last_sequence') }),
    }))
    .where('id', '=', set.turnId)
    .where('session_id', '=', set.sessionId)
    .where('tenant_id', '=', set.tenantId)
})

function isMessage({ type }: EventDraft): boolean {
  return type === 'message'
}

function numberEvents(drafts: readonly EventDraft[], counters: Numbering): EventRow[] {
  const messages = drafts.filter(isMessage).length
  let sequence = counters.last_sequence - drafts.length
  let position = counters.lastPosition - drafts.length
  let messageNumber = counters.trimmed_messages + counters.message_count - messages
  return drafts.map(draft => ({
    ...draft,
    sequence: ++sequence,
    position: ++position,
    message_number: isMessage(draft) ? ++messageNumber : null,
  }))
}

function spansOfTurns(rows: readonly EventRow[]): Map<string, Span> {
  const spans = new Map<string, Span>()
  for (const { turn_id, sequence } of rows) {
    if (turn_id === null) continue
    spans.set(turn_id, { first: spans.get(turn_id)?.first ?? sequence, last: sequence })
  }
  return spans
}
