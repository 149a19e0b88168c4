export type TagList = '*' | readonly string[]

/** A strong ETag as the header has it. */
export function toEtag(tag: string): string {
  return `"${tag}"`
}

/**
 * The tags of a list, without their quotes.
 *
 * @param weak whether weak tags count: they do where a copy is checked, not where something is to be changed
 */
export function parseTags(
  header: string | undefined,
  weak: 'weak count' | 'only strong',
): TagList | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].flatMap(([, isWeak, tag = '']) =>
    isWeak && weak === 'only strong' ? [] : [tag],
  )
}
