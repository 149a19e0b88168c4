import type { Change } from '../sessions/ports/index.ts'
import type { EventRecord, NewEvent, SessionRecord } from '../sessions/records.ts'
import { linkAttachments } from './attachments.ts'
import type { Connection } from './node-sqlite.ts'
import { savePermission as writePermission } from './permissions.ts'
import { toAutonomousWorkColumns, toSessionColumns, toTurnColumns } from './rows.ts'
import type { EventRow } from './schema.ts'
import { saveTask } from './tasks.ts'
import { appendLines, toLines } from './transcripts.ts'

/** Writes a change made ready by `prepareChange`; to be called within a transaction. */
export type PreparedChange = (connection: Connection) => EventRecord[]

interface Counters {
  last_sequence: number
  message_count: number
  turn_count: number
  trimmed_messages: number
}

type TurnPatch = ReturnType<typeof toTurnColumns>

interface Span {
  first: number
  last: number
}

/**
 * Takes down what is to be written, as the caller's objects may change before their turn comes.
 * @throws when something in the change cannot be JSON, or is of another session
 */
export function prepareChange(change: Change): PreparedChange {
  const { tenantId, sessionId, at, insertTurn, updateTurn } = change
  const savePermission = change.savePermission && { ...change.savePermission }
  const saveTasks = (change.saveTasks ?? []).map(task => ({ ...task }))
  const addAutonomousWork = (change.addAutonomousWork ?? []).map(toAutonomousWorkColumns)
  const transcript = (change.transcript ?? []).map(({ part, entries }) => ({
    part: { ...part },
    lines: toLines(entries),
  }))
  const owner = { tenantId, sessionId }
  if (insertTurn && (insertTurn.sessionId !== sessionId || insertTurn.tenantId !== tenantId)) {
    throw new Error(`Turn ${insertTurn.id} is not of session ${sessionId}`)
  }
  const sessionColumns = toSessionColumns(change.session ?? {})
  const inserted = insertTurn && toTurnColumns(insertTurn)
  // One that is copied with its end needs nothing any more.
  const needy =
    insertTurn?.status === 'queued' || insertTurn?.status === 'running' ? { ...insertTurn } : undefined
  const updated = updateTurn && ([updateTurn.id, toTurnColumns(updateTurn)] as const)
  const drafts = change.events.map(event => toDraft(change, event))
  const events = change.events.map(({ type, turnId, payload }) => ({ sessionId, type, turnId, at, payload }))

  return connection => {
    const messages = drafts.filter(draft => draft.type === 'message').length
    const counters = connection.first(
      connection.db
        .updateTable('sessions')
        .set(eb => ({
          ...sessionColumns,
          last_sequence: eb('last_sequence', '+', drafts.length),
          message_count: eb('message_count', '+', messages),
          turn_count: eb('turn_count', '+', inserted ? 1 : 0),
        }))
        .where('id', '=', sessionId)
        .where('tenant_id', '=', tenantId)
        .returning(['last_sequence', 'message_count', 'turn_count', 'trimmed_messages']),
    )
    if (!counters) throw new Error(`There is no session ${sessionId} to change`)

    const rows = numberEvents(drafts, counters, messages)
    const spans = spansOfTurns(rows)
    const updates = new Map<string, TurnPatch>(updated ? [updated] : [])
    for (const turnId of spans.keys()) {
      if (turnId !== inserted?.id && !updates.has(turnId)) updates.set(turnId, {})
    }
    // Before the insert: the turn that ends makes room for the one that starts.
    for (const [turnId, columns] of updates) {
      if (!updateTurnRow(connection, owner, turnId, columns, spans.get(turnId))) {
        throw new Error(`There is no turn ${turnId} in session ${sessionId}`)
      }
    }
    if (inserted) {
      const span = spans.get(inserted.id)
      connection.run(
        connection.db.insertInto('turns').values({
          ...inserted,
          number: counters.turn_count,
          first_sequence: span?.first ?? null,
          last_sequence: span?.last ?? null,
        }),
      )
    }
    if (needy) linkAttachments(connection, needy)
    if (savePermission) writePermission(connection, savePermission)
    for (const columns of addAutonomousWork) {
      connection.run(
        connection.db
          .insertInto('own_work')
          .values({ ...columns, session_id: sessionId, tenant_id: tenantId }),
      )
    }
    for (const task of saveTasks) saveTask(connection, task)
    for (const { part, lines } of transcript) appendLines(connection, part, lines)
    for (const row of rows) connection.run(connection.db.insertInto('events').values(row))

    const firstSequence = counters.last_sequence - drafts.length + 1
    return events.map((event, index) => ({ ...event, sequence: firstSequence + index }))
  }
}

/** As `prepareChange`, for a session that is not stored yet. */
export function prepareSession(session: SessionRecord, events: NewEvent[]): PreparedChange {
  const columns = toSessionColumns(session)
  const writeEvents = prepareChange({
    tenantId: session.tenantId,
    sessionId: session.id,
    at: session.createdAt,
    events,
  })
  return connection => {
    connection.run(
      connection.db
        .insertInto('sessions')
        .values({ ...columns, last_sequence: 0, message_count: 0, turn_count: 0 }),
    )
    return writeEvents(connection)
  }
}

type EventDraft = Omit<EventRow, 'sequence' | 'message_number'>

function toDraft(change: Change, event: NewEvent): EventDraft {
  const { id } = event.payload
  return {
    session_id: change.sessionId,
    tenant_id: change.tenantId,
    turn_id: event.turnId,
    type: event.type,
    at: change.at,
    message_id: event.type === 'message' && typeof id === 'string' ? id : null,
    payload: JSON.stringify(event.payload),
  }
}

function numberEvents(drafts: EventDraft[], counters: Counters, messages: number): EventRow[] {
  let sequence = counters.last_sequence - drafts.length
  let messageNumber = counters.trimmed_messages + counters.message_count - messages
  return drafts.map(draft => ({
    ...draft,
    sequence: ++sequence,
    message_number: draft.type === 'message' ? ++messageNumber : null,
  }))
}

function spansOfTurns(rows: EventRow[]): Map<string, Span> {
  const spans = new Map<string, Span>()
  for (const { turn_id, sequence } of rows) {
    if (turn_id === null) continue
    spans.set(turn_id, { first: spans.get(turn_id)?.first ?? sequence, last: sequence })
  }
  return spans
}

/** @returns false when the session has no such turn */
function updateTurnRow(
  connection: Connection,
  owner: { tenantId: string; sessionId: string },
  turnId: string,
  columns: TurnPatch,
  span: Span | undefined,
): boolean {
  const changed = connection.run(
    connection.db
      .updateTable('turns')
      .set(eb => ({
        ...columns,
        id: undefined,
        first_sequence: eb.fn.coalesce('first_sequence', eb.val(span?.first ?? null)),
        last_sequence: span ? span.last : eb.ref('last_sequence'),
      }))
      .where('id', '=', turnId)
      .where('session_id', '=', owner.sessionId)
      .where('tenant_id', '=', owner.tenantId),
  )
  return changed === 1
}
