import { parse } from 'yaml'

/** The length limit; longer front matter is not read. */
const maxLength = 16 * 1024
/** The limit of YAML indicators; the parser needs a second for a few thousand. */
const indicators = /[[{?&!*%,"']|[-:](?=[ \t])/g
const mostIndicators = 1_000
/** The limit of complex YAML keys (`? key`); each level of nesting multiplies the parse time. */
const complexKeys = /\?(?=\s|$)/g
const mostComplexKeys = 20

export interface MarkdownFile {
  /** The unchanged values; empty without front matter. */
  fields: Record<string, unknown>
  body: string
}

/** Splits a Markdown file into YAML front matter and the text below. Never throws. */
export function parseFrontMatter(text: string): MarkdownFile {
  const match = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|$)/.exec(text)
  if (!match) return { fields: {}, body: text }
  const source = match[1] ?? ''
  const body = text.slice(match[0].length)
  return { fields: isReadable(source) ? parseFields(source) : {}, body }
}

function isReadable(source: string): boolean {
  if (source.length > maxLength) return false
  const count = (pattern: RegExp) => source.match(pattern)?.length ?? 0
  return count(indicators) <= mostIndicators && count(complexKeys) <= mostComplexKeys
}

function parseFields(source: string): Record<string, unknown> {
  try {
    const fields: unknown = parse(source, { maxAliasCount: 0, logLevel: 'error' })
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return { ...fields }
  } catch {
    // Many files have a colon in an unquoted description, which is invalid YAML.
  }
  const lines = source.split(/\r?\n/).flatMap(line => {
    const [, name, value] = /^([A-Za-z][\w-]*):[ \t]+(.*)$/.exec(line) ?? []
    return name !== undefined && value !== undefined ? [[name, parseValue(value.trim())] as const] : []
  })
  return Object.fromEntries(lines)
}

function parseValue(value: string): unknown {
  try {
    const parsed: unknown = parse(value, { maxAliasCount: 0, logLevel: 'error' })
    if (typeof parsed !== 'object' || Array.isArray(parsed)) return parsed
  } catch {
    // The text is kept unchanged.
  }
  return value
}
