import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ApiError, type Operations } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { readMetrics } from './read-metrics.ts'

/** How often the state of the server is read while it is shown, in milliseconds: no event reports it. */
const periodMs = 5_000

export function useHealth() {
  return useQuery({
    queryKey: ['server', 'health'],
    queryFn: ({ signal }) => client.call('getHealth', undefined, { signal }),
    refetchInterval: periodMs,
  })
}

/** The measurements of the server; null: the key may not see them. */
export function useMetrics() {
  return useQuery({
    queryKey: ['server', 'metrics'],
    async queryFn({ signal }) {
      try {
        const response = (await client.call('getMetrics', undefined, { signal })) as Response
        return readMetrics(await response.text())
      } catch (error) {
        if (error instanceof ApiError && error.code === 'SCOPE_REQUIRED') return null
        throw error
      }
    },
    refetchInterval: periodMs,
  })
}

export type AuditFilter = Omit<NonNullable<Operations['listAudit']['query']>, 'limit' | 'cursor' | 'order'>

/** The audit log, newest entries first. */
export function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) =>
      client.call('listAudit', { query: { ...filter, limit: 100, cursor: pageParam } }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ pagination }) =>
      (pagination.hasMore ? pagination.nextCursor : undefined) ?? undefined,
  })
}
