import type { FullMessage } from '../event-stream.ts'
import type { DeltaEvent, DeltaVoided } from '../generated-api.ts'
import { readMessage, type ShownMessage, type ToolResult } from './read-message.ts'
import type { BlockView, MessageView, ToolCallView } from './state.ts'

type Messages = readonly MessageView[]

/** Adds a stored message, where it belongs. */
export function addMessage(messages: Messages, event: FullMessage): Messages {
  const shown = readMessage(event)
  if (!shown) return messages
  const answered = shown.results.reduce(addResult, messages)
  if (shown.blocks.length === 0) return answered
  const add = (list: Messages) =>
    shown.role === 'assistant' ? mergeAssistant(list, shown, event) : [...list, toView(shown, event)]
  if (shown.parentCallId === null) return add(answered)
  const inCall = updateCall(answered, shown.parentCallId, call => ({ ...call, messages: add(call.messages) }))
  return inCall ?? add(answered)
}

/** Adds a piece of a message that is being generated. */
export function addDelta(messages: Messages, { turnId, messageId, blockIndex, delta }: DeltaEvent): Messages {
  const index = findOfTurn(messages, messageId, turnId)
  const message = messages[index] ?? {
    id: messageId,
    turnId,
    role: 'assistant' as const,
    blocks: [],
    isSynthetic: false,
    isRewound: false,
    timestamp: null,
  }
  const at = message.blocks.findIndex(block => indexOf(block) === blockIndex)
  const block = extend(message.blocks[at], delta, blockIndex)
  const blocks = at === -1 ? [...message.blocks, block] : message.blocks.with(at, block)
  return index === -1 ? [...messages, { ...message, blocks }] : messages.with(index, { ...message, blocks })
}

/** Removes a block that will not become a message. */
export function voidDelta(messages: Messages, { turnId, messageId, blockIndex }: DeltaVoided): Messages {
  const index = findOfTurn(messages, messageId, turnId)
  return index === -1 ? messages : dropBlocks(messages, index, block => indexOf(block) === blockIndex)
}

/** Removes everything partial, or everything partial of a turn. */
export function dropPartials(messages: Messages, turnId?: string): Messages {
  let result = messages
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    const isMeant = turnId === undefined || message?.turnId === turnId
    if (isMeant && message?.blocks.some(isPartial)) result = dropBlocks(result, index, isPartial)
  }
  return result
}

/** Marks the messages of turns that a rewind has taken out. */
export function markRewound(messages: Messages, turnIds: ReadonlySet<string>): Messages {
  return messages.map(message =>
    message.turnId !== null && turnIds.has(message.turnId) ? { ...message, isRewound: true } : message,
  )
}

function indexOf(block: BlockView): number | null {
  return 'partialIndex' in block ? block.partialIndex : null
}

function isPartial(block: BlockView): boolean {
  return indexOf(block) !== null
}

function dropBlocks(messages: Messages, index: number, isDropped: (block: BlockView) => boolean): Messages {
  const message = messages[index]
  if (!message) return messages
  const blocks = message.blocks.filter(block => !isDropped(block))
  return blocks.length === 0 ? messages.toSpliced(index, 1) : messages.with(index, { ...message, blocks })
}

function extend(block: BlockView | undefined, delta: DeltaEvent['delta'], partialIndex: number): BlockView {
  if (delta.type === 'input_json') {
    const inputText = (block?.type === 'tool_call' ? block.inputText : '') + delta.partialJson
    const unknown = { id: null, name: null, input: undefined, result: null, messages: [] }
    return { type: 'tool_call', ...unknown, inputText, partialIndex }
  }
  const piece = delta.type === 'text' ? delta.text : delta.thinking
  const before = block?.type === delta.type ? block.text : ''
  return { type: delta.type, text: before + piece, partialIndex }
}

/**
 * Claude Code makes a message of each block, all with the id of the model's message. A block takes the place of the
 * first partial one of its type, because they are completed in order.
 */
function mergeAssistant(messages: Messages, shown: ShownMessage, event: FullMessage): Messages {
  const index = findOfTurn(messages, shown.id, event.turnId ?? null)
  const message = messages[index]
  if (!message) return [...messages, toView(shown, event)]
  let { blocks } = message
  for (const block of shown.blocks) {
    const partial = blocks.findIndex(other => isPartial(other) && other.type === block.type)
    blocks = partial === -1 ? [...blocks, block] : blocks.with(partial, block)
  }
  return messages.with(index, { ...message, blocks, timestamp: message.timestamp ?? event.timestamp })
}

function toView({ id, role, blocks }: ShownMessage, event: FullMessage): MessageView {
  return {
    id,
    turnId: event.turnId ?? null,
    role,
    blocks,
    isSynthetic: event.synthetic === true,
    isRewound: false,
    timestamp: event.timestamp,
  }
}

/** Searches the messages of the turn, from the end. */
function findOfTurn(messages: Messages, id: string, turnId: string | null): number {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    if (message?.id === id && message.role === 'assistant') return index
    if (message?.turnId !== turnId) return -1
  }
  return -1
}

function addResult(messages: Messages, { callId, result }: ToolResult): Messages {
  return updateCall(messages, callId, call => ({ ...call, result })) ?? messages
}

/** Replaces a tool call at any depth; undefined: there is no such call. */
function updateCall(
  messages: Messages,
  id: string,
  change: (call: ToolCallView) => ToolCallView,
): Messages | undefined {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index]
    for (let at = (message?.blocks.length ?? 0) - 1; message && at >= 0; at--) {
      const block = message.blocks[at]
      if (block?.type !== 'tool_call') continue
      const inner = block.id === id ? undefined : updateCall(block.messages, id, change)
      const changed = block.id === id ? change(block) : inner && { ...block, messages: inner }
      if (changed) return messages.with(index, { ...message, blocks: message.blocks.with(at, changed) })
    }
  }
  return undefined
}
