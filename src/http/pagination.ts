import { invalidField } from '../contract/errors.ts'
import type { Pagination } from '../contract/turns.ts'
import { type CursorKey, readCursor, toCursor } from '../lib/cursor.ts'

interface PageQuery {
  limit: number
  offset: number
  cursor?: string | undefined
}

export interface ListPage {
  /** The end of the previous page; undefined: no cursor was given. */
  readonly key: CursorKey | undefined
  /** The limit for the store: one more than the page size, to detect a next page. */
  readonly page: { limit: number; offset: number }
  /** Builds the page from the items; `total` counts all matches. */
  close<T>(
    found: readonly T[],
    total: number,
    keyOf: (item: T) => CursorKey,
  ): { items: T[]; pagination: Pagination }
  /** The same for a page that was asked for without the one more. */
  paginate(last: CursorKey | undefined, hasMore: boolean, total: number): Pagination
}

/**
 * Resolves the page of a list. A cursor continues after an item, regardless of changes before it; an offset counts.
 *
 * @param list identifies the list and everything that determines its content
 * @throws ServiceError INVALID_REQUEST that names `cursor`
 */
export function openPage({ limit, offset, cursor }: PageQuery, list: readonly unknown[]): ListPage {
  const key = cursor === undefined ? undefined : readCursor(list, cursor)
  if (cursor !== undefined && key === undefined) throw invalidField('cursor', 'must be a cursor of this list')
  if (key !== undefined && offset > 0) throw invalidField('offset', 'cannot be combined with cursor')
  const paginate = (last: CursorKey | undefined, hasMore: boolean, total: number): Pagination => {
    const nextCursor = hasMore && last !== undefined ? toCursor(list, last) : null
    return { limit, offset, total, hasMore, nextCursor }
  }
  return {
    key,
    page: { limit: limit + 1, offset },
    paginate,
    close(found, total, keyOf) {
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const key = last === undefined ? undefined : keyOf(last)
      return { items, pagination: paginate(key, found.length > limit, total) }
    },
  }
}

/** The position of an item in a list that is ordered by time and id. */
export function toPosition(key: CursorKey | undefined): { position?: { at: number; id: string } } {
  return key === undefined ? {} : { position: { at: Number(key[0]), id: String(key[1]) } }
}
