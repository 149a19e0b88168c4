import type { Prompt } from '../../contract/turns.ts'
import type { WorkspaceRestored } from '../records.ts'

/** The note for Claude on a directory that is not as it left it. */
export function toRestoredNote({ source, takenAt, turnCutOff, missingFiles }: WorkspaceRestored): string {
  const facts = {
    snapshot: `It was restored from a snapshot of ${takenAt}.`,
    clone: 'There was no snapshot of it: the repository was cloned again, and nothing else is in it.',
    empty: 'There was no snapshot of it: it is empty now.',
  }
  const lines = [
    'This session continues on another machine, in a new copy of the working directory.',
    facts[source],
    turnCutOff && 'Changes to files that were made after that are lost.',
    missingFiles > 0 && `The content of ${missingFiles} files could not be read; these files are empty.`,
    'Programs that ran in the background have ended. Look at the files before you rely on what you remember of them.',
  ]
  return `<system-reminder>\n${lines.filter(Boolean).join('\n')}\n</system-reminder>`
}

/** Whether a prompt can be told together with something else: a command cannot. */
export function canCarryNote(prompt: Prompt, commands: boolean): boolean {
  if (!commands) return true
  const texts =
    typeof prompt === 'string' ? [prompt] : prompt.flatMap(block => (block.type === 'text' ? block.text : []))
  return !texts.some(text => /^\s*\//.test(text))
}

export function withNote(prompt: Prompt, note: string): Prompt {
  const said = typeof prompt === 'string' ? [{ type: 'text' as const, text: prompt }] : prompt
  return [{ type: 'text', text: note }, ...said]
}
