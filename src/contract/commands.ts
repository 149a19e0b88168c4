import { z } from 'zod'
import type { Prompt } from './turns.ts'

/**
 * Commands that no prompt may run: they reach beyond the session, to the settings, the files or the other
 * conversations of the user that the server runs as.
 */
const refusedCommands = new Set([
  'config',
  'settings',
  'autocompact',
  'auto-mode-setup',
  'heapdump',
  'insights',
])

export const commands = z
  .boolean()
  .default(false)
  .meta({
    description: `Whether a prompt that begins with \`/\` runs a slash command or a skill, and \`@path\` puts in a file; else both are text. Refused: ${[...refusedCommands].map(name => `\`/${name}\``).join(', ')}`,
  })

interface Commanding {
  prompt: Prompt
  commands: boolean
  onBusy: string
}

/** Adds to a request's checks those that belong to `commands`. */
export function checkCommands({ value, issues }: z.core.ParsePayload<Commanding>): void {
  if (!value.commands) return
  const name = findCommand(value.prompt)
  if (name !== undefined && isRefusedCommand(name)) {
    const message = `/${name} is not available here: it reaches beyond the session`
    issues.push({ code: 'custom', path: ['prompt'], message, input: value.prompt })
  }
  if (value.onBusy === 'steer') {
    const message = 'cannot be steer with commands: a command is a turn of its own'
    issues.push({ code: 'custom', path: ['onBusy'], message, input: value.onBusy })
  }
}

export function isRefusedCommand(name: string): boolean {
  return refusedCommands.has(name.toLowerCase())
}

/** The command that Claude Code would run: it looks at a text, or at the last text of several blocks. */
function findCommand(prompt: Prompt): string | undefined {
  const text = typeof prompt === 'string' ? prompt : prompt.findLast(block => block.type === 'text')?.text
  return text === undefined ? undefined : /^\s*\/(\S+)/.exec(text)?.[1]
}
