import { z } from 'zod'
import type { Prompt } from './turns.ts'

/**
 * Commands that prompts may not run: they reach beyond the session, to the settings, files or other
 * conversations of the server's user.
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
    description: `Whether a prompt that begins with \`/\` runs a slash command or a skill, and \`@path\` includes a file. Otherwise both are plain text. Refused: ${[...refusedCommands].map(name => `\`/${name}\``).join(', ')}`,
  })

interface Commanding {
  prompt: Prompt
  commands: boolean
  onBusy: string
}

/** Adds the checks of `commands` to a request's schema. */
export function checkCommands({ value, issues }: z.core.ParsePayload<Commanding>): void {
  if (!value.commands) return
  const name = findCommand(value.prompt)
  if (name !== undefined && isRefusedCommand(name)) {
    const message = `/${name} is not available here: it reaches beyond the session`
    issues.push({ code: 'custom', path: ['prompt'], message, input: value.prompt })
  }
  if (value.onBusy === 'steer') {
    const message = 'cannot be steer with commands: a command needs a turn of its own'
    issues.push({ code: 'custom', path: ['onBusy'], message, input: value.onBusy })
  }
}

export function isRefusedCommand(name: string): boolean {
  return refusedCommands.has(name.toLowerCase())
}

/** The command that Claude Code would run. Claude Code looks at a text, or at the last text block. */
function findCommand(prompt: Prompt): string | undefined {
  const text = typeof prompt === 'string' ? prompt : prompt.findLast(block => block.type === 'text')?.text
  return text === undefined ? undefined : /^\s*\/(\S+)/.exec(text)?.[1]
}
