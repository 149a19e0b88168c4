import { createHash } from 'node:crypto'

export type CursorKey = readonly (string | number)[]

/**
 * Encodes the end of a page as an opaque text.
 *
 * @param list identifies the list and everything that determines its content
 */
export function toCursor(list: readonly unknown[], key: CursorKey): string {
  return Buffer.from(JSON.stringify([...key, digestOf(list, key)])).toString('base64url')
}

/** Decodes a cursor of `toCursor` for the same list; undefined for any other text. */
export function readCursor(list: readonly unknown[], cursor: string): CursorKey | undefined {
  const values = parse(Buffer.from(cursor, 'base64url').toString())
  const digest = values?.pop()
  if (!values?.every(value => typeof value === 'string' || typeof value === 'number')) return undefined
  // Decoding ignores characters outside the alphabet.
  const isWhole = digest === digestOf(list, values) && toCursor(list, values) === cursor
  return isWhole ? values : undefined
}

function digestOf(list: readonly unknown[], key: CursorKey): string {
  return createHash('sha256')
    .update(JSON.stringify([list, key]))
    .digest('base64url')
    .slice(0, 11)
}

function parse(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
