import type { BlockView, MessageView, ToolCallView } from '../../client/index.ts'
import { toShownTool } from '../../contract/client-requests.ts'
import { isContext } from './prompt.ts'
import type { Content, ContentPart, Message } from './protocol.ts'

/** The text of a message; its blocks are paragraphs. */
export function textOf(message: MessageView): string {
  return message.blocks.flatMap(block => (block.type === 'text' ? [block.text] : [])).join('\n\n')
}

export function reasoningOf(message: MessageView): string {
  return message.blocks.flatMap(block => (block.type === 'thinking' ? [block.text] : [])).join('\n\n')
}

/** Whether all blocks of this type are complete. */
export function isWhole(message: MessageView, type: 'text' | 'thinking'): boolean {
  return message.blocks.every(block => block.type !== type || block.partialIndex === null)
}

export function reasoningId(messageId: string): string {
  return `${messageId}-reasoning`
}

export function resultId(callId: string): string {
  return `${callId}-result`
}

/** A call whose name and input are complete. */
export type WholeCall = ToolCallView & { id: string; name: string }

export function callsOf(message: MessageView): WholeCall[] {
  return message.blocks.filter(
    (block): block is WholeCall => block.type === 'tool_call' && block.id !== null && block.name !== null,
  )
}

export function argumentsOf({ input }: WholeCall): string {
  return JSON.stringify(input ?? {})
}

/** The result of a call as content: a text, or parts if there are images or documents. */
export function resultContent({ blocks }: NonNullable<ToolCallView['result']>): Content {
  const parts = blocks.map(toPart)
  if (parts.some(({ type }) => type !== 'text')) return parts
  return parts.map(part => (part.type === 'text' ? part.text : '')).join('\n')
}

function toPart(block: BlockView): ContentPart {
  if (block.type === 'text') return { type: 'text', text: block.text }
  if (block.type === 'file' && block.source.type === 'base64') {
    const { data, media_type: mimeType } = block.source
    const source = { type: 'data' as const, value: String(data), mimeType: String(mimeType) }
    return { type: block.kind, source }
  }
  return { type: 'text', text: JSON.stringify(block.type === 'other' ? block.value : block) }
}

/** Whether a message is from Claude, not a notice of Claude Code or the server. */
export function isClaudes({ role, notice }: MessageView): boolean {
  return role === 'assistant' && notice === null
}

/** The messages of a conversation as clients of the protocol keep them. */
export function toMessages(messages: readonly MessageView[], subagentRunId?: string): Message[] {
  const owner = subagentRunId === undefined ? {} : { subagentRunId }
  return messages.flatMap((message): Message[] => {
    if (message.isRewound || message.notice !== null) return []
    if (isClaudes(message)) return toAnswer(message, owner)
    const isPrompt = message.role === 'user' && !message.isSynthetic && subagentRunId === undefined
    return isPrompt ? toPromptMessage(message) : []
  })
}

function toAnswer(message: MessageView, owner: { subagentRunId?: string }): Message[] {
  const [reasoning, content, calls] = [reasoningOf(message), textOf(message), callsOf(message)]
  const toolCalls = calls.map(call => ({
    id: call.id,
    type: 'function' as const,
    function: { name: toShownTool(call.name), arguments: argumentsOf(call) },
  }))
  return [
    ...(reasoning === ''
      ? []
      : [{ id: reasoningId(message.id), role: 'reasoning', content: reasoning, ...owner }]),
    ...(content === '' && calls.length === 0
      ? []
      : [
          {
            id: message.id,
            role: 'assistant',
            ...(content !== '' && { content }),
            ...(calls.length > 0 && { toolCalls }),
            ...owner,
          },
        ]),
    ...calls.flatMap(({ id, result }) => {
      if (!result) return []
      const text = resultContent(result)
      const error = result.isError ? { error: typeof text === 'string' ? text : 'The tool failed' } : {}
      return [{ id: resultId(id), role: 'tool', toolCallId: id, content: text, ...error, ...owner }]
    }),
    ...calls.flatMap(call => toMessages(call.messages, call.id)),
  ]
}

function toPromptMessage({ id, blocks }: MessageView): Message[] {
  const [first] = blocks
  const own = first?.type === 'text' && isContext(first.text) ? blocks.slice(1) : blocks
  if (own.length === 0) return []
  const parts = own.map(toPart)
  const isText = parts.every(({ type }) => type === 'text')
  const content = isText ? parts.map(part => (part.type === 'text' ? part.text : '')).join('\n\n') : parts
  return [{ id, role: 'user', content }]
}
