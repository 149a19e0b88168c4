import type { Pagination } from '../contract/turns.ts'

/** Tells where a page lies; `total` counts everything that matches. */
export function toPagination(
  { limit, offset }: { limit: number; offset: number },
  pageSize: number,
  total: number,
): Pagination {
  return { limit, offset, total, hasMore: offset + pageSize < total }
}
