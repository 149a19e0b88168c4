import { type SpokenAnswer, text } from './answer.ts'
import { asksForSuggestion, findUntitled } from './injected-text.ts'
import type { Prompt } from './prompt.ts'
import { tour } from './tour.ts'
import { mark, shorten } from './tour-item.ts'
import { findFacts } from './tour-memory.ts'

const shownCharacters = 200

/**
 * Answers requests that Claude Code makes for itself: a title for the session, a summary of the conversation, and the
 * like. Returns undefined if the request is for a prompt.
 */
export function answerSideRequest(body: unknown, prompt: Prompt): SpokenAnswer | undefined {
  if (prompt.wantsSummary) return text(toSummary(prompt))
  if (asksForSuggestion(prompt.text)) return text(toSuggestion(prompt))
  // A session may also have no tools, but it always reports its working directory to the model.
  if (prompt.tools.length > 0 || prompt.workingDirectory !== undefined) return undefined
  const schema = findSchema(body)
  const untitled = findUntitled(prompt.text)
  if (untitled !== undefined && schema !== undefined)
    return text(JSON.stringify({ title: toTitle(untitled) }))
  return text(schema === undefined ? `${mark} Nothing to add.` : JSON.stringify(toSample(schema)))
}

/** Suggests what the tour can show next; Claude Code drops suggestions of more than twelve words. */
function toSuggestion({ history }: Prompt): string {
  const asked = new Set(history.map(({ prompt }) => prompt.trim()))
  const fitting = tour.map(({ sample }) => sample).filter(sample => /^\S+(?: \S+){1,11}$/.test(sample))
  return fitting.find(sample => sample.length < 100 && !asked.has(sample)) ?? 'What else can you show me?'
}

/** Names a session by the first words of its prompt. */
function toTitle(untitled: string): string {
  return untitled.split(' ').slice(0, 7).join(' ').slice(0, 60)
}

/** Keeps the facts and the latest prompts, so that a compacted conversation still remembers. */
function toSummary({ history, text: latest }: Prompt): string {
  const prompts = [...history.map(exchange => exchange.prompt), latest]
  const facts = findFacts([...history, { prompt: latest, answer: '' }]).map(fact => `Remember that ${fact}`)
  const recent = prompts
    .slice(-10)
    .map(words => `The person said: ${shorten(words.replaceAll('\n', ' '), shownCharacters)}`)
  return `<summary>\n${mark} Summary of the conversation.\n${[...new Set([...facts, ...recent])].join('\n')}\n</summary>`
}

function findSchema(body: unknown): unknown {
  const format = at(at(body, 'output_config'), 'format') ?? at(body, 'output_format')
  return at(format, 'schema')
}

/** Returns a minimal value for a simple JSON schema. */
function toSample(schema: unknown): unknown {
  const choices = at(schema, 'enum')
  if (Array.isArray(choices)) return choices[0]
  const type = at(schema, 'type')
  if (type === 'string') return 'Stand-in session'
  if (type === 'number' || type === 'integer') return 0
  if (type === 'boolean') return false
  if (type === 'array') return []
  if (type !== 'object') return null
  const required = at(schema, 'required')
  const names = Array.isArray(required) ? required.filter(name => typeof name === 'string') : []
  return Object.fromEntries(names.map(name => [name, toSample(at(at(schema, 'properties'), name))]))
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
