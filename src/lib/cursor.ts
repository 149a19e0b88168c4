import { createHash } from 'node:crypto'

export type CursorKey = readonly (string | number)[]

/**
 * The end of a page as an opaque text.
 *
 * @param list names the list and everything that decides what is in it
 */
export function toCursor(list: readonly unknown[], key: CursorKey): string {
  return Buffer.from(JSON.stringify([...key, digestOf(list, key)])).toString('base64url')
}

/** The key that `toCursor` was given for the same list; undefined for any other text. */
export function readCursor(list: readonly unknown[], cursor: string): CursorKey | undefined {
  const values = parse(Buffer.from(cursor, 'base64url').toString())
  const digest = values?.pop()
  if (!values?.every(value => typeof value === 'string' || typeof value === 'number')) return undefined
  // Decoding is forgiving about letters that are not of the alphabet.
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
