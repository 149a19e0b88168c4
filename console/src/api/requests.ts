import { useQuery } from '@tanstack/react-query'
import type { PermissionRequest } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { sessionsKey, titleOf } from './sessions.ts'

export const requestsKey = ['requests']

/** How many open requests are loaded at most; the API's largest page. */
const most = 200

/** Everything that waits for a person, oldest first. */
export function useRequests() {
  return useQuery({
    queryKey: requestsKey,
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
  const { data } = useQuery({
    queryKey: [...sessionsKey, 'waiting'],
    queryFn: async ({ signal }) => {
      const query = { state: 'requires_action', limit: most } as const
      return (await client.call('listSessions', { query }, { signal })).sessions
    },
  })
  return new Map((data ?? []).map(session => [session.sessionId, titleOf(session)]))
}
