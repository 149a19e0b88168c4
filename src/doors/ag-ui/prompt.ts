import { z } from 'zod'
import type { PromptBlock } from '../../client/index.ts'
import { checkPrompt } from '../../contract/check-input.ts'
import { invalidField } from '../../contract/errors.ts'
import { imageMediaTypes } from '../../lib/media-type.ts'
import { withFields } from './api.ts'
import { asPlainText, type RunInput } from './input.ts'
import type { Content, ContentPart, Message } from './protocol.ts'

/** A new user message, as blocks of a prompt. */
export interface NewMessage {
  blocks: PromptBlock[]
  /** The place of each block in the messages of the run. */
  paths: string[]
}

/** The user messages at the end of the list; Claude remembers the rest. */
export function newMessages({ messages }: RunInput): NewMessage[] {
  const start = messages.findLastIndex(({ role }) => role !== 'user' && role !== 'activity') + 1
  return messages.slice(start).flatMap((message, offset) => {
    if (message.role !== 'user') return []
    const found = toBlocks(message.content as Content, `messages[${start + offset}].content`)
    const [blocks, paths] = [found.map(({ block }) => block), found.map(({ path }) => path)]
    return blocks.length > 0 ? [{ blocks, paths }] : []
  })
}

/** The results of the application's tools, by the id of the call. */
export function toolMessages({ messages }: RunInput): Map<string, { message: Message; path: string }> {
  return new Map(
    messages.flatMap((message, index) =>
      message.role === 'tool' && message.toolCallId !== undefined
        ? [[message.toolCallId, { message, path: `messages[${index}]` }]]
        : [],
    ),
  )
}

/** The prompt of a turn: the application's context, then the messages. */
export function toPrompt({ context }: RunInput, messages: readonly NewMessage[]): PromptBlock[] {
  const entries = context.map(({ description, value }) => `${description}: ${value}`)
  const preamble: PromptBlock[] =
    entries.length > 0 ? [{ type: 'text', text: `${contextHeading}\n\n${entries.join('\n\n')}` }] : []
  return [...preamble, ...messages.flatMap(({ blocks }) => blocks)]
}

/**
 * Checks the prompt of a turn, as the API does.
 *
 * @throws ServiceError that names the messages and their parts
 */
export function checkMessages(input: RunInput, messages: readonly NewMessage[]): void {
  const prompt = toPrompt(input, messages)
  const paths = messages.flatMap(message => message.paths)
  const first = prompt.length - paths.length
  try {
    checkPrompt(prompt)
  } catch (error) {
    throw withFields(error, field => {
      const [, index, rest = ''] = /^prompt\[(\d+)\](.*)$/.exec(field) ?? []
      const path = paths[Number(index) - first]
      return path === undefined ? field : `${path}${toPartField(rest)}`
    })
  }
}

function toPartField(field: string): string {
  // The path of a text is that of the text itself.
  if (field === '.text') return ''
  return field.replace(/\.media_type$/, '.mimeType').replace(/\.data$/, '.value')
}

const contextHeading = 'Context from the application:'

/** Whether a block of a prompt is the application's context, not part of a user message. */
export function isContext(text: string): boolean {
  return text.startsWith(`${contextHeading}\n\n`)
}

function toBlocks(content: Content, path: string): { block: PromptBlock; path: string }[] {
  if (typeof content === 'string') {
    return content.trim() === '' ? [] : [{ block: { type: 'text', text: asPlainText(content, path) }, path }]
  }
  return content.flatMap((part, index) => {
    const place = `${path}[${index}]`
    const block = toBlock(part, place)
    return block ? [{ block, path: block.type === 'text' ? `${place}.text` : place }] : []
  })
}

function toBlock(part: ContentPart, path: string): PromptBlock | undefined {
  if (part?.type === 'text') {
    const text = asPlainText(part.text, `${path}.text`)
    return text === '' ? undefined : { type: 'text', text }
  }
  const { data, mimeType } = inlineSource(part, path)
  const isType = <T extends string>(types: readonly T[]): T | undefined =>
    types.find(type => type === mimeType)
  if (part.type === 'image') {
    const type = isType(imageMediaTypes)
    if (type) return { type: 'image', source: { type: 'base64', media_type: type, data } }
    throw invalidField(`${path}.source.mimeType`, `must be one of ${imageMediaTypes.join(', ')}`)
  }
  if (mimeType === 'application/pdf') {
    return { type: 'document', source: { type: 'base64', media_type: mimeType, data } }
  }
  if (mimeType.startsWith('text/')) {
    const decoded = new TextDecoder().decode(Uint8Array.from(atob(data), char => char.charCodeAt(0)))
    const text = asPlainText(decoded, `${path}.source.value`)
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } }
  }
  throw invalidField(`${path}.source.mimeType`, 'must be application/pdf or a text')
}

const base64 = z.base64()

/** The inline content of an image or document; URLs in messages are never fetched. */
export function inlineSource(part: ContentPart, path: string): { data: string; mimeType: string } {
  if (part?.type !== 'image' && part?.type !== 'document') {
    throw invalidField(`${path}.type`, 'must be text, image or document: Claude takes no other content')
  }
  const { source } = part
  if (source?.type !== 'data') {
    throw invalidField(`${path}.source.type`, 'must be data: URLs and handles of files are not resolved')
  }
  if (source.value === '') throw invalidField(`${path}.source.value`, 'must not be empty')
  if (!base64.safeParse(source.value).success) {
    throw invalidField(`${path}.source.value`, 'must be Base64')
  }
  return { data: source.value, mimeType: String(source.mimeType) }
}
