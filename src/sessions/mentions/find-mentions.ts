/** Characters after which a mention may begin; Claude Code takes these besides white space. */
const opening = String.raw`[\s。、？！]`
const quoted = new RegExp(`(?:^|${opening})@(?:"([^"\\n]+)"|'([^'\\n]+)')`, 'gu')
const unquoted = new RegExp(`(?:^|${opening})@([^\\s"'。、？！][^\\s]*)`, 'gu')

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
  const plain = [...text.matchAll(unquoted)].map(match => withoutPunctuation(match[1] ?? ''))
  const found = [...inQuotes.filter(name => !name.endsWith(' (agent)')), ...plain]
  return [...new Set(found)].filter(isFile).map(toMention)
}

/** What ends a sentence or a bracket is not part of the path. */
function withoutPunctuation(name: string): string {
  return name.replace(/[^\p{L}\p{N}_~/.]+$/u, '').replace(/(?<=[^./~])\.+$/, '')
}

/** Agents are named in the same way. */
function isFile(name: string): boolean {
  return name !== '' && !name.startsWith('agent-')
}

function toMention(text: string): Mention {
  const match = /^([^#]+)#L(\d+)(?:-L?(\d+))?$/.exec(text)
  const [, path, from, to = from] = match ?? []
  if (path === undefined || from === undefined) return { text, path: text.replace(/(?<=.)#[^/]*$/, '') }
  return { text, path, lines: { from: Number(from), to: Number(to) } }
}
