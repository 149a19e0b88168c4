import { randomUUID } from 'node:crypto'

/** The id of a message: Claude Code's own where it gave one. */
export function messageIdOf(message: Record<string, unknown>): string {
  return typeof message.uuid === 'string' ? message.uuid : randomUUID()
}

/** Whether it is an answer: of the model, or of a command. Claude Code also writes its errors as such messages. */
export function isOfClaude({ message, local_command_source: command }: Record<string, unknown>): boolean {
  return command !== undefined || (message as { model?: unknown } | undefined)?.model !== '<synthetic>'
}

/** Whether Claude Code begins to work on a prompt with it (`system`/`init`). */
export function isStartOfRun({ type, subtype }: Record<string, unknown>): boolean {
  return type === 'system' && subtype === 'init'
}

/** Whether a prompt is answered with it (`result`). */
export function isEndOfAnswer({ type }: Record<string, unknown>): boolean {
  return type === 'result'
}

/** The text of an answer; empty for what Claude Code has written itself. */
export function textOfModel(record: Record<string, unknown>): string {
  const { content } = (record.message ?? {}) as { content?: unknown }
  if (!isOfClaude(record) || !Array.isArray(content)) return ''
  return content.flatMap(block => (block?.type === 'text' ? [String(block.text)] : [])).join('')
}

/**
 * Whether Claude Code wrote the message as if a user had sent it, such as the feedback of a hook or the summary of
 * a compacted conversation. Results of tools and the tasks of subagents are not among them.
 */
export function isSyntheticPrompt({
  type,
  message,
  parent_tool_use_id: parent,
}: Record<string, unknown>): boolean {
  if (type !== 'user' || parent != null) return false
  const { content } = (message ?? {}) as { content?: unknown }
  return !(Array.isArray(content) && content.some(block => block?.type === 'tool_result'))
}

/** Whether it is something that Claude said in the main conversation, not in a subagent's. */
export function isRecordOfAssistant(message: Record<string, unknown>): boolean {
  return message.type === 'assistant' && message.parent_tool_use_id == null
}
