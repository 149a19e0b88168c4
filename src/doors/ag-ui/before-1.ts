import type { AgUiEvent, Content, Message } from './protocol.ts'

/**
 * Returns an event in the form of the protocol before 1.0, for clients that send no `protocolVersion`. Such a client
 * fails on outcomes and fields of outcomes that it does not know, and on results of tools that are not texts.
 */
export function toFormBefore1(event: AgUiEvent): AgUiEvent {
  switch (event.type) {
    case 'RUN_FINISHED': {
      const { outcome, ...rest } = event
      if (outcome?.type === 'interrupt') return event
      return outcome?.type === 'success' ? { ...rest, outcome: { type: 'success' } } : rest
    }
    case 'TOOL_CALL_RESULT':
      return { ...event, content: asText(event.content) }
    case 'MESSAGES_SNAPSHOT':
      return { ...event, messages: event.messages.map(toMessage) }
    default:
      return event
  }
}

function toMessage(message: Message): Message {
  return message.role === 'tool' ? { ...message, content: asText(message.content as Content) } : message
}

function asText(content: Content): string {
  if (typeof content === 'string') return content
  return content
    .map(part => (part.type === 'text' ? part.text : `[${part.source.mimeType ?? part.type}]`))
    .join('\n')
}
