import { randomBytes } from 'node:crypto'
import type { AnswerBlock, SpokenAnswer } from './answer.ts'
import { toFragments } from './fragments.ts'

/** An event of the streaming format. A `fragment` carries content: delays, holds and breaks count these. */
export interface Frame {
  type: string
  fragment?: true
  [key: string]: unknown
}

/** The properties of the request that appear in the frames. */
export interface FrameContext {
  model: string
  inputTokens: number
}

/** The rough number of characters per token; only its magnitude is meaningful. */
export function estimateTokens(characters: number): number {
  return Math.max(1, Math.ceil(characters / 4))
}

/** The answer as the events of the Messages API's streaming format, in order. */
export function* toFrames(answer: SpokenAnswer, context: FrameContext): Generator<Frame> {
  const usage = toUsage(answer, context)
  yield {
    type: 'message_start',
    message: {
      ...toEmptyMessage(context.model),
      stop_reason: null,
      usage: { ...usage, output_tokens: 1 },
    },
  }
  for (const [index, block] of answer.blocks.entries()) {
    yield { type: 'content_block_start', index, content_block: toEmptyBlock(block) }
    for (const fragment of toFragments(toContent(block), answer.fragmentSize))
      yield { type: 'content_block_delta', fragment: true, index, delta: toDelta(block, fragment) }
    if (block.type === 'thinking')
      yield {
        type: 'content_block_delta',
        index,
        delta: { type: 'signature_delta', signature: toSignature(block) },
      }
    yield { type: 'content_block_stop', index }
  }
  yield { type: 'message_delta', delta: { stop_reason: toStopReason(answer), stop_sequence: null }, usage }
  yield { type: 'message_stop' }
}

/** The answer as the one JSON object that a request without streaming gets. */
export function toMessage(answer: SpokenAnswer, context: FrameContext): Record<string, unknown> {
  return {
    ...toEmptyMessage(context.model),
    content: answer.blocks.map(block => {
      if (block.type === 'text') return block
      if (block.type === 'tool_use') return { ...toEmptyBlock(block), input: block.input }
      return { ...toEmptyBlock(block), thinking: block.text, signature: toSignature(block) }
    }),
    stop_reason: toStopReason(answer),
    usage: toUsage(answer, context),
  }
}

function toEmptyMessage(model: string): Record<string, unknown> {
  return { id: toId('msg'), type: 'message', role: 'assistant', model, content: [], stop_sequence: null }
}

function toEmptyBlock(block: AnswerBlock): Record<string, unknown> {
  if (block.type === 'text') return { type: 'text', text: '' }
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' }
  return { type: 'tool_use', id: toId('toolu'), name: block.name, input: {} }
}

function toDelta(block: AnswerBlock, fragment: string): Record<string, unknown> {
  if (block.type === 'text') return { type: 'text_delta', text: fragment }
  if (block.type === 'thinking') return { type: 'thinking_delta', thinking: fragment }
  return { type: 'input_json_delta', partial_json: fragment }
}

function toContent(block: AnswerBlock): string {
  return block.type === 'tool_use' ? JSON.stringify(block.input) : block.text
}

function toStopReason(answer: SpokenAnswer): string {
  return (
    answer.stopReason ?? (answer.blocks.some(block => block.type === 'tool_use') ? 'tool_use' : 'end_turn')
  )
}

function toUsage(answer: SpokenAnswer, context: FrameContext): Record<string, number> {
  const said = answer.blocks.reduce((sum, block) => sum + toContent(block).length, 0)
  return {
    input_tokens: answer.usage?.inputTokens ?? context.inputTokens,
    cache_creation_input_tokens: answer.usage?.cacheCreationTokens ?? 0,
    cache_read_input_tokens: answer.usage?.cacheReadTokens ?? 0,
    output_tokens: answer.usage?.outputTokens ?? estimateTokens(said),
  }
}

// Random ids, because a conversation may outlive this server, and ids must be unique.
function toId(kind: string): string {
  return `${kind}_${randomBytes(12).toString('hex')}`
}

function toSignature(block: { text: string }): string {
  return Buffer.from(`stand-in signature of ${block.text.length} characters`).toString('base64')
}
