import { type Answer, type Delivery, type SpokenAnswer, text } from './answer.ts'
import type { Prompt } from './prompt.ts'

/** One feature that the stand-in can show. */
export interface TourItem {
  name: string
  /** A prompt that shows it. */
  sample: string
  /** The description of the feature, for the list in a greeting. */
  shows: string
  /** Which prompts it answers. */
  when: RegExp
  answer(prompt: Prompt, match: RegExpMatchArray): Answer
}

/** The mark on all texts of the tour, so that they are not mistaken for Claude's. */
export const mark = '[stand-in]'

/** Returns a text of the tour with the mark. */
export function say(words: string, delivery?: Delivery): SpokenAnswer {
  return text(`${mark} ${words}`, delivery)
}

/** Shortens a text for quoting, with a note. */
export function shorten(words: string, limit: number): string {
  return words.length <= limit ? words : `${words.slice(0, limit)}… (${words.length} characters in all)`
}
