/** A part of a JSON value that cannot be stored or passed on. */
export interface JsonFlaw {
  /** Such as `a.b[0]`; empty for the value itself. */
  path: string
  message: string
}

/** Formats a path for people: `prompt[0].text`. */
export function toPath(segments: readonly PropertyKey[]): string {
  return segments.reduce<string>(
    (path, segment) =>
      typeof segment === 'number'
        ? `${path}[${segment}]`
        : path
          ? `${path}.${String(segment)}`
          : String(segment),
    '',
  )
}

/**
 * Finds the first flaw of a parsed JSON value: nesting deeper than `maxDepth`, NUL or half a surrogate pair in a text
 * or a key, and keys named `__proto__`, which most code drops silently.
 */
export function findJsonFlaw(value: unknown, maxDepth: number): JsonFlaw | undefined {
  return findFlaw(value, [], maxDepth)
}

function findFlaw(value: unknown, path: PropertyKey[], levelsLeft: number): JsonFlaw | undefined {
  if (typeof value === 'string') {
    const message = flawOfText(value)
    return message === undefined ? undefined : { path: toPath(path), message }
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (levelsLeft === 0) return { path: toPath(path), message: 'is nested too deeply' }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const flaw = findFlaw(item, [...path, index], levelsLeft - 1)
      if (flaw) return flaw
    }
    return undefined
  }
  for (const [key, item] of Object.entries(value)) {
    const message = key === '__proto__' ? 'is not allowed as a key' : flawOfText(key)
    if (message) return { path: toPath([...path, key.toWellFormed()]), message }
    const flaw = findFlaw(item, [...path, key], levelsLeft - 1)
    if (flaw) return flaw
  }
  return undefined
}

function flawOfText(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain NUL'
  return text.isWellFormed() ? undefined : 'must not contain half a surrogate pair'
}
