import type { FullMessage } from '../../client/index.ts'
import { asObject, toPromptBlocks, toResultBlocks, toText } from './content.ts'
import type { UserEvent, WireEvent } from './event-types.ts'
import { toBlockEventId, toLogEventId, toObjectEventId, toToolEventId } from './ids.ts'
import type { SessionOutline } from './outline.ts'
import type { ToolKind } from './tool-names.ts'

type Json = Record<string, unknown>
export type ClientResult = Extract<UserEvent, { type: 'user.custom_tool_result' | 'user.tool_result' }>

/** Makes events from messages of Claude Code. Those of subagents are left out. */
export class MessageMapper {
  readonly outline: SessionOutline
  /** How many blocks of a message have come. */
  readonly #blocks = new Map<string, number>()
  readonly #calls = new Map<string, ToolKind>()
  /** Results that clients have sent. Their content is known when Claude gets it. */
  readonly #sent = new Map<string, ClientResult>()

  constructor(outline: SessionOutline) {
    this.outline = outline
  }

  knows(toolUseId: string): boolean {
    return this.#calls.has(toolUseId)
  }

  noteCall(toolUseId: string, kind: ToolKind): void {
    this.#calls.set(toolUseId, kind)
  }

  /** Forgets a turn that is over. */
  forget(): void {
    this.#blocks.clear()
    this.#calls.clear()
    this.#sent.clear()
  }

  noteResult(toolUseId: string, result: ClientResult): void {
    this.#sent.set(toolUseId, result)
  }

  map(data: FullMessage): WireEvent[] {
    const { message, timestamp: processed_at } = data
    if (typeof message.parent_tool_use_id === 'string') return []
    const inner = asObject(message.message)
    switch (message.type) {
      case 'assistant':
        return inner.model === '<synthetic>' ? [] : this.#toAgentEvents(inner, processed_at)
      case 'user':
        return this.#toUserEvents(data, inner.content)
      case 'system': {
        if (message.subtype !== 'compact_boundary') return []
        const id = toLogEventId(data.sessionId, data.sequence)
        return [{ type: 'agent.thread_context_compacted', id, processed_at }]
      }
      default:
        return []
    }
  }

  #toAgentEvents({ id: messageId, content }: Json, processed_at: string): WireEvent[] {
    if (typeof messageId !== 'string' || !Array.isArray(content)) return []
    const first = this.#blocks.get(messageId) ?? 0
    this.#blocks.set(messageId, first + content.length)
    return content.flatMap((value: unknown, position): WireEvent[] => {
      const block = asObject(value)
      const id = toBlockEventId(messageId, first + position)
      if (block.type === 'text') {
        return [{ type: 'agent.message', id, content: [toText(String(block.text ?? ''))], processed_at }]
      }
      if (block.type === 'thinking' || block.type === 'redacted_thinking') {
        return [{ type: 'agent.thinking', id, processed_at }]
      }
      if (block.type !== 'tool_use' || typeof block.id !== 'string') return []
      const kind = this.outline.kindOf(String(block.name ?? ''))
      this.noteCall(block.id, kind)
      const stamp = { id: toToolEventId(block.id), processed_at }
      return [this.outline.toUseEvent(kind, asObject(block.input), stamp)]
    })
  }

  #toUserEvents(data: FullMessage, content: unknown): WireEvent[] {
    const { turnId, synthetic, timestamp: processed_at, sessionId, sequence } = data
    const blocks = Array.isArray(content) ? content.map(asObject) : []
    const results = blocks.filter(({ type }) => type === 'tool_result')
    if (results.length > 0) {
      return results.flatMap((block, index) => {
        const stamp = { id: toLogEventId(sessionId, sequence, `_${index}`), processed_at }
        return this.#toResult(block, stamp)
      })
    }
    if (synthetic || turnId === undefined) return []
    return [
      { type: 'user.message', id: toObjectEventId(turnId), content: toPromptBlocks(content), processed_at },
    ]
  }

  #toResult(block: Json, stamp: { id: string; processed_at: string }): WireEvent[] {
    const toolUseId = String(block.tool_use_id ?? '')
    const fields = { content: toResultBlocks(block.content), is_error: block.is_error === true, ...stamp }
    const sent = this.#sent.get(toolUseId)
    const kind = this.#calls.get(toolUseId)?.kind
    this.#sent.delete(toolUseId)
    this.#calls.delete(toolUseId)
    if (sent) {
      sent.content = fields.content
      return []
    }
    const of = toToolEventId(toolUseId)
    if (kind === 'mcp') {
      return [{ type: 'agent.mcp_tool_result', mcp_tool_use_id: of, ...fields }]
    }
    return [{ type: 'agent.tool_result', tool_use_id: of, ...fields }]
  }
}
