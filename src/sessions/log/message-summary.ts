import type { StoredMessage } from '../../contract/messages.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import { toJsonLine } from '../../lib/json-line.ts'
import type { MessagePayload, MessageText, NewEvent } from '../records.ts'
import { isSyntheticPrompt } from './message-shape.ts'

/** What a list says of a message beside its content and its place in the log. */
export type MessageSummary = Pick<
  StoredMessage,
  'id' | 'type' | 'subtype' | 'source' | 'synthetic' | 'timestamp'
>

export function summaryOf({ id, source, message }: MessagePayload, at: number): MessageSummary {
  return {
    id,
    type: typeof message.type === 'string' ? message.type : 'unknown',
    subtype: typeof message.subtype === 'string' ? message.subtype : null,
    source,
    ...(source === 'sdk' && isSyntheticPrompt(message) && { synthetic: true as const }),
    timestamp: toTimestamp(at),
  }
}

/** The event with its summary as the store keeps it. */
export function withSummary(event: NewEvent, at: number): NewEvent & Partial<Pick<MessageText, 'summary'>> {
  const { message } = event.payload
  if (event.type !== 'message' || typeof message !== 'object' || message === null) return event
  const json = toJsonLine(summaryOf(event.payload as unknown as MessagePayload, at))
  return { ...event, summary: json.slice(1, -1) }
}
