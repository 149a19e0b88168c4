import type { LineComment } from './comments.ts'

/** Makes the prompt that tells Claude of comments on its changes. */
export function composePrompt(comments: readonly LineComment[]): string {
  const parts = comments.map(({ path, side, line, text, comment }) => {
    const place = side === 'old' ? `removed line ${line}` : `line ${line}`
    return `${quote(path)}, ${place}:\n${fence(text)}\n${comment.trim()}`
  })
  return `Please address these comments on the changes:\n\n${parts.join('\n\n')}\n`
}

/** Code in Markdown, whatever is in it. */
function quote(text: string): string {
  const ticks = '`'.repeat(longestRun(text) + 1)
  const space = /^`|`$/.test(text) ? ' ' : ''
  return `${ticks}${space}${text}${space}${ticks}`
}

function fence(text: string): string {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${ticks}\n${text}\n${ticks}`
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}
