import { isTerminalEventType } from '../../contract/events.ts'
import type { EventRecord } from '../../sessions/records.ts'
import { messageOf } from '../wire.ts'
import { toEnding, toLoss, toPermission, toRewinding } from './outcome-text.ts'
import { toSize } from './shown-text.ts'

/** A piece of what was said: text, or the name of something that is none. */
export type Part = { type: 'text'; text: string } | { type: 'file'; label: string }

/** What a reader of a conversation meets, in order. */
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

type Json = Record<string, unknown>
/** Names an attachment by its id. */
export type DescribeAttachment = (attachmentId: string) => string

/** Reads a session's log as a conversation; it remembers only what is still open. */
export class EntryReader {
  #turns = 0
  /** The names of tools that have been called and have not answered. */
  readonly #calls = new Map<string, string>()

  read(event: EventRecord, describe: DescribeAttachment): Entry[] {
    if (event.type === 'message') return this.#readMessage(event, describe)
    if (event.type === 'permission.resolved') return [{ kind: 'note', text: toPermission(event.payload) }]
    if (event.type === 'session.rewound') return [{ kind: 'note', text: toRewinding(event.payload) }]
    if (event.type === 'conversation.lost') return [{ kind: 'note', text: toLoss(event.payload) }]
    if (!isTerminalEventType(event.type)) return []
    this.#calls.clear()
    return [{ kind: 'ending', text: toEnding(event.type, event.payload) }]
  }

  #readMessage(event: EventRecord, describe: DescribeAttachment): Entry[] {
    const { id, source, message } = messageOf(event)
    const content = toBlocks((message.message as Json | undefined)?.content)
    if (source === 'user') {
      const prompt: Entry = {
        kind: 'prompt',
        parts: content.map(block => toPart(block, describe)),
        added: id !== event.turnId,
      }
      return prompt.added ? [prompt] : [{ kind: 'turn', number: ++this.#turns, at: event.at }, prompt]
    }
    const ofSubagent = typeof message.parent_tool_use_id === 'string'
    if (message.type === 'assistant') return content.flatMap(block => this.#readSaid(block, ofSubagent))
    if (message.type === 'user') return content.flatMap(block => this.#readGiven(block, ofSubagent))
    if (message.type !== 'system') return []
    if (message.subtype === 'compact_boundary') {
      return [{ kind: 'note', text: 'What came before was summarised here to make room' }]
    }
    return message.subtype === 'turn_lost' ? [{ kind: 'note', text: toText(message.text) }] : []
  }

  #readSaid(block: Json, ofSubagent: boolean): Entry[] {
    const type = toText(block.type)
    if (type === 'text')
      return toText(block.text).trim() === '' ? [] : [{ kind: 'text', text: toText(block.text), ofSubagent }]
    if (type === 'thinking') {
      // Models may keep it to themselves.
      return block.thinking ? [{ kind: 'thinking', text: toText(block.thinking), ofSubagent }] : []
    }
    if (type.endsWith('tool_use')) {
      const name = toText(block.name)
      this.#calls.set(toText(block.id), name)
      return [{ kind: 'toolCall', name, input: JSON.stringify(block.input ?? {}, null, 2), ofSubagent }]
    }
    return type.endsWith('tool_result') ? [this.#toResult(block, ofSubagent)] : []
  }

  #readGiven(block: Json, ofSubagent: boolean): Entry[] {
    if (toText(block.type).endsWith('tool_result')) return [this.#toResult(block, ofSubagent)]
    const { text } = block
    return typeof text === 'string' && text.trim() !== '' ? [{ kind: 'synthetic', text, ofSubagent }] : []
  }

  #toResult(block: Json, ofSubagent: boolean): Entry {
    const id = toText(block.tool_use_id)
    const name = this.#calls.get(id) ?? ''
    this.#calls.delete(id)
    const parts = toBlocks(block.content).map(part => toPart(part, String))
    return { kind: 'toolResult', name, parts, isError: block.is_error === true, ofSubagent }
  }
}

/** The attachments that an event refers to. */
export function attachmentsIn(event: EventRecord): string[] {
  if (event.type !== 'message' || messageOf(event).source !== 'user') return []
  const content = (messageOf(event).message.message as Json | undefined)?.content
  return toBlocks(content).flatMap(({ source }) => {
    const { type, attachmentId } = (source ?? {}) as Json
    return type === 'attachment' ? toText(attachmentId) : []
  })
}

function toBlocks(content: unknown): Json[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (Array.isArray(content))
    return content.map(block => (isObject(block) ? block : { type: 'text', text: String(block) }))
  return isObject(content) ? [content] : []
}

function toPart(block: Json, describe: DescribeAttachment): Part {
  if (block.type === 'text') return { type: 'text', text: toText(block.text) }
  if (block.type !== 'image' && block.type !== 'document')
    return { type: 'text', text: JSON.stringify(block, null, 2) }
  const what = block.type === 'image' ? 'Image' : 'Document'
  const source = (block.source ?? {}) as Json
  const title = typeof block.title === 'string' ? ` “${block.title}”` : ''
  return { type: 'file', label: `${what}${title}: ${toLabel(source, describe)}` }
}

function toLabel(source: Json, describe: DescribeAttachment): string {
  if (source.type === 'attachment') return describe(toText(source.attachmentId))
  const data = toText(source.data)
  const size = source.type === 'base64' ? Buffer.byteLength(data, 'base64') : Buffer.byteLength(data)
  return (
    [toText(source.media_type), size > 0 && toSize(size), source.url].filter(Boolean).join(', ') || 'unknown'
  )
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
