import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Operations } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { useLogin, useMay } from './login-context.tsx'
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

/** The measurements of the server, for keys that may see them. */
export function useMetrics() {
  const { caller } = useLogin()
  const isAdmin = useMay('admin')
  return useQuery({
    queryKey: ['server', 'metrics'],
    enabled: isAdmin && caller.administersServer && caller.sessionId === null,
    async queryFn({ signal }) {
      const response = (await client.call('getMetrics', undefined, { signal })) as Response
      return readMetrics(await response.text())
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
