import type { FullMessage } from '../event-stream.ts'
import type { BlockView, ToolCallView } from './state.ts'

type Json = Record<string, unknown>

export interface ToolResult {
  callId: string
  result: NonNullable<ToolCallView['result']>
}

/** A message of Claude Code as far as it is shown. */
export interface ShownMessage {
  id: string
  role: 'user' | 'assistant' | 'system'
  blocks: BlockView[]
  results: ToolResult[]
  /** The tool call whose subagent speaks. */
  parentCallId: string | null
}

/** Reads a message of any version of Claude Code: nothing in it is taken for granted. */
export function readMessage({ message = {}, sequence }: FullMessage): ShownMessage | undefined {
  const { type, subtype, uuid, parent_tool_use_id: parent } = message
  const inner = asObject(message.message)
  const parentCallId = typeof parent === 'string' ? parent : null
  const ownId = typeof uuid === 'string' ? uuid : `message-${sequence}`
  if (type === 'assistant') {
    const id = typeof inner.id === 'string' ? inner.id : ownId
    return { id, role: 'assistant', ...readContent(inner.content), parentCallId }
  }
  if (type === 'user') return { id: ownId, role: 'user', ...readContent(inner.content), parentCallId }
  if (type !== 'system') return undefined
  const notice = noticeOf(subtype, message)
  if (notice === undefined) return undefined
  return { id: ownId, role: 'system', blocks: [toText(notice)], results: [], parentCallId }
}

function noticeOf(subtype: unknown, message: Json): string | undefined {
  if (subtype === 'compact_boundary') return 'The conversation was summarised here to make room'
  if (subtype === 'turn_lost') return typeof message.text === 'string' ? message.text : ''
  return undefined
}

function readContent(content: unknown): Pick<ShownMessage, 'blocks' | 'results'> {
  if (typeof content === 'string') return { blocks: [toText(content)], results: [] }
  const blocks: BlockView[] = []
  const results: ToolResult[] = []
  for (const value of Array.isArray(content) ? content : []) {
    const block = asObject(value)
    const { type, tool_use_id: callId } = block
    if (typeof type === 'string' && type.endsWith('tool_result') && typeof callId === 'string') {
      const result = { blocks: readContent(block.content).blocks, isError: block.is_error === true }
      results.push({ callId, result })
    } else {
      blocks.push(readBlock(block))
    }
  }
  return { blocks, results }
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
    return { type: 'tool_call', ...call, inputText: '', partialIndex: null, result: null, messages: [] }
  }
  return { type: 'other', value: block }
}

function toText(text: string): BlockView {
  return { type: 'text', text, partialIndex: null }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
