export type TagList = '*' | readonly string[]

/** Formats a strong ETag for the header. */
export function toEtag(tag: string): string {
  return `"${tag}"`
}

/**
 * Parses a list of tags; returns them without quotes.
 *
 * @param weak whether weak tags count: they do for cache validation, but not for changes
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
