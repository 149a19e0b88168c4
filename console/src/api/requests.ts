import { useQuery } from '@tanstack/react-query'
import type { PermissionRequest } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { useMay } from './login-context.tsx'
import { sessionsKey, titleOf } from './sessions.ts'

export const requestsKey = ['requests']

/** How many open requests are loaded at most; the API's largest page. */
const most = 200

/** How often requests are read by those who may not follow the events of sessions, in milliseconds. */
const periodMs = 10_000

/** Everything that waits for a person, oldest first. */
export function useRequests() {
  const maySee = useMay('permissions:answer', 'sessions:read')
  const isTold = useMay('sessions:read')
  return useQuery({
    queryKey: requestsKey,
    enabled: maySee,
    refetchInterval: isTold ? false : periodMs,
    queryFn: async ({ signal }): Promise<{ requests: PermissionRequest[]; total: number }> => {
      const { permissions, pagination } = await client.call(
        'listAllPermissions',
        { query: { status: 'pending', limit: most } },
        { signal },
      )
      return { requests: permissions, total: pagination.total }
    },
  })
}

export function useOpenRequestCount(): number {
  return useRequests().data?.total ?? 0
}

/** The titles of the sessions that wait for a person, by session. */
export function useWaitingTitles(): ReadonlyMap<string, string> {
  const mayRead = useMay('sessions:read')
  const { data } = useQuery({
    queryKey: [...sessionsKey, 'waiting'],
    enabled: mayRead,
    queryFn: async ({ signal }) => {
      const query = { state: 'requires_action', limit: most } as const
      return (await client.call('listSessions', { query }, { signal })).sessions
    },
  })
  return new Map((data ?? []).map(session => [session.sessionId, titleOf(session)]))
}
