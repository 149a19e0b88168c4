import { attachmentIdsOf } from '../contract/attachments.ts'
import { toJsonLine } from '../lib/json-line.ts'
import type {
  AuditClaim,
  Change,
  Fence,
  IdempotencyRecord,
  SessionFence,
  SessionLimits,
  SessionsFull,
  SharedPast,
  TranscriptEntry,
  TranscriptKey,
} from '../sessions/ports/index.ts'
import type { LoggedEvent, NewEvent, SessionRecord } from '../sessions/records.ts'
import type { DeliveryRecord } from '../sessions/webhook-records.ts'
import { cutMessage, type PayloadTemplate } from './cut-message.ts'
import type { Row } from './record-mapper.ts'
import {
  autonomousWorkColumns,
  deliveryColumns,
  permissionColumns,
  sessionColumns,
  taskColumns,
  turnColumns,
} from './records.ts'
import type { EventRow } from './schema.ts'
import { toUsageRows } from './usage-rows.ts'

/** One write, ready to be stored: copied when it is handed in, because the caller's objects may change. */
export interface Write {
  change?: SessionWrite
  /** Of a write without a change. */
  fence?: SessionFence & { tenantId: string }
  /** Entries of the audit log that are stored with it. */
  audit: AuditClaim[]
  transcript: { part: TranscriptKey; lines: TranscriptLine[] }[]
}

export type EventDraft = Omit<EventRow, 'sequence' | 'message_number' | 'position'>

export interface SessionWrite {
  tenantId: string
  sessionId: string
  /** The session itself, where it is new. */
  create?: { columns: Row; limits: SessionLimits; past?: SharedPast | undefined }
  /** Columns of the session. */
  columns: Row
  fence?: Fence | undefined
  updateTurn?: { id: string; columns: Row } | undefined
  insertTurn?: { id: string; columns: Row; attachmentIds: string[] } | undefined
  autonomousWork: Row[]
  permission?: Row | undefined
  /** At most one for each key, day and model. */
  usage: Row[]
  tasks: Row[]
  events: EventDraft[]
  templates: PayloadTemplate[]
  idempotency?: { record: IdempotencyRecord; now: number } | undefined
  deliveries: Row[]
}

/** A transcript entry as its row has it. */
export interface TranscriptLine {
  uuid: string | null
  entry: string
}

export function toLines(entries: readonly TranscriptEntry[]): TranscriptLine[] {
  return entries.map(entry => ({ uuid: entry.uuid ?? null, entry: JSON.stringify(entry) }))
}

/** The outcome of a write. */
export interface Written {
  /** Of the session, after its new events. */
  lastSequence: number
  /** Of its last event among those of all sessions; 0: it has none. */
  lastPosition: number
  /** Set when nothing was stored: there may be no more sessions. */
  full?: SessionsFull | undefined
}

/** @throws when something in the change cannot be JSON, or is of another session */
export function toWrite(change: Change): Write {
  return {
    change: toSessionWrite(change),
    audit: change.audit ?? [],
    transcript: (change.transcript ?? []).map(({ part, entries }) => ({
      part: { ...part },
      lines: toLines(entries),
    })),
  }
}

/** As `toWrite`, for a session that is not stored yet, unless `limit` sessions are active. */
export function toFirstWrite(
  session: SessionRecord,
  events: NewEvent[],
  limit: number | SessionLimits,
  idempotency?: IdempotencyRecord,
  past?: SharedPast,
  deliveries: DeliveryRecord[] = [],
  placement?: { fence: Fence; volume: string | null },
): Write {
  const { tenantId, id: sessionId, createdAt: at } = session
  const change = toSessionWrite({
    tenantId,
    sessionId,
    at,
    events,
    deliveries,
    ...(idempotency && { idempotency }),
  })
  const columns = {
    ...sessionColumns.toRow({ ...session, lastSequence: 0, messageCount: 0 }),
    ...(placement && { ...placement.fence, volume: placement.volume }),
  }
  const limits = typeof limit === 'number' ? { total: limit } : limit
  return { change: { ...change, create: { columns, limits, past } }, audit: [], transcript: [] }
}

function toSessionWrite(change: Change): SessionWrite {
  const { tenantId, sessionId, insertTurn, updateTurn, idempotency } = change
  if (insertTurn && (insertTurn.sessionId !== sessionId || insertTurn.tenantId !== tenantId)) {
    throw new Error(`Turn ${insertTurn.id} is not of session ${sessionId}`)
  }
  const templates: PayloadTemplate[] = []
  return {
    tenantId,
    sessionId,
    columns: sessionColumns.toRow(change.session ?? {}),
    fence: change.fence,
    updateTurn: updateTurn && { id: updateTurn.id, columns: toTurnRow(updateTurn) },
    insertTurn: insertTurn && {
      id: insertTurn.id,
      columns: toTurnRow(insertTurn),
      attachmentIds: needsAttachments(insertTurn.status) ? attachmentIdsOf(insertTurn.prompt) : [],
    },
    autonomousWork: (change.addAutonomousWork ?? []).map(work => ({
      ...autonomousWorkColumns.toRow(work),
      session_id: sessionId,
      tenant_id: tenantId,
    })),
    usage: toUsageRows(change.usage ?? []),
    permission: change.savePermission && permissionColumns.toRow(change.savePermission),
    tasks: (change.saveTasks ?? []).map(task => taskColumns.toRow(task)),
    events: change.events.map(event => toDraft(change, event, templates)),
    templates,
    idempotency: idempotency && { record: { ...idempotency }, now: change.at },
    deliveries: (change.deliveries ?? []).map(delivery => deliveryColumns.toRow(delivery)),
  }
}

/** A turn that is copied with its end needs nothing any more. */
function needsAttachments(status: string): boolean {
  return status === 'queued' || status === 'running'
}

/** The span of its events is kept by the writer alone. */
function toTurnRow(fields: Partial<Parameters<typeof turnColumns.toRow>[0]>): Row {
  const { first_sequence: _, last_sequence: __, ...columns } = turnColumns.toRow(fields)
  return columns
}

/** @param templates where the event's template is put, when it has one */
function toDraft(change: Change, event: LoggedEvent, templates: PayloadTemplate[]): EventDraft {
  const { summary, repeats } = event
  const message = event.type === 'message' && summary !== undefined ? event.payload.message : undefined
  const cut = message && repeats ? cutMessage(message) : undefined
  if (cut) templates.push(cut.template)
  return {
    session_id: change.sessionId,
    tenant_id: change.tenantId,
    turn_id: event.turnId,
    type: event.type,
    at: change.at,
    message_id: event.type === 'message' ? event.payload.id : null,
    payload: cut?.rest ?? toJsonLine(message ?? event.payload),
    template: cut?.template.hash ?? null,
    summary: summary ?? null,
  }
}
