import { isTerminalEventType, type TerminalEventType } from '../../contract/events.ts'
import type { MessageBlock, MessageReader } from '../../sessions/ports/index.ts'
import type { EventRecord, PayloadOf } from '../../sessions/records.ts'
import { messageOf } from '../wire.ts'
import { toEnding, toLoss, toPermission, toRestored, toRewinding } from './outcome-text.ts'
import { toSize } from './shown-text.ts'

/** A part of a message: text, or the label of a file. */
export type Part = { type: 'text'; text: string } | { type: 'file'; label: string }

/** An item of an exported conversation, in order. */
export type Entry =
  | { kind: 'turn'; number: number; at: number }
  | { kind: 'prompt'; parts: Part[]; added: boolean }
  | { kind: 'note'; text: string }
  | { kind: 'ending'; text: string }
  | ({ ofSubagent: boolean } & (
      | { kind: 'text'; text: string }
      /** Text that Claude Code wrote as if a user had sent it, or the task that Claude gave to a subagent. */
      | { kind: 'synthetic'; text: string }
      | { kind: 'thinking'; text: string }
      | { kind: 'toolCall'; name: string; input: string }
      | { kind: 'toolResult'; name: string; parts: Part[]; isError: boolean }
    ))

/** Names an attachment by its id. */
export type DescribeAttachment = (attachmentId: string) => string

/** Reads a session's log as a conversation; it remembers only what is still open. */
export class EntryReader {
  #turns = 0
  /** The names of tools that have been called and have not answered. */
  readonly #calls = new Map<string, string>()
  readonly #messages: MessageReader

  constructor(messages: MessageReader) {
    this.#messages = messages
  }

  read(event: EventRecord, describe: DescribeAttachment): Entry[] {
    if (event.type === 'message') return this.#readMessage(event, describe)
    if (event.type === 'permission.resolved') return [{ kind: 'note', text: toPermission(event.payload) }]
    if (event.type === 'session.rewound') return [{ kind: 'note', text: toRewinding(event.payload) }]
    if (event.type === 'conversation.lost') return [{ kind: 'note', text: toLoss(event.payload) }]
    if (event.type === 'workspace.restored') return [{ kind: 'note', text: toRestored(event.payload) }]
    if (!isTerminalEventType(event.type)) return []
    this.#calls.clear()
    return [{ kind: 'ending', text: toEnding(event.type, event.payload as PayloadOf<TerminalEventType>) }]
  }

  /** The attachments that an event refers to. */
  attachmentsIn(event: EventRecord): string[] {
    if (event.type !== 'message' || messageOf(event).source !== 'user') return []
    return this.#messages.read(messageOf(event).message).blocks.flatMap(block => {
      const { type, attachmentId }: Record<string, unknown> = block.type === 'file' ? block.source : {}
      return type === 'attachment' && typeof attachmentId === 'string' ? attachmentId : []
    })
  }

  #readMessage(event: EventRecord, describe: DescribeAttachment): Entry[] {
    const { id, source, message } = messageOf(event)
    const { kind, blocks, isOfSubagent, text } = this.#messages.read(message)
    if (source === 'user') {
      const parts = blocks.map(block => toPart(block, describe))
      const prompt: Entry = { kind: 'prompt', parts, added: id !== event.turnId }
      return prompt.added ? [prompt] : [{ kind: 'turn', number: ++this.#turns, at: event.at }, prompt]
    }
    switch (kind) {
      case 'assistant':
        return blocks.flatMap(block => this.#readSaid(block, isOfSubagent))
      case 'user':
        return blocks.flatMap(block => this.#readGiven(block, isOfSubagent))
      case 'compaction':
        return [{ kind: 'note', text: 'What came before was summarised here to make room' }]
      case 'lost':
        return [{ kind: 'note', text }]
      default:
        return []
    }
  }

  #readSaid(block: MessageBlock, ofSubagent: boolean): Entry[] {
    switch (block.type) {
      case 'text':
        return block.text.trim() === '' ? [] : [{ kind: 'text', text: block.text, ofSubagent }]
      case 'thinking':
        // Models may keep it to themselves.
        return block.text === '' ? [] : [{ kind: 'thinking', text: block.text, ofSubagent }]
      case 'toolCall': {
        const { id, name } = block
        this.#calls.set(id, name)
        return [{ kind: 'toolCall', name, input: JSON.stringify(block.input, null, 2), ofSubagent }]
      }
      case 'toolResult':
        return [this.#toResult(block, ofSubagent)]
      default:
        return []
    }
  }

  #readGiven(block: MessageBlock, ofSubagent: boolean): Entry[] {
    if (block.type === 'toolResult') return [this.#toResult(block, ofSubagent)]
    if (block.type !== 'text' || block.text.trim() === '') return []
    return [{ kind: 'synthetic', text: block.text, ofSubagent }]
  }

  #toResult(result: MessageBlock & { type: 'toolResult' }, ofSubagent: boolean): Entry {
    const { toolCallId, blocks, isError } = result
    const name = this.#calls.get(toolCallId) ?? ''
    this.#calls.delete(toolCallId)
    const parts = blocks.map(block => toPart(block, String))
    return { kind: 'toolResult', name, parts, isError, ofSubagent }
  }
}

function toPart(block: MessageBlock, describe: DescribeAttachment): Part {
  if (block.type === 'text') return { type: 'text', text: block.text }
  if (block.type !== 'file') {
    return { type: 'text', text: JSON.stringify('value' in block ? block.value : block, null, 2) }
  }
  const what = block.kind === 'image' ? 'Image' : 'Document'
  const title = block.title === null ? '' : ` “${block.title}”`
  return { type: 'file', label: `${what}${title}: ${toLabel(block.source, describe)}` }
}

function toLabel(source: Record<string, unknown>, describe: DescribeAttachment): string {
  if (source.type === 'attachment') return describe(toText(source.attachmentId))
  const data = toText(source.data)
  const size = source.type === 'base64' ? Buffer.byteLength(data, 'base64') : Buffer.byteLength(data)
  return (
    [toText(source.media_type), size > 0 && toSize(size), source.url].filter(Boolean).join(', ') || 'unknown'
  )
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
