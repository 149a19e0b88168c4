import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** Patterns that make comments hard to read; see "Words" in CONTRIBUTING.md. */
const hardToRead: { pattern: RegExp; instead: string }[] = [
  { pattern: /^What\b/, instead: 'begin with a noun or a verb' },
  {
    pattern: /\b(nobody|somebody|whoever)\b/i,
    instead: 'name the component: the caller, the session, the reader',
  },
  {
    pattern: /\b(heart|former life|earlier life)\b/i,
    instead: 'name the layer, or say "a previous run"',
  },
  { pattern: /(?<![Tt]here )\bis (no (?!longer)[a-z]+|none\b)/, instead: 'write "is not a"' },
  { pattern: /\b(goes|going|go) on\b|\btaken? up\b|\blets? go\b/, instead: 'continues, resumes, releases' },
]

export function importsOf(file: string): string[] {
  const text = textOf(file)
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(match => match[1] ?? '')
}

/** The files of ours that a file imports. */
export function neighboursOf(file: string): string[] {
  return importsOf(file)
    .filter(name => name.startsWith('.'))
    .map(name => relative(root, join(root, dirname(file), name)))
}

/** The first circle of imports as a way that ends where it begins; empty: there is none. */
export function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (node: string, way: readonly string[]): string[] => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node]
    if (done.has(node)) return []
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...way, node])
      if (circle.length > 0) return circle
    }
    done.add(node)
    return []
  }
  for (const node of graph.keys()) {
    const circle = visit(node, [])
    if (circle.length > 0) return circle
  }
  return []
}

/** The comments of a source text, each as one line. */
function commentsOf(text: string): string[] {
  return [...text.matchAll(/\/\*\*?([\s\S]*?)\*\/|(?:^|\s)\/\/ (.*)$/gm)].map(match =>
    (match[1] ?? match[2] ?? '')
      .replace(/\n\s*\*/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  )
}

/** The comments that are hard to read, each with a suggestion. */
export function findHardComments(text: string): string[] {
  return commentsOf(text).flatMap(comment =>
    hardToRead.filter(({ pattern }) => pattern.test(comment)).map(({ instead }) => `${comment} (${instead})`),
  )
}

export function codeOf(file: string): string {
  return textOf(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
