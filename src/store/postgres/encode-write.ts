import { toIdempotencyRow } from '../idempotency.ts'
import { auditColumns } from '../records.ts'
import { toPart } from '../transcripts.ts'
import type { EventDraft, SessionWrite, Write } from '../write.ts'
import { toStorable } from './storable-text.ts'

/** A write as the function `apply_write` reads it. */
export function encodeWrite({ change, fence, audit, transcript }: Write): string {
  const entries = audit.map(({ record }) => auditColumns.toRow(record))
  const parts = transcript.map(({ part, lines }) => {
    const { tenantId, claudeSessionId, subpath } = toPart(part)
    return [tenantId, claudeSessionId, subpath, lines.map(line => [line.uuid, line.entry])]
  })
  const encoded = {
    ...(change && encodeChange(change)),
    ...(fence && { fence }),
    ...(entries.length > 0 && { audit: entries }),
    ...(parts.length > 0 && { transcript: parts }),
  }
  const text = JSON.stringify(encoded)
  return unstorable.test(text) ? JSON.stringify(encoded, (_, value) => toStorable(value)) : text
}

/** Whether a write only appends events and sets their turns. */
export function isSimple({ change, audit, transcript }: Write): boolean {
  if (!change || audit.length > 0 || transcript.length > 0) return false
  const {
    create,
    columns,
    insertTurn,
    autonomousWork,
    usage,
    permission,
    tasks,
    templates,
    deliveries,
    idempotency,
  } = change
  const others = [...Object.keys(columns), ...autonomousWork, ...usage, ...tasks, ...templates, ...deliveries]
  return others.length === 0 && !create && !insertTurn && !permission && !idempotency
}

/** The escape of NUL or of half of a surrogate pair, not part of an escaped backslash. */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/

function encodeChange(change: SessionWrite): object {
  const { create, columns, insertTurn, events, idempotency } = change
  const spans = spansOf(events)
  let messages = 0
  return {
    session: change.sessionId,
    tenant: change.tenantId,
    ...(change.fence && { fence: change.fence }),
    ...(create && { create: encodeCreation(create) }),
    ...(create?.past && {
      past: {
        session: create.past.sessionId,
        before: create.past.before,
        without: create.past.without,
      },
    }),
    ...(Object.keys(columns).length > 0 && { columns }),
    turns: turnsOf(change, spans),
    ...(insertTurn && {
      turn: {
        columns: insertTurn.columns,
        attachments: insertTurn.attachmentIds,
        ...spans.get(insertTurn.id),
      },
    }),
    events: events.map(event => [
      event.turn_id,
      event.type,
      event.at,
      event.type === 'message' ? ++messages : null,
      event.message_id,
      event.payload,
      event.template,
      event.summary,
    ]),
    messages,
    ...(change.templates.length > 0 && { templates: change.templates }),
    ...(change.permission && { permission: change.permission }),
    ...(change.usage.length > 0 && { usage: change.usage }),
    ...(change.autonomousWork.length > 0 && { work: change.autonomousWork }),
    tasks: change.tasks,
    ...(change.deliveries.length > 0 && { deliveries: change.deliveries }),
    ...(idempotency && { key: toIdempotencyRow(idempotency.record), now: idempotency.now }),
  }
}

function encodeCreation({ columns, limits }: NonNullable<SessionWrite['create']>): object {
  return { columns, limit: limits.total, ofKey: limits.key, ofTenant: limits.tenant }
}

interface Span {
  first: number
  last: number
}

/** Where the events of each turn are, counted from 1. */
function spansOf(events: readonly EventDraft[]): Map<string, Span> {
  const spans = new Map<string, Span>()
  for (const [index, { turn_id }] of events.entries()) {
    if (turn_id === null) continue
    spans.set(turn_id, { first: spans.get(turn_id)?.first ?? index + 1, last: index + 1 })
  }
  return spans
}

function turnsOf({ updateTurn, insertTurn }: SessionWrite, spans: Map<string, Span>): object[] {
  const ids = new Set([...(updateTurn ? [updateTurn.id] : []), ...spans.keys()])
  if (insertTurn) ids.delete(insertTurn.id)
  return [...ids].map(id => {
    const { id: _, ...columns } = (id === updateTurn?.id && updateTurn.columns) || {}
    return { id, ...spans.get(id), ...(Object.keys(columns).length > 0 && { columns }) }
  })
}
