/**
 * Characters that JSON allows raw inside a string and that some clients take for the end of a line: NEL (U+0085),
 * LINE SEPARATOR and PARAGRAPH SEPARATOR, as Python's `str.splitlines` does. JSON escapes all others (U+000A to
 * U+000D, U+001C to U+001E) by itself.
 */
const lineEnds = /[\u0085\u2028\u2029]/g
const hasLineEnd = /[\u0085\u2028\u2029]/

/** Serializes the value as JSON on one line, whatever a client takes for the end of a line. */
export function toJsonLine(value: unknown): string {
  return escapeLineEnds(JSON.stringify(value))
}

/** Escapes line ends inside the strings of a JSON text; the value that it stands for stays the same. */
export function escapeLineEnds(json: string): string {
  if (!hasLineEnd.test(json)) return json
  return json.replace(lineEnds, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
