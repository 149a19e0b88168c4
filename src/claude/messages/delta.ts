import type { SDKMessage, SDKPartialAssistantMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Delta } from '../../contract/events.ts'
import type { BlockOfMessage } from '../../sessions/ports/index.ts'
import { isSynthetic } from '../turn/answer-text.ts'

const deltaTypes: Partial<Record<string, Delta['type']>> = {
  text: 'text',
  thinking: 'thinking',
  tool_use: 'input_json',
  server_tool_use: 'input_json',
  mcp_tool_use: 'input_json',
}

/**
 * Turns the Messages API's streaming events of one process into deltas that know their message, and finds those
 * that came to nothing. Claude Code hands on each block as a message of its own when the block is complete; when
 * the model's API breaks off, the blocks that are not complete by then are thrown away.
 */
export class DeltaReader {
  #messageId = ''
  /** The tool calls of the message, by index. */
  readonly #calls = new Map<number, ToolCall>()
  /** Blocks of the message of which deltas were read and that have not come as a message, by index. */
  readonly #open = new Map<number, Delta['type']>()

  /** @returns the delta that the event carries, if any; events of subagents carry none */
  read(partial: SDKPartialAssistantMessage): (BlockOfMessage & { delta: Delta }) | undefined {
    if (partial.parent_tool_use_id !== null) return undefined
    const { event } = partial
    if (event.type === 'message_start') {
      this.#messageId = event.message.id
      this.#calls.clear()
    }
    if (event.type === 'content_block_start') this.#begin(event.index, event.content_block)
    if (event.type !== 'content_block_delta') return undefined
    const delta = toDelta(event.delta, this.#calls.get(event.index))
    if (!delta) return undefined
    this.#open.set(event.index, delta.type)
    return { messageId: this.#messageId, blockIndex: event.index, delta }
  }

  /** Blocks whose deltas count no longer, now that this frame has come; to be called before `read`. */
  findVoided(message: SDKMessage): BlockOfMessage[] {
    if (this.#open.size === 0 || isOfSubagent(message)) return []
    if (message.type === 'assistant' && !isSynthetic(message) && message.message.id === this.#messageId) {
      for (const { type } of message.message.content) this.#finish(deltaTypes[type])
      return []
    }
    return endsMessage(message) ? this.end() : []
  }

  /** Nothing more comes of the message. */
  end(): BlockOfMessage[] {
    const voided = [...this.#open.keys()].map(blockIndex => ({ messageId: this.#messageId, blockIndex }))
    this.#open.clear()
    return voided
  }

  #begin(index: number, block: object): void {
    if ('id' in block && 'name' in block && typeof block.id === 'string' && typeof block.name === 'string') {
      this.#calls.set(index, { toolUseId: block.id, toolName: block.name })
    }
  }

  /** Blocks come in order, without their index: it is the first of its type. */
  #finish(type: Delta['type'] | undefined): void {
    const first = [...this.#open].find(([, other]) => other === type)
    if (first) this.#open.delete(first[0])
  }
}

function isOfSubagent(message: SDKMessage): boolean {
  return 'parent_tool_use_id' in message && message.parent_tool_use_id !== null
}

/** Whether the message that is being streamed has ended, or another one begins. */
function endsMessage(message: SDKMessage): boolean {
  if (message.type === 'stream_event') {
    return message.event.type === 'message_start' || message.event.type === 'message_stop'
  }
  if (message.type === 'system') {
    const { subtype } = message as { subtype: string }
    return subtype === 'api_retry' || subtype === 'model_fallback' || subtype === 'model_refusal_fallback'
  }
  return message.type === 'assistant' || message.type === 'result'
}

type BlockDelta = Extract<SDKPartialAssistantMessage['event'], { type: 'content_block_delta' }>['delta']

interface ToolCall {
  toolUseId: string
  toolName: string
}

function toDelta(delta: BlockDelta, call: ToolCall | undefined): Delta | undefined {
  switch (delta.type) {
    case 'text_delta':
      return { type: 'text', text: delta.text }
    case 'thinking_delta':
      return { type: 'thinking', thinking: delta.thinking }
    case 'input_json_delta':
      return { type: 'input_json', partialJson: delta.partial_json, ...call }
    default:
      return undefined
  }
}
