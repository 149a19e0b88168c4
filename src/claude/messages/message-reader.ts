import { randomUUID } from 'node:crypto'
import type {
  AgentMessage,
  MessageBlock,
  MessageKind,
  MessageReader,
  PlainBlock,
} from '../../sessions/ports/index.ts'
import { synthetic } from '../turn/answer-text.ts'

type Json = Record<string, unknown>

/** Reads messages of any age: nothing in them is taken for granted, and nothing is read before it is asked for. */
export const messageReader: MessageReader = { read: content => new ClaudeMessage(content) }

const kinds: Partial<Record<string, MessageKind>> = {
  assistant: 'assistant',
  user: 'user',
  result: 'end',
  'system/init': 'start',
  'system/compact_boundary': 'compaction',
  'system/turn_lost': 'lost',
}

class ClaudeMessage implements AgentMessage {
  readonly content: Json
  readonly kind: MessageKind
  #id: string | undefined
  #blocks: MessageBlock[] | undefined

  constructor(content: Json) {
    this.content = content
    const { type, subtype } = content
    this.kind = kinds[type === 'system' ? `system/${String(subtype)}` : String(type)] ?? 'other'
  }

  get id(): string {
    this.#id ??= toText(this.content.uuid) ?? randomUUID()
    return this.#id
  }

  get names(): AgentMessage['names'] {
    const { type, subtype } = this.content
    return { type: toText(type) ?? 'unknown', subtype: toText(subtype) ?? null }
  }

  get claudeSessionId(): string | undefined {
    return toText(this.content.session_id)
  }

  get isOfSubagent(): boolean {
    return this.content.parent_tool_use_id != null
  }

  get isOfClaude(): boolean {
    return this.content.local_command_source !== undefined || this.#inner.model !== synthetic
  }

  get modelMessageId(): string | undefined {
    return toText(this.#inner.id)
  }

  get text(): string {
    if (this.kind === 'lost') return toText(this.content.text) ?? ''
    if (!this.isOfClaude || !Array.isArray(this.#inner.content)) return ''
    return this.blocks.flatMap(block => (block.type === 'text' ? block.text : [])).join('')
  }

  get blocks(): readonly MessageBlock[] {
    this.#blocks ??= toList(this.#inner.content, toBlock)
    return this.#blocks
  }

  get isSyntheticPrompt(): boolean {
    if (this.kind !== 'user' || this.isOfSubagent) return false
    return !this.blocks.some(({ type }) => type === 'toolResult')
  }

  get compaction(): AgentMessage['compaction'] {
    if (this.kind !== 'compaction') return undefined
    const { pre_tokens: before, post_tokens: after } = toObject(this.content.compact_metadata)
    return { tokensBefore: toCount(before), tokensAfter: toCount(after) }
  }

  /** The message of the Messages API in it. */
  get #inner(): Json {
    return toObject(this.content.message)
  }
}

/** The content of a message or of a tool's result. */
function toList<Block>(content: unknown, toBlock: (block: unknown) => Block): Block[] {
  const blocks = typeof content === 'string' || isObject(content) ? [content] : content
  return Array.isArray(blocks) ? blocks.map(toBlock) : []
}

function toBlock(block: unknown): MessageBlock {
  const fields = toObject(block)
  const type = toText(fields.type) ?? ''
  if (type === 'thinking') return { type, text: toText(fields.thinking) ?? '' }
  // Also those of the model's API and of its own MCP client, such as `server_tool_use`.
  if (type.endsWith('tool_use')) {
    const { id, name, input } = fields
    return { type: 'toolCall', id: toText(id) ?? '', name: toText(name) ?? '', input: input ?? {} }
  }
  if (type.endsWith('tool_result')) {
    const { tool_use_id: id, content, is_error: isError } = fields
    const blocks = toList(content, toPlainBlock)
    return { type: 'toolResult', toolCallId: toText(id) ?? '', blocks, isError: isError === true }
  }
  return toPlainBlock(block)
}

function toPlainBlock(block: unknown): PlainBlock {
  if (!isObject(block)) return { type: 'text', text: String(block) }
  const { type, text, title, source } = block
  if (type === 'text') return { type, text: toText(text) ?? '' }
  if (type !== 'image' && type !== 'document') return { type: 'other', value: block }
  return { type: 'file', kind: type, title: toText(title) ?? null, source: toObject(source) }
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function toCount(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function toObject(value: unknown): Json {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
