import type { PromptBlock } from '../../client/index.ts'
import type { CommonRequest, Entry, ToolEntry } from './common-request.ts'
import { badField, toShown } from './problem.ts'

type Assistant = Extract<Entry, { role: 'assistant' }>

/** Splits the messages of a request: instructions, the conversation so far, and the new messages. */
export function splitConversation(
  all: readonly Entry[],
  field: string,
): Pick<CommonRequest, 'instructions' | 'history' | 'newest'> {
  const first = all.findIndex(({ role }) => role !== 'system')
  const entries = mergeAnswers(first === -1 ? [] : all.slice(first))
  const instructions = all
    .slice(0, first === -1 ? all.length : first)
    .map(entry => (entry.role === 'system' ? entry.text : ''))
    .filter(text => text !== '')
  const last = entries.findLastIndex(({ role }) => role === 'assistant')
  const history = entries.slice(0, last + 1)
  const newest = toNewest(entries.slice(last + 1), history.at(-1) as Assistant | undefined, field)
  return { instructions: instructions.length > 0 ? instructions.join('\n\n') : undefined, history, newest }
}

/** Several messages of one answer are one message. */
function mergeAnswers(entries: readonly Entry[]): Entry[] {
  const merged: Entry[] = []
  for (const entry of entries) {
    const before = merged.at(-1)
    if (entry.role === 'assistant' && before?.role === 'assistant') {
      const text = [before.text, entry.text].filter(part => part !== '').join('\n\n')
      merged[merged.length - 1] = { ...before, text, calls: [...before.calls, ...entry.calls] }
    } else {
      merged.push(entry)
    }
  }
  return merged
}

function toNewest(
  entries: readonly Entry[],
  answer: Assistant | undefined,
  field: string,
): CommonRequest['newest'] {
  const results = entries.filter((entry): entry is ToolEntry => entry.role === 'tool')
  if (results.length === 0) {
    for (const { id } of answer?.calls ?? []) refuseWithout(id, field)
    const prompt = entries.flatMap(toPrompt)
    if (!prompt.every(isBlank)) return { prompt }
    throw badField(field, 'must end with a message of the user that has content')
  }
  const other = entries.find(({ role }) => role !== 'tool')
  if (other) {
    throw badField(
      other.path,
      'must be a result of a function, as the others: send messages after the answer',
    )
  }
  const answered = new Set(results.map(({ callId }) => callId))
  for (const { id } of answer?.calls ?? []) if (!answered.has(id)) refuseWithout(id, field)
  return { results }
}

function isBlank(block: PromptBlock): boolean {
  return block.type === 'text' && block.text.trim() === ''
}

function refuseWithout(callId: string, field: string): never {
  throw badField(field, `must have the result of the function call ${toShown(callId)}`)
}

/** The blocks of a new message. */
function toPrompt(entry: Entry): PromptBlock[] {
  if (entry.role === 'user') return entry.blocks
  if (entry.role === 'system' && entry.text !== '') return [{ type: 'text', text: `[system]\n${entry.text}` }]
  return []
}

/** The conversation so far as text, for a session that has not seen it. */
export function toTranscript(history: readonly Entry[], prompt: readonly PromptBlock[]): PromptBlock[] {
  if (history.length === 0) return [...prompt]
  const blocks: PromptBlock[] = [
    { type: 'text', text: 'This conversation began elsewhere. Its messages so far:\n\n<conversation>' },
    ...history.flatMap(describe),
    { type: 'text', text: '</conversation>\n\nThe new message:' },
    ...prompt,
  ]
  return joinTexts(blocks)
}

function describe(entry: Entry): PromptBlock[] {
  if (entry.role === 'user') return [{ type: 'text', text: 'User:' }, ...entry.blocks]
  return [{ type: 'text', text: describeText(entry) }]
}

function describeText(entry: Exclude<Entry, { role: 'user' }>): string {
  if (entry.role === 'system') return `System:\n${entry.text}`
  if (entry.role === 'tool') return `Result of ${entry.callId}:\n${textOf(entry.result)}`
  const calls = entry.calls.map(call => `Call ${call.id}: ${call.name}(${call.arguments})`)
  return ['Assistant:', entry.text, ...calls].filter(line => line !== '').join('\n')
}

function textOf(result: ToolEntry['result']): string {
  if (typeof result === 'string') return result
  return result.map(block => (block.type === 'text' ? block.text : '[image]')).join('\n')
}

function joinTexts(blocks: readonly PromptBlock[]): PromptBlock[] {
  const joined: PromptBlock[] = []
  for (const block of blocks) {
    const before = joined.at(-1)
    if (block.type === 'text' && before?.type === 'text') {
      joined[joined.length - 1] = { type: 'text', text: `${before.text}\n\n${block.text}` }
    } else {
      joined.push(block)
    }
  }
  return joined
}
