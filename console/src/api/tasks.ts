import { useQuery } from '@tanstack/react-query'
import type { Task } from '../../../src/client/index.ts'
import { client } from './connection.ts'
import { sessionKey } from './sessions.ts'

/** The API's largest page. */
const most = 1_000

/** The subagents and background tasks of a session, newest first. */
export function useTasks(sessionId: string) {
  return useQuery({
    queryKey: [...sessionKey(sessionId), 'tasks'],
    queryFn: async ({ signal }): Promise<Task[]> => {
      const input = { params: { sessionId }, query: { limit: most } }
      return (await client.call('listTasks', input, { signal })).tasks.toReversed()
    },
  })
}
