/** Complete ANSI escape sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])|\x9b[0-?]*[ -/]*[@-~]/g
/** Control characters, line separators, tags, and characters that change the direction of writing. */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Makes an untrusted name safe to show: removes escapes, control and direction characters. */
export function toPlainName(name: string): string {
  return name.replace(escapes, '').replace(hidden, '')
}

/** Same as `toPlainName`, for text of several lines: line endings and tabs stay. */
export function toPlainText(text: string): string {
  return text
    .replace(escapes, '')
    .replace(/\r\n?/g, '\n')
    .replace(hidden, found => (/[\n\t]/.test(found) ? found : ''))
}

/** Applies `toPlainText` to the named fields of a value, at any depth. */
export function withPlainFields<T>(value: T, fields: ReadonlySet<string>): T {
  return plain(value, fields, false) as T
}

function plain(value: unknown, fields: ReadonlySet<string>, isShown: boolean): unknown {
  if (typeof value === 'string') return isShown ? toPlainText(value) : value
  if (Array.isArray(value)) return value.map(inner => plain(inner, fields, isShown))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, plain(inner, fields, fields.has(key))]),
  )
}
