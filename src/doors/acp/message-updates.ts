import type { ContentBlock, SessionUpdate, ToolCallContent } from '@agentclientprotocol/sdk'
import { type BlockView, type FullMessage, readMessage, type ShownMessage } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { toMeta } from './extension.ts'
import { isPlanTool, PlanList } from './plan.ts'
import { SentBlocks } from './sent-blocks.ts'
import { describeCall, diffOfResult, textContent } from './tool-calls.ts'

interface OpenCall {
  name: string
  input: unknown
  turnId: string | undefined
}

export interface UpdateOptions {
  /** Whether the client has shown the prompt of this turn itself. */
  isOwn(turnId: string | undefined): boolean
  /** Whether the client shows notices. */
  notices: boolean
}

/** Turns the messages of a session into updates. What deltas have sent already is not sent again. */
export class MessageUpdates {
  readonly sent = new SentBlocks()
  readonly #options: UpdateOptions
  readonly #calls = new Map<string, OpenCall>()
  readonly #plan = new PlanList()
  /** The turn of the last message. */
  lastTurnId: string | undefined

  constructor(options: UpdateOptions) {
    this.#options = options
  }

  *ofMessage(
    event: Pick<FullMessage, 'message' | 'sequence' | 'turnId' | 'synthetic'>,
  ): Generator<SessionUpdate, void> {
    const shown = readMessage(event as FullMessage)
    this.lastTurnId = event.turnId ?? this.lastTurnId
    if (!shown) return
    for (const { callId, fields } of shown.changes) {
      if (fields.result) yield* this.#ofResult(callId, fields.result)
    }
    if (shown.role === 'system') yield* this.#ofNotice(shown)
    else if (shown.role === 'assistant') yield* this.#ofAssistant(shown, event.turnId)
    else if (shown.notice === 'command') yield* chunks('agent_message_chunk', shown)
    else if (!event.synthetic && shown.parentCallId === null && !this.#options.isOwn(event.turnId)) {
      yield* chunks('user_message_chunk', shown)
    }
  }

  /** The calls of turns that have ended without their results. */
  *ofEnd(hasEnded: (turnId: string | undefined) => boolean): Generator<SessionUpdate, void> {
    for (const [toolCallId, call] of this.#calls) {
      if (!hasEnded(call.turnId)) continue
      this.#calls.delete(toolCallId)
      if (!isPlanTool(call.name)) yield { sessionUpdate: 'tool_call_update', toolCallId, status: 'failed' }
    }
  }

  *#ofAssistant(shown: ShownMessage, turnId: string | undefined): Generator<SessionUpdate, void> {
    const { id: messageId, parentCallId } = shown
    // The turn's failure says it.
    if (shown.notice === 'error' && this.#options.isOwn(turnId)) return
    for (const block of shown.blocks) {
      if (block.type === 'tool_call') yield* this.#ofCall(block, parentCallId, turnId)
      // Of subagents only the calls are shown: their text is for Claude, who has the result of the call.
      else if (parentCallId !== null) continue
      else if (block.type === 'text' || block.type === 'thinking') {
        const text = this.sent.complete(messageId, block)
        if (text !== '') yield toChunk(block.type, text, messageId)
      }
    }
  }

  *#ofCall(
    { id, name, input }: Extract<BlockView, { type: 'tool_call' }>,
    parentCallId: string | null,
    turnId: string | undefined,
  ): Generator<SessionUpdate, void> {
    if (id === null || name === null || this.#calls.has(id)) return
    this.#calls.set(id, { name, input, turnId })
    if (isPlanTool(name)) return
    yield {
      sessionUpdate: 'tool_call',
      toolCallId: id,
      name: toShownTool(name),
      ...describeCall(name, input),
      status: 'in_progress',
      rawInput: input,
      ...(parentCallId !== null && toMeta({ parentToolCallId: parentCallId })),
    }
  }

  *#ofResult(
    toolCallId: string,
    { blocks, isError, data }: { blocks: readonly BlockView[]; isError: boolean; data?: unknown },
  ): Generator<SessionUpdate, void> {
    const call = this.#calls.get(toolCallId)
    if (!call) return
    this.#calls.delete(toolCallId)
    if (isPlanTool(call.name)) {
      const entries = isError ? undefined : this.#plan.apply(call.name, call.input, data)
      if (entries) yield { sessionUpdate: 'plan', entries }
      return
    }
    const content = toContent(call, blocks, isError, data)
    yield {
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: isError ? 'failed' : 'completed',
      ...(content && { content }),
    }
  }

  *#ofNotice({ notice, blocks }: ShownMessage): Generator<SessionUpdate, void> {
    if (!this.#options.notices) return
    for (const block of blocks) {
      if (block.type !== 'text' || block.text === '') continue
      const severity = notice === 'lost' ? 'error' : 'info'
      yield { sessionUpdate: 'notice', severity, title: block.text }
    }
  }
}

/** The content of a call from now on; undefined: it stays, as the diff of an edit does. */
function toContent(
  { name, input }: OpenCall,
  blocks: readonly BlockView[],
  isError: boolean,
  data: unknown,
): ToolCallContent[] | undefined {
  const before = describeCall(name, input).content ?? []
  const result = blocks.flatMap((block): ToolCallContent[] => {
    if (block.type === 'text') return textContent(block.text)
    const content = toFile(block)
    return content ? [{ type: 'content', content }] : []
  })
  if (!before.some(({ type }) => type === 'diff')) return result
  return isError ? [...before, ...result] : diffOfResult(name, data)
}

function* chunks(
  sessionUpdate: 'agent_message_chunk' | 'user_message_chunk',
  { id: messageId, blocks }: ShownMessage,
): Generator<SessionUpdate, void> {
  for (const block of blocks) {
    const content: ContentBlock | undefined =
      block.type === 'text' ? { type: 'text', text: block.text } : toFile(block)
    if (content) yield { sessionUpdate, messageId, content }
  }
}

export function toChunk(type: 'text' | 'thinking', text: string, messageId: string): SessionUpdate {
  const sessionUpdate = type === 'text' ? 'agent_message_chunk' : 'agent_thought_chunk'
  return { sessionUpdate, messageId, content: { type: 'text', text } }
}

/** Undefined for files that are not in the message itself. */
function toFile(block: BlockView): ContentBlock | undefined {
  if (block.type !== 'file') return undefined
  const { data, media_type: mimeType, type } = block.source
  if (typeof data !== 'string' || typeof mimeType !== 'string') return undefined
  if (block.kind === 'image') return { type: 'image', data, mimeType }
  const uri = block.title ?? 'document'
  return {
    type: 'resource',
    resource: type === 'text' ? { uri, mimeType, text: data } : { uri, mimeType, blob: data },
  }
}
