import { type CompactMessage, longestResult } from '../contract/compact-messages.ts'
import type { StoredMessage } from '../contract/messages.ts'
import type { AgentMessage, MessageBlock, PlainBlock } from '../sessions/ports/index.ts'

type Parts = Omit<CompactMessage, 'id' | 'sequence' | 'timestamp' | 'turnId' | 'rewound'>

/** Longer summaries of a tool's input are shortened. */
const longestSummary = 200

/** Fields of tools' inputs that tell most, the best first. */
const telling = [
  'command',
  'file_path',
  'notebook_path',
  'path',
  'pattern',
  'query',
  'url',
  'description',
  'skill',
  'prompt',
  'plan',
]

/**
 * Returns the parts of a message that a person reads; undefined: there are none.
 *
 * @param source who wrote it; Claude Code writes some as if a user had
 */
export function toCompactParts(message: AgentMessage, source: StoredMessage['source']): Parts | undefined {
  const { kind, blocks, isOfSubagent, isSyntheticPrompt } = message
  if ((kind !== 'assistant' && kind !== 'user') || (source === 'sdk' && isSyntheticPrompt)) return undefined
  const plain = blocks.filter(block => block.type === 'text' || block.type === 'file')
  const text = textOf(plain)
  const files = plain.flatMap(block =>
    block.type === 'file' ? [{ kind: block.kind, title: block.title }] : [],
  )
  const tools = blocks.flatMap(block => (block.type === 'toolCall' ? [toTool(block)] : []))
  const results = blocks.flatMap(block => (block.type === 'toolResult' ? [toResult(block)] : []))
  if (text === '' && files.length + tools.length + results.length === 0) return undefined
  return {
    role: kind,
    ...(isOfSubagent && { subagent: true as const }),
    ...(text !== '' && { text }),
    ...(tools.length > 0 && { tools }),
    ...(results.length > 0 && { results }),
    ...(files.length > 0 && { files }),
  }
}

function textOf(blocks: readonly PlainBlock[]): string {
  return blocks.flatMap(block => (block.type === 'text' ? block.text : [])).join('\n')
}

function toTool({ id, name, input }: Extract<MessageBlock, { type: 'toolCall' }>) {
  return { id, name, summary: cut(summarize(input), longestSummary) }
}

function summarize(input: unknown): string {
  if (typeof input !== 'object' || input === null) return ''
  const fields = input as Record<string, unknown>
  const best = telling.find(name => typeof fields[name] === 'string')
  if (best !== undefined) return String(fields[best])
  return Object.keys(fields).length === 0 ? '' : JSON.stringify(fields)
}

function toResult({ toolCallId, blocks, isError }: Extract<MessageBlock, { type: 'toolResult' }>) {
  const whole = textOf(blocks)
  const text = cut(whole, longestResult)
  return {
    toolId: toolCallId,
    text,
    ...(isError && { error: true as const }),
    ...(text !== whole && { shortened: true as const }),
  }
}

/** Shortens a text, but not in the middle of a character. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const end = longest - 1
  return `${text.slice(0, /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end)}…`
}
