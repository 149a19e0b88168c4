import { useInfiniteQuery } from '@tanstack/react-query'
import type { SearchResult } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { useMay } from './login-context.tsx'
import { sessionsKey } from './sessions.ts'

/** Where a result leads. */
export function pathOf({ sessionId, turnId }: Pick<SearchResult, 'sessionId' | 'turnId'>): string {
  return turnId === null ? `/sessions/${sessionId}` : `/sessions/${sessionId}/turns/${turnId}`
}

/** Finds titles, prompts and answers. */
export function useSearch(
  q: string,
  options: { archived?: 'true' | 'false' | 'all'; tags?: readonly string[]; limit?: number } = {},
) {
  const { archived, tags = [], limit = 30 } = options
  const tag = tags.length > 0 ? [...tags] : undefined
  const mayRead = useMay('sessions:read')
  return useInfiniteQuery({
    queryKey: [...sessionsKey, 'search', q, archived, tags, limit],
    queryFn: ({ signal, pageParam }) =>
      client.call('search', { query: { q, archived, tag, limit, cursor: pageParam } }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.nextCursor ?? undefined,
    enabled: mayRead && q !== '',
    placeholderData: before => before,
  })
}
