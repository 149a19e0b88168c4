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
  return {
    key,
    page: { limit: limit + 1, offset },
    close(found, total, keyOf) {
      const items = found.slice(0, limit)
      const last = items.at(-1)
      const hasMore = found.length > limit
      const nextCursor = hasMore && last !== undefined ? toCursor(list, keyOf(last)) : null
      return { items, pagination: { limit, offset, total, hasMore, nextCursor } }
    },
  }
}

/** The place of an item in a list that is ordered by a time and an id. */
export function toPosition(key: CursorKey | undefined): { position?: { at: number; id: string } } {
  return key === undefined ? {} : { position: { at: Number(key[0]), id: String(key[1]) } }
}
