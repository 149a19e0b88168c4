import { invalidField } from '../contract/errors.ts'
import type { Pagination } from '../contract/turns.ts'
import { type CursorKey, readCursor, toCursor } from '../lib/cursor.ts'

interface PageQuery {
  limit: number
  offset: number
  cursor?: string | undefined
}

export interface ListPage {
  /** Where the page before ended; undefined: no cursor was given. */
  readonly key: CursorKey | undefined
  /** To be asked of the store: one more than is shown tells whether there is a next page. */
  readonly page: { limit: number; offset: number }
  /** The items that are shown, and where they lie; `total` counts everything that matches. */
  close<T>(
    found: readonly T[],
    total: number,
    keyOf: (item: T) => CursorKey,
  ): { items: T[]; pagination: Pagination }
  /** The same for a page that was asked for without the one more. */
  paginate(last: CursorKey | undefined, hasMore: boolean, total: number): Pagination
}

/**
 * One page of a list. A cursor goes on behind an item, whatever happens to those before it; an offset counts.
 *
 * @param list names the list and everything that decides what is in it
 * @throws ServiceError INVALID_REQUEST that names `cursor`
 */
export function openPage({ limit, offset, cursor }: PageQuery, list: readonly unknown[]): ListPage {
  const key = cursor === undefined ? undefined : readCursor(list, cursor)
  if (cursor !== undefined && key === undefined) throw invalidField('cursor', 'is not a cursor of this list')
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

/** The place of an item in a list that is ordered by a time and an id. */
export function toPosition(key: CursorKey | undefined): { position?: { at: number; id: string } } {
  return key === undefined ? {} : { position: { at: Number(key[0]), id: String(key[1]) } }
}
