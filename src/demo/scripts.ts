import type { Answer } from './answer.ts'
import type { Prompt } from './prompt.ts'

/** A text is looked for anywhere in the prompt. */
export type ScriptMatch = string | RegExp | ((prompt: Prompt) => boolean)
/** A list is indexed by the round, its last answer repeated. */
export type ScriptAnswer = Answer | readonly Answer[] | ((prompt: Prompt) => Answer | Promise<Answer>)

/** What tests have told the stand-in to say, in the order in which they did. */
export interface Scripts {
  /** @throws TypeError for a list without answers. */
  add(match: ScriptMatch, answer: ScriptAnswer): () => void
  /** The answer of the first script that matches. Rejects with what a script's function throws. */
  find(prompt: Prompt): Promise<Answer | undefined>
}

export function createScripts(): Scripts {
  const scripts = new Set<{ match: ScriptMatch; answer: ScriptAnswer }>()
  return {
    add(match, answer) {
      if (isList(answer) && answer.length === 0) throw new TypeError('A script needs at least one answer')
      const script = { match, answer }
      scripts.add(script)
      return () => void scripts.delete(script)
    },
    async find(prompt) {
      for (const { match, answer } of scripts) {
        if (!fits(match, prompt)) continue
        if (typeof answer === 'function') return answer(prompt)
        return isList(answer) ? answer[Math.min(prompt.round, answer.length - 1)] : answer
      }
      return undefined
    },
  }
}

function fits(match: ScriptMatch, prompt: Prompt): boolean {
  if (typeof match === 'function') return match(prompt)
  // search() and not test(): it does not care for the lastIndex that a global expression carries along.
  return typeof match === 'string' ? prompt.text.includes(match) : prompt.text.search(match) >= 0
}

function isList(answer: ScriptAnswer): answer is readonly Answer[] {
  return Array.isArray(answer)
}
