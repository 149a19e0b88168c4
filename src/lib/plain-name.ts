/** ANSI escape sequences, whole. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])|\x9b[0-?]*[ -/]*[@-~]/g
/** Control characters, separators of lines, tags, and what turns the direction of writing around. */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** A name from elsewhere as people can be shown it: without escapes, control and direction characters. */
export function toPlainName(name: string): string {
  return name.replace(escapes, '').replace(hidden, '')
}

/** As `toPlainName`, for text of several lines: ends of lines and tabs stay. */
export function toPlainText(text: string): string {
  return text
    .replace(escapes, '')
    .replace(/\r\n?/g, '\n')
    .replace(hidden, found => (/[\n\t]/.test(found) ? found : ''))
}

/** A value in which the texts of some fields, at any depth, are as `toPlainText` makes them. */
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
