/** The text in a code fence that nothing in it can close. */
export function toFence(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`
}

/** The text as a code span; line ends become spaces. */
export function toCodeSpan(text: string): string {
  const ticks = '`'.repeat(longestRun(text) + 1)
  const pad = /^`|`$|^ .* $/.test(text) ? ' ' : ''
  return `${ticks}${pad}${joinLines(text)}${pad}${ticks}`
}

export function toQuote(text: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '>' : `> ${line}`))
    .join('\n')
}

/** Plain text in a line of markdown. */
export function escapeMarkdown(text: string): string {
  return joinLines(text.replace(/[\\`*_[\]<>&#|~]/g, '\\$&'))
}

function longestRun(text: string): number {
  let longest = 0
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return longest
}

/** One line, with a blank for each break. Without a regular expression: that takes long where there are many blanks. */
function joinLines(text: string): string {
  const [first = '', ...rest] = text.split('\n')
  const last = rest.pop()
  if (last === undefined) return text
  const between = rest.map(line => line.trim()).filter(line => line !== '')
  return [first.trimEnd(), ...between, last.trimStart()].join(' ')
}
