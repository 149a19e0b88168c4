import { randomUUID } from 'node:crypto'

/** The id of a message: Claude Code's own where it gave one. */
export function messageIdOf(message: Record<string, unknown>): string {
  return typeof message.uuid === 'string' ? message.uuid : randomUUID()
}

/** Whether it is something that Claude said in the main conversation, not in a subagent's. */
export function isRecordOfAssistant(message: Record<string, unknown>): boolean {
  return message.type === 'assistant' && message.parent_tool_use_id == null
}
