/** The text in a code fence that nothing in it can close. */
export function toFence(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`
}

/** The text as a code span; line ends become spaces. */
export function toCodeSpan(text: string): string {
  const ticks = '`'.repeat(longestRun(text) + 1)
  const pad = /^`|`$|^ .* $/.test(text) ? ' ' : ''
  return `${ticks}${pad}${text.replace(/\s*\n\s*/g, ' ')}${pad}${ticks}`
}

export function toQuote(text: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '>' : `> ${line}`))
    .join('\n')
}

/**
 * Markdown of somebody else in the middle of a page: its HTML is shown and does nothing, and a fence that it left
 * open is closed.
 */
export function tameMarkdown(text: string): string {
  let fence: string | undefined
  const lines = text.split('\n').map(line => {
    const wasOpen = fence !== undefined
    fence = nextFence(fence, line)
    return wasOpen || fence !== undefined ? line : showTags(line)
  })
  if (fence !== undefined) lines.push(fence)
  return lines.join('\n')
}

/** Plain text in a line of markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>&#|~]/g, '\\$&').replace(/\s*\n\s*/g, ' ')
}

function longestRun(text: string): number {
  let longest = 0
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return longest
}

/** The fence that is open after the line. */
function nextFence(open: string | undefined, line: string): string | undefined {
  const [, fence, rest = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? []
  if (fence === undefined) return open
  if (open === undefined) return fence.startsWith('`') && rest.includes('`') ? undefined : fence
  const closes = fence.startsWith(open) && rest.trim() === ''
  return closes ? undefined : open
}

/** Escapes what would begin a tag outside of code spans. */
function showTags(line: string): string {
  let shown = ''
  let position = 0
  for (const [start, end] of findCodeSpans(line)) {
    shown += escapeTags(line.slice(position, start)) + line.slice(start, end)
    position = end
  }
  return shown + escapeTags(line.slice(position))
}

function escapeTags(text: string): string {
  return text.replace(/<(?=[A-Za-z/!?])/g, '&lt;')
}

/** Where code spans begin and end: with runs of equally many backticks. */
function findCodeSpans(line: string): [start: number, end: number][] {
  const runs = [...line.matchAll(/`+/g)].map(({ 0: { length }, index }) => ({ length, index }))
  const later = Map.groupBy([...runs].reverse(), ({ length }) => length)
  const spans: [number, number][] = []
  let position = 0
  for (const { length, index } of runs) {
    const sameLength = later.get(length)
    // The run itself, and those that a span before has taken.
    while ((sameLength?.at(-1)?.index ?? Number.POSITIVE_INFINITY) <= index) sameLength?.pop()
    const closing = sameLength?.at(-1)
    if (index < position || !closing) continue
    position = closing.index + length
    spans.push([index, position])
  }
  return spans
}
