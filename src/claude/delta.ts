import type { SDKPartialAssistantMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Delta } from '../contract/events.ts'

/** Turns the Messages API's streaming events of one process into deltas that know their message. */
export class DeltaReader {
  #messageId = ''

  /** @returns the delta that the event carries, if any; events of subagents carry none */
  read(
    partial: SDKPartialAssistantMessage,
  ): { messageId: string; blockIndex: number; delta: Delta } | undefined {
    if (partial.parent_tool_use_id !== null) return undefined
    const { event } = partial
    if (event.type === 'message_start') this.#messageId = event.message.id
    if (event.type !== 'content_block_delta') return undefined
    const delta = toDelta(event.delta)
    return delta && { messageId: this.#messageId, blockIndex: event.index, delta }
  }
}

type BlockDelta = Extract<SDKPartialAssistantMessage['event'], { type: 'content_block_delta' }>['delta']

function toDelta(delta: BlockDelta): Delta | undefined {
  switch (delta.type) {
    case 'text_delta':
      return { type: 'text', text: delta.text }
    case 'thinking_delta':
      return { type: 'thinking', thinking: delta.thinking }
    case 'input_json_delta':
      return { type: 'input_json', partialJson: delta.partial_json }
    default:
      return undefined
  }
}
