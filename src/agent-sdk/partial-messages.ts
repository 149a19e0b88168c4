import type { SDKMessage, SDKPartialAssistantMessage } from '@anthropic-ai/claude-agent-sdk'
import type { DeltaEvent } from '../client/index.ts'

type StreamEvent = SDKPartialAssistantMessage['event']
type Assistant = Extract<SDKMessage, { type: 'assistant' }>
type Block = Assistant['message']['content'][number]

interface OpenBlock {
  messageId: string
  index: number
  /** All that was sent of it. A reader that connects again gets it from its start. */
  sent: string
  /** Pieces of the input of a tool call. */
  inputs: string[]
}

/**
 * Builds the events of the Messages API (SDK option `includePartialMessages`) from the pieces of messages that the
 * server sends. Pieces are live, whole messages come when they are stored: pieces of a block wait for the message of the
 * block before. They do not say which tool is called, so the input of a tool call comes when the call is complete.
 */
export class PartialMessages {
  readonly #sessionId: string
  #model = ''
  #messageId: string | undefined
  #block: OpenBlock | undefined
  #lastIndex = -1
  #callsTool = false
  /** Tools have been called, and their results have not come. */
  #awaitsResults = false
  #isAgain = false
  /** An interrupt has cut the message short: it ends with the turn. */
  #isAborted = false
  #usage: unknown = noUsage
  #waiting: DeltaEvent[] = []

  constructor(sessionId: string) {
    this.#sessionId = sessionId
  }

  onDelta(delta: DeltaEvent): SDKPartialAssistantMessage[] {
    this.#waiting.push(delta)
    return this.#wrap(this.#drain())
  }

  /** The connection is open again: pieces of blocks that are not complete come again from their start. */
  onReconnected(): void {
    this.#waiting = []
    this.#isAgain = this.#block !== undefined
  }

  /** The block will not become a message. */
  onVoided(messageId: string): void {
    this.#waiting = this.#waiting.filter(delta => delta.messageId !== messageId)
    if (this.#messageId !== messageId) return
    this.#messageId = undefined
    this.#block = undefined
  }

  /** Events that come before a whole message. */
  before(message: SDKMessage): SDKPartialAssistantMessage[] {
    if (message.type === 'system' && message.subtype === 'init') this.#model = message.model
    const isOfMain = !('parent_tool_use_id' in message) || message.parent_tool_use_id === null
    if (!isOfMain) return []
    if (message.type === 'assistant' && message.message.id === this.#messageId) {
      this.#usage = message.message.usage
      return this.#wrap(message.message.content.flatMap(block => this.#complete(block)))
    }
    if (message.type === 'result') return this.#wrap(this.#close(message.stop_reason))
    const isNext = message.type === 'assistant' || (message.type === 'user' && !this.#isAborted)
    return isNext ? this.#wrap(this.#close('end_turn')) : []
  }

  /** Events that come after a whole message: a message of the log is one block. */
  after(message: SDKMessage): SDKPartialAssistantMessage[] {
    if (message.type === 'user' || message.type === 'result') {
      this.#awaitsResults = false
      return this.#wrap(this.#drain())
    }
    if (message.type !== 'assistant' || message.message.id !== this.#messageId) return []
    if (message.parent_tool_use_id !== null) return []
    if ('aborted' in message && message.aborted === true) {
      this.#isAborted = true
      return []
    }
    const index = this.#block?.index ?? this.#lastIndex
    this.#lastIndex = index
    this.#block = undefined
    return this.#wrap([stopOf(index), ...this.#drain()])
  }

  /** Events of the pieces that need not wait. */
  #drain(): StreamEvent[] {
    const events: StreamEvent[] = []
    for (;;) {
      const [delta] = this.#waiting
      if (!delta || this.#mustWait(delta)) return events
      this.#waiting.shift()
      events.push(...this.#take(delta))
    }
  }

  #mustWait({ messageId, blockIndex }: DeltaEvent): boolean {
    if (this.#block) return this.#block.messageId !== messageId || this.#block.index !== blockIndex
    return messageId !== this.#messageId && this.#awaitsResults
  }

  #take({ messageId, blockIndex: index, delta }: DeltaEvent): StreamEvent[] {
    const events: StreamEvent[] = []
    if (messageId !== this.#messageId) events.push(...this.#close('end_turn'), ...this.#open(messageId))
    const isNew = this.#block === undefined
    const block = this.#block ?? { messageId, index, sent: '', inputs: [] }
    this.#block = block
    if (delta.type === 'input_json') {
      if (this.#isAgain) block.inputs = []
      this.#isAgain = false
      block.inputs.push(delta.partialJson)
      return events
    }
    if (isNew) events.push(startOf(index, delta.type))
    const piece = this.#withoutRepetition(block, delta.type === 'text' ? delta.text : delta.thinking)
    if (piece !== '') events.push(pieceOf(index, delta.type, piece))
    return events
  }

  #withoutRepetition(block: OpenBlock, piece: string): string {
    const isRepetition = this.#isAgain && piece.startsWith(block.sent)
    this.#isAgain = false
    const added = isRepetition ? piece.slice(block.sent.length) : piece
    block.sent += added
    return added
  }

  #open(messageId: string): StreamEvent[] {
    this.#messageId = messageId
    this.#block = undefined
    this.#lastIndex = -1
    this.#callsTool = false
    this.#usage = noUsage
    const message = {
      id: messageId,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: noUsage,
    }
    return [{ type: 'message_start', message } as unknown as StreamEvent]
  }

  /** Events of a complete block that no piece has caused. */
  #complete(block: Block): StreamEvent[] {
    const messageId = this.#messageId ?? ''
    const isNew = this.#block === undefined
    const open = this.#block ?? { messageId, index: this.#lastIndex + 1, sent: '', inputs: [] }
    this.#block = open
    const { index, inputs } = open
    if (block.type === 'text' || block.type === 'thinking') {
      const text = block.type === 'text' ? block.text : block.thinking
      const signature = block.type === 'thinking' ? block.signature : ''
      return [
        ...(isNew ? [startOf(index, block.type)] : []),
        ...(isNew && text !== '' ? [pieceOf(index, block.type, text)] : []),
        ...(signature ? [toDelta(index, { type: 'signature_delta', signature })] : []),
      ]
    }
    if (!('input' in block))
      return [{ type: 'content_block_start', index, content_block: block } as StreamEvent]
    this.#callsTool ||= block.type === 'tool_use'
    this.#awaitsResults ||= block.type === 'tool_use'
    const shown = { ...block, input: {} }
    const pieces = inputs.length > 0 ? inputs : [JSON.stringify(block.input)]
    return [
      { type: 'content_block_start', index, content_block: shown } as StreamEvent,
      ...pieces.map(partial_json => toDelta(index, { type: 'input_json_delta', partial_json })),
    ]
  }

  #close(stopReason: string | null): StreamEvent[] {
    if (this.#messageId === undefined) return []
    this.#messageId = undefined
    const cut = this.#isAborted && this.#block ? [stopOf(this.#block.index)] : []
    const stop_reason = this.#callsTool ? 'tool_use' : stopReason
    this.#block = undefined
    this.#isAborted = false
    const delta = { stop_reason, stop_sequence: null }
    return [
      ...cut,
      { type: 'message_delta', delta, usage: this.#usage } as unknown as StreamEvent,
      { type: 'message_stop' },
    ]
  }

  #wrap(events: readonly StreamEvent[]): SDKPartialAssistantMessage[] {
    return events.map(event => ({
      type: 'stream_event',
      event,
      parent_tool_use_id: null,
      session_id: this.#sessionId,
      uuid: crypto.randomUUID(),
    }))
  }
}

/** Known when a message is complete. */
const noUsage = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
}

function startOf(index: number, type: 'text' | 'thinking'): StreamEvent {
  const content_block =
    type === 'text' ? { type, text: '', citations: null } : { type, thinking: '', signature: '' }
  return { type: 'content_block_start', index, content_block } as StreamEvent
}

function pieceOf(index: number, type: 'text' | 'thinking', piece: string): StreamEvent {
  return toDelta(
    index,
    type === 'text' ? { type: 'text_delta', text: piece } : { type: 'thinking_delta', thinking: piece },
  )
}

function stopOf(index: number): StreamEvent {
  return { type: 'content_block_stop', index }
}

function toDelta(index: number, delta: object): StreamEvent {
  return { type: 'content_block_delta', index, delta } as StreamEvent
}
