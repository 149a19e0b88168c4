import { type Answer, type Delivery, type SpokenAnswer, text } from './answer.ts'
import type { Prompt } from './prompt.ts'

/** One thing that the stand-in can show. */
export interface TourItem {
  name: string
  /** A prompt that shows it. */
  sample: string
  /** What it shows, for the list that a greeting gets. */
  shows: string
  /** Which prompts it answers. */
  when: RegExp
  answer(prompt: Prompt, match: RegExpMatchArray): Answer
}

/** The mark on everything that the tour says, so that nobody takes it for Claude's. */
export const mark = '[stand-in]'

/** A text of the tour, announced as the stand-in's. */
export function say(words: string, delivery?: Delivery): SpokenAnswer {
  return text(`${mark} ${words}`, delivery)
}

/** A text cut to a length at which it can be quoted, saying so. */
export function shorten(words: string, limit: number): string {
  return words.length <= limit ? words : `${words.slice(0, limit)}… (${words.length} characters in all)`
}
