/**
 * Returns a value as PostgreSQL can hold it: in a text, U+FFFD stands for NUL, and for half of a surrogate pair, which
 * UTF-8 cannot say. Texts that are JSON have escapes in their place and stay as they are.
 */
export function toStorable(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd').toWellFormed() : value
}
