/** Characters after which a mention may begin; Claude Code takes these besides white space. */
const opening = String.raw`[\s。、？！]`
const quoted = new RegExp(`(?:^|${opening})@(?:"([^"\\n]+)"|'([^'\\n]+)')`, 'gu')
const unquoted = new RegExp(`(?:^|${opening})@([^\\s"'。、？！][^\\s]*)`, 'gu')

/** No path of Linux is longer. */
const longestName = 4_096

export interface Mention {
  /** As the prompt has it, without `@` and quotes. */
  text: string
  path: string
  /** Lines from 1, both ends included. */
  lines?: { from: number; to: number }
}

/** The files that a text mentions, each once: `@path`, `@"a path"` and `@path#L1-20`. */
export function findMentions(text: string): Mention[] {
  const inQuotes = [...text.matchAll(quoted)].map(match => match[1] ?? match[2] ?? '')
  const plain = [...text.matchAll(unquoted)]
    .map(match => match[1] ?? '')
    .filter(name => name.length <= longestName)
    .map(withoutPunctuation)
  const found = [...inQuotes.filter(name => !name.endsWith(' (agent)')), ...plain]
  return [...new Set(found)].filter(isFile).map(toMention)
}

/** Characters that end a sentence or a bracket, which are not part of the path. */
function withoutPunctuation(name: string): string {
  const points = [...name]
  const last = points.findLastIndex(point => /[\p{L}\p{N}_~/.]/u.test(point))
  const plain = points.slice(0, last + 1).join('')
  let end = plain.length
  while (plain[end - 1] === '.') end--
  // Dots that are all of a name are a name: `.`, `..`, `~/..`.
  return end === 0 || /[/~]/.test(plain[end - 1] ?? '') ? plain : plain.slice(0, end)
}

/** Agents are named in the same way. */
function isFile(name: string): boolean {
  return name !== '' && name.length <= longestName && !name.startsWith('agent-')
}

function toMention(text: string): Mention {
  const match = /^([^#]+)#L(\d+)(?:-L?(\d+))?$/.exec(text)
  const [, path, from, to = from] = match ?? []
  if (path === undefined || from === undefined) {
    const end = text.indexOf('#', Math.max(1, text.lastIndexOf('/') + 1))
    return { text, path: end === -1 ? text : text.slice(0, end) }
  }
  return { text, path, lines: { from: Number(from), to: Number(to) } }
}
