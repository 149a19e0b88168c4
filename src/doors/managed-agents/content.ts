import type { Prompt } from '../../client/index.ts'
import type { PromptBlock, ResultBlock, TextBlock } from './event-types.ts'

type Json = Record<string, unknown>

/** The content of a prompt, from a turn or a message. */
export function toPromptBlocks(content: Prompt | unknown): PromptBlock[] {
  return toBlocks(content, (): PromptBlock => ({ type: 'redacted' }))
}

/** The content of a tool's result. Blocks without a counterpart are shown as JSON. */
export function toResultBlocks(content: unknown): ResultBlock[] {
  return toBlocks(content, block => toText(JSON.stringify(block)))
}

function toBlocks<T>(content: unknown, other: (block: Json) => T): (ResultBlock | T)[] {
  if (typeof content === 'string') return content === '' ? [] : [toText(content)]
  if (!Array.isArray(content)) return []
  return content.map((value: unknown) => toBlock(asObject(value)) ?? other(asObject(value)))
}

function toBlock(block: Json): ResultBlock | undefined {
  const { type, text, title } = block
  if (type === 'text') return toText(String(text ?? ''))
  const source = asObject(block.source)
  const { type: kind, media_type, data } = source
  if (typeof media_type !== 'string' || typeof data !== 'string') return undefined
  if (type === 'image' && kind === 'base64') {
    return { type, source: { type: kind, media_type, data } }
  }
  if (type !== 'document') return undefined
  const titled = typeof title === 'string' ? { title } : {}
  if (kind === 'base64') return { type, source: { type: kind, media_type, data }, ...titled }
  if (kind === 'text') return { type, source: { type: kind, media_type: 'text/plain', data }, ...titled }
  return undefined
}

export function toText(text: string): TextBlock {
  return { type: 'text', text }
}

export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
