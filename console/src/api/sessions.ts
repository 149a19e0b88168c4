import { useQuery } from '@tanstack/react-query'
import { client } from './connection.ts'

export const sessionsKey = ['sessions']

/** The newest sessions that take prompts. */
export function useRecentSessions() {
  return useQuery({
    queryKey: [...sessionsKey, 'recent'],
    queryFn: async ({ signal }) =>
      (await client.call('listSessions', { query: { limit: 15 } }, { signal })).sessions,
  })
}

export function useSession(sessionId: string) {
  return useQuery({
    queryKey: ['session', sessionId],
    queryFn: ({ signal }) => client.session(sessionId).get({ signal }),
  })
}

export interface FoundSession {
  sessionId: string
  title: string | null
  /** The words around the match; null: the title matches. */
  excerpt: string | null
  path: string
}

/** Sessions for the command palette: the newest ones, or those that the text is found in. */
export async function findSessions(text: string, signal: AbortSignal): Promise<FoundSession[]> {
  const { sessions } = await client.call('listSessions', { query: { limit: 50 } }, { signal })
  return sessions
    .filter(({ title }) => text === '' || title?.toLowerCase().includes(text.toLowerCase()))
    .slice(0, 8)
    .map(({ sessionId, title }) => ({ sessionId, title, excerpt: null, path: `/sessions/${sessionId}` }))
}
