import type { DeltaEvent } from '../../client/index.ts'
import { toClientTool } from '../../contract/client-requests.ts'
import type { Chunk } from './chunk.ts'

/** A piece of a block that is being generated. */
export type Piece = Pick<DeltaEvent, 'messageId' | 'blockIndex' | 'delta'>

export type Block = Pick<Piece, 'messageId' | 'blockIndex'>

export interface TextItem {
  kind: 'text' | 'reasoning'
  id: string
  text: string
  /** The block that is still being generated; null: it is complete. */
  partial: Block | null
  sequence: number | null
}

export interface CallItem {
  kind: 'call'
  id: string
  name: string
  input: unknown
  /** The pieces of the input so far, while the block is partial. */
  inputText: string
  /** Whether the client answers the call, instead of Claude Code. */
  isOfClient: boolean
  partial: Block | null
  /** Of the message that has the call; null: none has come. */
  sequence: number | null
  approval: Chunk[]
  output: Chunk | null
}

export interface DataItem {
  kind: 'data'
  chunk: Extract<Chunk, { data: unknown }>
}

export type Item = TextItem | CallItem | DataItem

/** The chunks that make an item anew. */
export function render(item: Item): Chunk[] {
  switch (item.kind) {
    case 'data':
      return [item.chunk]
    case 'call':
      return [...renderInput(item), ...item.approval, ...(item.output ? [item.output] : [])]
    default: {
      const { kind, id, text, partial } = item
      const chunks: Chunk[] = [{ type: `${kind}-start`, id }]
      if (text !== '') chunks.push({ type: `${kind}-delta`, id, delta: text })
      if (!partial) chunks.push({ type: `${kind}-end`, id })
      return chunks
    }
  }
}

/** A call of the client is complete when it is asked: `tool-input-available` makes the client run it. */
export function renderInput(call: CallItem): Chunk[] {
  if (!call.isOfClient && !call.partial) return [toAvailable(call)]
  const inputTextDelta = call.partial ? call.inputText : JSON.stringify(call.input ?? {})
  return [toStart(call), { type: 'tool-input-delta', toolCallId: call.id, inputTextDelta }]
}

export function toStart({ id, name, isOfClient }: CallItem): Chunk {
  return { type: 'tool-input-start', toolCallId: id, toolName: name, ...fieldsOf(isOfClient) }
}

export function toAvailable({
  id,
  name,
  input,
  isOfClient,
}: Pick<CallItem, 'id' | 'name' | 'input' | 'isOfClient'>): Chunk {
  return { type: 'tool-input-available', toolCallId: id, toolName: name, input, ...fieldsOf(isOfClient) }
}

function fieldsOf(isOfClient: boolean) {
  return isOfClient ? {} : ({ providerExecuted: true, dynamic: true } as const)
}

/** The pieces of an unfinished item as one. */
export function toPiece(item: TextItem | CallItem): Piece | undefined {
  if (!item.partial) return undefined
  if (item.kind === 'call') {
    const { id: toolUseId, name, inputText: partialJson, isOfClient } = item
    const toolName = isOfClient ? toClientTool(name) : name
    return { ...item.partial, delta: { type: 'input_json', partialJson, toolUseId, toolName } }
  }
  const { kind, text } = item
  const delta = kind === 'text' ? { type: kind, text } : { type: 'thinking' as const, thinking: text }
  return { ...item.partial, delta }
}

/** Whether the item is this block, and unfinished. */
export function isOf(item: Item, { messageId, blockIndex }: Block): boolean {
  if (item.kind === 'data' || item.partial === null) return false
  return item.partial.messageId === messageId && item.partial.blockIndex === blockIndex
}
