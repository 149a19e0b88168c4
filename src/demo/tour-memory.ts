import type { Exchange, Prompt } from './prompt.ts'
import { say, type TourItem } from './tour-item.ts'

const fact = /^[^\n]*?\bremember(?: that|:)?\s+([^\n]+)$/gim
const emptyWords = new Set(
  'a an and are at did do does for have i in is it me my of on our the to was we what when where which who you your'.split(
    ' ',
  ),
)

export const memoryTour: readonly TourItem[] = [
  {
    name: 'remember',
    sample: 'Remember that my cat is called Minka',
    shows: 'take in a fact',
    when: /^(?:please )?remember(?: that|:)?\s+(.+)/is,
    answer: (_prompt, match) =>
      say(
        `Noted: ${toFact(match[1] ?? '')}. I keep nothing between requests: Claude Code sends me the whole ` +
          'conversation each time, so ask me later to see whether it still has this.',
      ),
  },
  {
    name: 'recall',
    sample: 'What is my cat called?',
    shows: 'find the fact in the conversation that Claude Code sends (it has really resumed it)',
    when: /^(?:(?:what|who|where|when|which)\b.*\b(?:my|our|i|we)\b|(?:what )?do you remember\b)/is,
    answer: toRecollection,
  },
]

/** The facts that the person asked to remember, oldest first. */
export function findFacts(history: readonly Exchange[]): string[] {
  return history.flatMap(exchange => [...exchange.prompt.matchAll(fact)].map(match => toFact(match[1] ?? '')))
}

function toRecollection(prompt: Prompt) {
  const facts = findFacts(prompt.history)
  const count = `this conversation holds ${prompt.history.length} earlier prompt(s)`
  if (/do you remember/i.test(prompt.text) && facts.length > 0)
    return say(`You asked me to remember: ${facts.join('; ')} (${count}).`)
  const asked = toWords(prompt.text)
  const score = (words: string) => toWords(words).filter(word => asked.includes(word)).length
  const best = facts.toSorted((one, other) => score(one) - score(other)).at(-1)
  if (best !== undefined && score(best) > 0) return say(`You told me: ${best} (${count}).`)
  return say(`You have not told me that in this conversation (${count}).`)
}

function toFact(words: string): string {
  return words.trim().replace(/[.!]+$/, '')
}

function toWords(words: string): string[] {
  return (words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter(word => !emptyWords.has(word))
}
