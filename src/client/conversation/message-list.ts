import type { FullMessage } from '../event-stream.ts'
import type { DeltaEvent, DeltaVoided } from '../generated-api.ts'
import type { Batch } from './batch.ts'
import { updateCall, updateParentCall } from './call-search.ts'
import { readMessage, type ShownMessage } from './read-message.ts'
import type { BlockView, MessageView } from './state.ts'

type Messages = readonly MessageView[]

/** A model's messages come one after the other: the one that grows is among the last of its list. */
const reach = 50

/** Adds a stored message, where it belongs. */
export function addMessage(batch: Batch, messages: Messages, event: FullMessage): Messages {
  const shown = readMessage(event)
  if (!shown) return messages
  const add = (list: Messages) => addShown(batch, list, shown, event)
  if (shown.parentCallId === null) return add(messages)
  const inCall = updateParentCall(batch, messages, shown.parentCallId, call => ({
    ...call,
    messages: add(call.messages),
  }))
  return inCall ?? add(messages)
}

/** Adds a piece of a message that is being generated. */
export function addDelta(
  batch: Batch,
  messages: Messages,
  { turnId, messageId, blockIndex, delta }: DeltaEvent,
): Messages {
  const found = findOfTurn(messages, messageId, turnId)
  const index = found === -1 ? messages.length : found
  const message = messages[index] ?? {
    id: messageId,
    turnId,
    role: 'assistant' as const,
    blocks: [],
    notice: null,
    isSynthetic: false,
    isRewound: false,
    timestamp: null,
  }
  const at = message.blocks.findIndex(block => indexOf(block) === blockIndex)
  const block = extend(message.blocks[at], delta, blockIndex)
  const blocks = batch.with(message.blocks, at === -1 ? message.blocks.length : at, block)
  if (batch.firstPartial !== undefined) batch.firstPartial = Math.min(batch.firstPartial, index)
  return batch.with(messages, index, { ...message, blocks })
}

/** Removes a block that will not become a message. */
export function voidDelta(
  batch: Batch,
  messages: Messages,
  { turnId, messageId, blockIndex }: DeltaVoided,
): Messages {
  const index = findOfTurn(messages, messageId, turnId)
  return index === -1 ? messages : dropBlocks(batch, messages, index, block => indexOf(block) === blockIndex)
}

/** Removes everything partial, or everything partial of a turn. */
export function dropPartials(batch: Batch, messages: Messages, turnId?: string): Messages {
  let result = messages
  let first = Number.POSITIVE_INFINITY
  for (let index = messages.length - 1; index >= (batch.firstPartial ?? 0); index--) {
    const message = result[index]
    if (!message?.blocks.some(isPartial)) continue
    if (turnId === undefined || message.turnId === turnId) {
      result = dropBlocks(batch, result, index, isPartial)
    } else {
      first = index
    }
  }
  batch.firstPartial = first
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

function dropBlocks(
  batch: Batch,
  messages: Messages,
  index: number,
  isDropped: (block: BlockView) => boolean,
): Messages {
  const message = messages[index]
  if (!message) return messages
  const blocks = message.blocks.filter(block => !isDropped(block))
  if (blocks.length > 0) return batch.with(messages, index, { ...message, blocks })
  const left = batch.toMutable(messages)
  left.splice(index, 1)
  return left
}

function extend(block: BlockView | undefined, delta: DeltaEvent['delta'], partialIndex: number): BlockView {
  if (delta.type === 'input_json') {
    const inputText = (block?.type === 'tool_call' ? block.inputText : '') + delta.partialJson
    const unknown = { id: null, name: null, input: undefined, updatedInput: null, result: null, messages: [] }
    return { type: 'tool_call', ...unknown, inputText, partialIndex }
  }
  const piece = delta.type === 'text' ? delta.text : delta.thinking
  const before = block?.type === delta.type ? block.text : ''
  return { type: delta.type, text: before + piece, partialIndex }
}

function addShown(batch: Batch, messages: Messages, shown: ShownMessage, event: FullMessage): Messages {
  const answered = shown.changes.reduce(
    (list, { callId, fields }) => updateCall(batch, list, callId, call => ({ ...call, ...fields })) ?? list,
    messages,
  )
  if (shown.blocks.length === 0) return answered
  for (const block of shown.blocks) {
    if (block.type === 'tool_call' && block.id !== null) batch.callPaths.delete(block.id)
  }
  if (shown.role === 'assistant') return mergeAssistant(batch, answered, shown, event)
  return batch.add(answered, toView(shown, event))
}

/**
 * Claude Code makes a message of each block, all with the id of the model's message. A block takes the place of the
 * first partial one of its type, because they are completed in order.
 */
function mergeAssistant(batch: Batch, messages: Messages, shown: ShownMessage, event: FullMessage): Messages {
  const index = findOfTurn(messages, shown.id, event.turnId ?? null)
  const message = messages[index]
  if (!message) return batch.add(messages, toView(shown, event))
  let { blocks } = message
  for (const block of shown.blocks) {
    const partial = blocks.findIndex(other => isPartial(other) && other.type === block.type)
    blocks = batch.with(blocks, partial === -1 ? blocks.length : partial, block)
  }
  return batch.with(messages, index, { ...message, blocks, timestamp: message.timestamp ?? event.timestamp })
}

function toView({ id, role, blocks, notice }: ShownMessage, event: FullMessage): MessageView {
  return {
    id,
    turnId: event.turnId ?? null,
    role,
    blocks,
    notice,
    isSynthetic: event.synthetic === true,
    isRewound: false,
    timestamp: event.timestamp,
  }
}

/** Searches the last messages of the turn, from the end. */
function findOfTurn(messages: Messages, id: string, turnId: string | null): number {
  const last = Math.max(0, messages.length - reach)
  for (let index = messages.length - 1; index >= last; index--) {
    const message = messages[index]
    if (message?.id === id && message.role === 'assistant') return index
    if (message?.turnId !== turnId) return -1
  }
  return -1
}
