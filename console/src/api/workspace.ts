import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { DiffResponse, Turn } from '../../../src/client/index.ts'
import { client, mount } from './connection.ts'
import { useSession } from './sessions.ts'

/** Not below the session's key: a comparison takes seconds, and is not to be begun with each event. */
export const workspaceKey = (sessionId: string) => ['workspace', sessionId]

/** @param since `session`, or the id of a turn */
export function useDiff(sessionId: string, since: string) {
  return useQuery({
    queryKey: [...workspaceKey(sessionId), 'diff', since],
    queryFn: async ({ signal }): Promise<DiffResponse> => {
      const input = { params: { sessionId }, query: { since, format: 'files' as const } }
      return (await client.call('getDiff', input, { signal })) as DiffResponse
    },
    placeholderData: keepPreviousData,
  })
}

/** The changes as one patch. */
export async function readPatch(sessionId: string, since: string): Promise<{ text: string; isCut: boolean }> {
  const response = (await client.call('getDiff', { params: { sessionId }, query: { since } })) as Response
  return { text: await response.text(), isCut: response.headers.has('x-diff-truncated') }
}

/** How many turns are offered to compare with. */
const mostTurns = 100

/** The newest turns, newest first. */
export function useNewestTurns(sessionId: string) {
  return useQuery({
    queryKey: ['session', sessionId, 'turns', 'newest'],
    queryFn: async ({ signal }): Promise<Turn[]> => {
      const read = (offset: number) =>
        client.call('listTurns', { params: { sessionId }, query: { limit: mostTurns, offset } }, { signal })
      const first = await read(0)
      const { total } = first.pagination
      const { turns } = total > mostTurns ? await read(total - mostTurns) : first
      return turns.toReversed()
    },
  })
}

/** The entries of one directory, page by page. */
export function useDirectory(sessionId: string, path: string, isOpen = true) {
  return useInfiniteQuery({
    queryKey: [...workspaceKey(sessionId), 'directory', path],
    enabled: isOpen,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam: cursor }) =>
      client.call('listFiles', { params: { sessionId }, query: { path, cursor } }, { signal }),
    getNextPageParam: page => page.nextCursor ?? undefined,
  })
}

/** Loads files and changes again when the session has come to rest after new events. */
export function useFreshWorkspace(sessionId: string): void {
  const queries = useQueryClient()
  const session = useSession(sessionId).data
  const isAtRest = session !== undefined && session.state !== 'running'
  const sequence = session?.lastSequence
  const seen = useRef(sequence)
  useEffect(() => {
    if (!isAtRest || sequence === seen.current) return
    const isFirst = seen.current === undefined
    seen.current = sequence
    if (!isFirst) queries.invalidateQueries({ queryKey: workspaceKey(sessionId) })
  }, [queries, sessionId, isAtRest, sequence])
}

/** The address of a file's content, for links that download it. */
export function fileAddress(sessionId: string, path: string): string {
  return `${mount}/api/sessions/${sessionId}/files/content?${new URLSearchParams({ path })}`
}

/** The address of a directory as an archive. */
export function archiveAddress(sessionId: string, path: string): string {
  return `${mount}/api/sessions/${sessionId}/archive?${new URLSearchParams({ path })}`
}
