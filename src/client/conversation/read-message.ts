import type { FullMessage } from '../event-stream.ts'
import type { BlockView, MessageView, ToolCallView } from './state.ts'

type Json = Record<string, unknown>

/** A change that a message makes to a tool call in an earlier one. */
export interface CallChange {
  callId: string
  fields: Partial<Pick<ToolCallView, 'result' | 'updatedInput'>>
}

/** A message of Claude Code as far as it is shown. */
export interface ShownMessage {
  id: string
  role: 'user' | 'assistant' | 'system'
  blocks: BlockView[]
  notice: MessageView['notice']
  changes: CallChange[]
  /** The tool call whose subagent speaks. */
  parentCallId: string | null
}

/** Reads a message of any version of Claude Code: nothing in it is taken for granted. */
export function readMessage({ message = {}, sequence }: FullMessage): ShownMessage | undefined {
  const { type, uuid, parent_tool_use_id: parent } = message
  const inner = asObject(message.message)
  const parentCallId = typeof parent === 'string' ? parent : null
  const ownId = typeof uuid === 'string' ? uuid : `message-${sequence}`
  if (type === 'assistant') {
    const id = typeof inner.id === 'string' ? inner.id : ownId
    const notice = inner.model === '<synthetic>' ? noticeOfClaudeCode(message) : null
    return { id, role: 'assistant', ...readContent(inner.content), notice, parentCallId }
  }
  if (type === 'user') {
    const output = typeof inner.content === 'string' ? commandOutput.exec(inner.content)?.[1] : undefined
    if (output !== undefined) {
      return {
        id: ownId,
        role: 'user',
        blocks: [toText(output)],
        notice: 'command',
        changes: [],
        parentCallId,
      }
    }
    const { blocks, changes } = readContent(inner.content, message.tool_use_result)
    return { id: ownId, role: 'user', blocks, notice: null, changes, parentCallId }
  }
  return type === 'system' ? readSystem(message, ownId) : undefined
}

/** The output of a slash command, as Claude Code puts it into a message of the role `user`. */
const commandOutput = /^<local-command-std(?:out|err)>([\s\S]*)<\/local-command-std(?:out|err)>$/

function noticeOfClaudeCode(message: Json): MessageView['notice'] {
  return message.local_command_source === undefined ? 'error' : 'command'
}

function readSystem(message: Json, id: string): ShownMessage | undefined {
  const { subtype, text, content, tool_use_id: callId, updated_input: updatedInput } = message
  const shown = { id, role: 'system' as const, changes: [], parentCallId: null }
  switch (subtype) {
    case 'compact_boundary': {
      const said = 'The conversation was summarised here to make room'
      return { ...shown, blocks: [toText(said)], notice: 'compaction' }
    }
    case 'turn_lost':
      return { ...shown, blocks: [toText(typeof text === 'string' ? text : '')], notice: 'lost' }
    case 'tool_input_changed':
      if (typeof callId !== 'string') return undefined
      return { ...shown, blocks: [], notice: null, changes: [{ callId, fields: { updatedInput } }] }
    case 'informational':
      // The level `info` is for logs, unless it is about the prompt.
      if (message.level === 'info' && message.prompt_submit_outcome === undefined) return undefined
      break
    case 'model_fallback':
    case 'model_refusal_fallback':
      break
    default:
      return undefined
  }
  if (typeof content !== 'string' || content === '') return undefined
  return { ...shown, blocks: [toText(content)], notice: 'information' }
}

/** `data`: the result of the one tool call that the message answers, as the tool gave it. */
function readContent(content: unknown, data?: unknown): Pick<ShownMessage, 'blocks' | 'changes'> {
  if (typeof content === 'string') return { blocks: [toText(content)], changes: [] }
  const blocks: BlockView[] = []
  const changes: CallChange[] = []
  for (const value of Array.isArray(content) ? content : []) {
    const block = asObject(value)
    const { type, tool_use_id: callId } = block
    if (typeof type === 'string' && type.endsWith('tool_result') && typeof callId === 'string') {
      const result = { blocks: readContent(block.content).blocks, isError: block.is_error === true, data }
      changes.push({ callId, fields: { result } })
    } else {
      blocks.push(readBlock(block))
    }
  }
  return { blocks, changes }
}

function readBlock(block: Json): BlockView {
  const { type } = block
  if (type === 'text') return toText(String(block.text ?? ''))
  if (type === 'thinking') return { type, text: String(block.thinking ?? ''), partialIndex: null }
  if (type === 'image' || type === 'document') {
    const title = typeof block.title === 'string' ? block.title : null
    return { type: 'file', kind: type, title, source: asObject(block.source) }
  }
  if (typeof type === 'string' && type.endsWith('tool_use') && typeof block.id === 'string') {
    const call = { id: block.id, name: String(block.name ?? ''), input: block.input }
    return {
      type: 'tool_call',
      ...call,
      inputText: '',
      updatedInput: null,
      partialIndex: null,
      result: null,
      messages: [],
    }
  }
  return { type: 'other', value: block }
}

function toText(text: string): BlockView {
  return { type: 'text', text, partialIndex: null }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
