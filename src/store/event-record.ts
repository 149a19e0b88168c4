import type { EventRecord, MessagePayload } from '../sessions/records.ts'
import type { EventRow } from './schema.ts'

/** The payload is parsed when it is asked for: a message that is only passed on is never parsed. */
export function toEventRecord(row: EventRow): EventRecord {
  const { payload: json, summary } = row
  let payload: EventRecord['payload'] | undefined
  return {
    sessionId: row.session_id,
    sequence: row.sequence,
    ...(row.position !== null && { position: row.position }),
    type: row.type,
    turnId: row.turn_id,
    at: row.at,
    get payload() {
      payload ??= summary === null ? JSON.parse(json) : toMessagePayload(json, summary)
      return payload as EventRecord['payload']
    },
    ...(summary !== null && { text: { content: json, summary } }),
  } as EventRecord
}

function toMessagePayload(json: string, summary: string): MessagePayload {
  const { id, source } = JSON.parse(`{${summary}}`)
  return { id, source, message: JSON.parse(json) }
}
