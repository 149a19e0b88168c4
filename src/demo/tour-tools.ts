import { resolve, sep } from 'node:path'
import { type SpokenAnswer, text, together, toolUse } from './answer.ts'
import type { Prompt } from './prompt.ts'
import { mark, say, shorten, type TourItem } from './tour-item.ts'

const quotedCharacters = 2000

export const toolTour: readonly TourItem[] = [
  {
    name: 'write',
    sample: 'Create a file notes.txt with the text hello',
    shows: 'create a file with the tool Write',
    when: /^(?:please )?create (?:a |the )?file (?:called |named )?(\S+)(?:(?: with| containing)(?: the)?(?: text| content)?:?\s+([\s\S]+))?/i,
    answer: (prompt, [, name = '', content = '']) => {
      if (prompt.round > 0) return report(prompt)
      const path = toPathInside(prompt.workingDirectory, name)
      if (path === undefined) return say(`I only create files inside the working directory; ${name} is not.`)
      return call(prompt, [{ tool: 'Write', input: { file_path: path, content } }])
    },
  },
  {
    name: 'run',
    sample: 'Run: ls -la',
    shows: 'run a command with the tool Bash',
    when: /^(?:please )?run(?: the command)?:?\s+(.+)/is,
    answer: (prompt, [, command = '']) =>
      prompt.round > 0
        ? report(prompt)
        : call(prompt, [{ tool: 'Bash', input: { command, description: 'Run what the person asked for' } }]),
  },
  {
    name: 'several tools',
    sample: 'Use several tools at once',
    shows: 'call more than one tool in one message',
    when: /^(?:please )?use (?:several|two|many) tools\b/i,
    answer: prompt =>
      prompt.round > 0
        ? report(prompt)
        : call(prompt, [
            { tool: 'Bash', input: { command: 'pwd', description: 'Name the working directory' } },
            { tool: 'Bash', input: { command: 'ls', description: 'List the working directory' } },
          ]),
  },
]

/** Quotes the results of the latest round of tools, including denied permissions. */
export function report({ toolResults }: Prompt): SpokenAnswer {
  if (toolResults.length === 0) return say('No tool has given anything back.')
  const told = toolResults.map(({ name, content, isError }) => {
    const outcome = isError ? 'did not succeed. It was answered' : 'is done. It gave back'
    return `${name || 'A tool'} ${outcome}:\n${shorten(content, quotedCharacters) || '(nothing)'}`
  })
  return say(told.join('\n\n'))
}

/**
 * Calls the tools, or says which of them the session does not have.
 *
 * @param advice tells how to get a session that has them
 */
export function call(
  prompt: Prompt,
  uses: readonly { tool: string; input: Record<string, unknown> }[],
  advice = '',
): SpokenAnswer {
  const missing = uses.find(use => !prompt.tools.includes(use.tool))
  if (missing) {
    return say(`I would need the tool ${missing.tool}, which this session does not have. ${advice}`.trim())
  }
  const names = uses.map(use => use.tool).join(' and ')
  return together(text(`${mark} I call ${names}.`), ...uses.map(use => toolUse(use.tool, use.input)))
}

function toPathInside(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined
  const path = resolve(directory, name)
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep) ? path : undefined
}
