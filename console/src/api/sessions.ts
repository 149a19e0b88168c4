import { queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Operations, PatchSessionRequest, SessionSummary } from '../../../src/client/index.ts'
import { revealText } from '../lib/revealed-text.ts'
import { client } from './connection.ts'
import { useMay } from './login-context.tsx'

export const sessionsKey = ['sessions']
export const sessionKey = (sessionId: string) => ['session', sessionId]

export type SessionFilter = Omit<NonNullable<Operations['listSessions']['query']>, 'limit' | 'cursor'>

/** The newest sessions that take prompts. */
export function useRecentSessions() {
  const mayRead = useMay('sessions:read')
  return useQuery({
    queryKey: [...sessionsKey, 'recent'],
    enabled: mayRead,
    queryFn: async ({ signal }) =>
      (await client.call('listSessions', { query: { limit: 15 } }, { signal })).sessions,
  })
}

/** The sessions that match, newest activity first, page by page. */
export function useSessionList(filter: SessionFilter) {
  return useInfiniteQuery({
    queryKey: [...sessionsKey, 'list', filter],
    queryFn: ({ signal, pageParam }) =>
      client.call('listSessions', { query: { ...filter, limit: 50, cursor: pageParam } }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.nextCursor ?? undefined,
  })
}

export function sessionQuery(sessionId: string) {
  return queryOptions({
    queryKey: sessionKey(sessionId),
    queryFn: ({ signal }) => client.session(sessionId).get({ signal }),
  })
}

export function useSession(sessionId: string) {
  return useQuery(sessionQuery(sessionId))
}

/** Changes a session: its title, tags, model and so on. */
export function usePatchSession(sessionId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (changes: PatchSessionRequest) => client.session(sessionId).update(changes),
    onSuccess(session) {
      queries.setQueryData(sessionKey(sessionId), session)
      return queries.invalidateQueries({ queryKey: sessionsKey })
    },
  })
}

export function useEndSession(sessionId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => client.session(sessionId).end(),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: sessionsKey }),
        queries.invalidateQueries({ queryKey: sessionKey(sessionId) }),
      ]),
  })
}

export function useModels() {
  return useQuery({
    queryKey: ['models'],
    queryFn: async ({ signal }) => (await client.call('listModels', undefined, { signal })).models,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The titles of the newest sessions, whatever their state, by session. */
export function useSessionTitles(enabled: boolean): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: [...sessionsKey, 'titles'],
    queryFn: async ({ signal }) => {
      const query = { status: 'all', archived: 'all', limit: 200 } as const
      return (await client.call('listSessions', { query }, { signal })).sessions
    },
    enabled,
  })
  return new Map((data ?? []).map(session => [session.sessionId, titleOf(session)]))
}

/** The name that a session goes by. */
export function titleOf({ title, sessionId }: Pick<SessionSummary, 'title' | 'sessionId'>): string {
  return title === null ? `Untitled session ${sessionId.slice(0, 8)}` : revealText(title)
}
