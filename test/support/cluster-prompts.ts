import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, text, toolUse } from '../../src/demo/answer.ts'
import type { Prompt } from '../../src/demo/prompt.ts'
import type { StandInModel } from '../../src/demo/stand-in-model.ts'
import { beatCommand } from './cluster-processes.ts'

/**
 * What a prompt of the storm asks for: an answer at once, one that is held for longer than a lease, a command that beats
 * for longer than a lease, or a call that a person has to allow.
 */
export const promptKinds = ['quick', 'held', 'beats', 'asks'] as const
export type PromptKind = (typeof promptKinds)[number]

export interface ScriptedPrompts {
  /** The text of a prompt with a fact of its own. */
  prompt(kind: PromptKind, sessionId: string, fact: string): string
  /** How often each fact was told for the first time. */
  readonly told: ReadonlyMap<string, number>
  readonly beatFile: string
}

/** @param longMs how long held answers and beating commands take: longer than a lease */
export function scriptPrompts(model: StandInModel, shared: string, longMs: number): ScriptedPrompts {
  const told = new Map<string, number>()
  const beatFile = join(shared, 'beats')
  const pattern = /^storm (\w+) of ([\w-]+): (fact-[\w-]+)$/

  function answer(prompt: Prompt): Answer {
    const [, kind, session = '', fact = ''] = pattern.exec(prompt.text.trim()) ?? []
    // Later rounds have the result of a tool, also those of a process that has resumed the turn.
    if (prompt.round > 0) return text(`done with ${fact}`)
    told.set(fact, (told.get(fact) ?? 0) + 1)
    const words = `${fact} is noted, and some more words follow`
    if (kind === 'held') {
      return text(words, { fragmentSize: 8, holdUntil: pause(longMs), holdAfterFragments: 2 })
    }
    if (kind === 'beats') {
      return toolUse('Bash', { command: beatCommand(beatFile, session, Math.ceil(longMs / 100)) })
    }
    if (kind === 'asks') return toolUse('Write', { file_path: join(shared, fact), content: fact })
    return text(words)
  }

  model.script(({ text }) => pattern.test(text.trim()), answer)
  return { prompt: (kind, sessionId, fact) => `storm ${kind} of ${sessionId}: ${fact}`, told, beatFile }
}
