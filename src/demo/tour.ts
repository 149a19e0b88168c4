import type { Answer } from './answer.ts'
import type { Prompt } from './prompt.ts'
import { arithmeticTour } from './tour-arithmetic.ts'
import { deliveryTour } from './tour-delivery.ts'
import { failureTour } from './tour-failures.ts'
import { say, shorten, type TourItem } from './tour-item.ts'
import { memoryTour } from './tour-memory.ts'
import { peopleTour } from './tour-people.ts'
import { report, toolTour } from './tour-tools.ts'

/** The built-in features of the stand-in; the first item whose `when` matches a prompt answers it. */
export const tour: readonly TourItem[] = [
  ...arithmeticTour,
  ...memoryTour,
  ...peopleTour,
  ...toolTour,
  ...deliveryTour,
  ...failureTour,
]

const asksForHelp = /\b(?:what (?:else )?can you (?:show|do)|help\b|what do you do|who are you)/i
const quotedCharacters = 100
const who = "I am the stand-in model of claude-code-api's demo, not Claude"

/** Returns the built-in answer to a prompt, derived from the conversation; `name` is the item that gave it. */
export function answerOfTour(prompt: Prompt): { name: string; answer: Answer } {
  const words = prompt.text.trim()
  for (const item of tour) {
    const match = item.when.exec(words)
    if (match) return { name: item.name, answer: item.answer(prompt, match) }
  }
  if (words === '')
    return { name: 'notice', answer: say('Claude Code told me about something that happened.') }
  if (prompt.round > 0) return { name: 'report', answer: report(prompt) }
  if (/^\/\w/.test(words)) return { name: 'command', answer: say(toCommandHint(words)) }
  return asksForHelp.test(words)
    ? { name: 'greeting', answer: say(toGreeting()) }
    : { name: 'other', answer: say(toReply(words)) }
}

function toGreeting(): string {
  const list = tour.map(item => `- ${item.shows}: "${item.sample}"`)
  return [
    `${who}. Claude Code, its tools and its permissions are real;`,
    'only what the model says is made up, from your prompt. I can show these:',
    ...list,
  ].join('\n')
}

function toReply(words: string): string {
  const opening = /^(?:hello|hi|hey|good (?:morning|day|evening))\b/i.test(words) ? 'Hello! ' : ''
  return `${opening}${who}, so I have no answer of my own to that.\nAsk "What can you show me?" for a list.`
}

/** A slash command reaches the model only when it was sent as text. */
function toCommandHint(words: string): string {
  const [name = ''] = words.split(/\s/, 1)
  return `${shorten(name, quotedCharacters)} came to me as text. Send it with "commands": true, and Claude Code runs it.`
}
