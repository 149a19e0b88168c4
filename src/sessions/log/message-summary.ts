import type { StoredMessage } from '../../contract/messages.ts'
import { toTimestamp } from '../../contract/primitives.ts'
import { toJsonLine } from '../../lib/json-line.ts'
import type { AgentMessage, MessageReader } from '../ports/index.ts'
import type { LoggedEvent, MessagePayload, NewEvent } from '../records.ts'

/** The members of a listed message other than its content and its place in the log. */
export type MessageSummary = Pick<
  StoredMessage,
  'id' | 'type' | 'subtype' | 'source' | 'synthetic' | 'timestamp'
>

export function summaryOf(payload: MessagePayload, at: number, messages: MessageReader): MessageSummary {
  return toSummary(payload, at, messages.read(payload.message))
}

/** The event with the texts and marks that the store keeps of a message. */
export function withSummary(event: NewEvent, at: number, messages: MessageReader): LoggedEvent {
  if (event.type !== 'message') return event
  const read = messages.read(event.payload.message)
  const summary = toJsonLine(toSummary(event.payload, at, read)).slice(1, -1)
  // The first message of a turn lists tools, commands, agents and skills, which are the same each time.
  return { ...event, summary, ...(read.kind === 'start' && { repeats: true }) }
}

function toSummary({ id, source }: MessagePayload, at: number, message: AgentMessage): MessageSummary {
  return {
    id,
    ...message.names,
    source,
    ...(source === 'sdk' && message.isSyntheticPrompt && { synthetic: true as const }),
    timestamp: toTimestamp(at),
  }
}
