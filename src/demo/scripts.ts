import type { Answer } from './answer.ts'
import type { Prompt } from './prompt.ts'

/** A text matches anywhere in the prompt. */
export type ScriptMatch = string | RegExp | ((prompt: Prompt) => boolean)
/** A list is indexed by the round, its last answer repeated. */
export type ScriptAnswer = Answer | readonly Answer[] | ((prompt: Prompt) => Answer | Promise<Answer>)

/** The scripted answers of tests, in the order of registration. */
export interface Scripts {
  /** @throws TypeError for a list without answers. */
  add(match: ScriptMatch, answer: ScriptAnswer): () => void
  /** Returns the answer of the first matching script. Rejects with errors of a script's function. */
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
  // search() ignores the lastIndex of a global expression, unlike test().
  return typeof match === 'string' ? prompt.text.includes(match) : prompt.text.search(match) >= 0
}

function isList(answer: ScriptAnswer): answer is readonly Answer[] {
  return Array.isArray(answer)
}
