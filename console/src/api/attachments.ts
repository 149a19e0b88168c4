import { queryOptions } from '@tanstack/react-query'
import { client } from './connection.ts'

/** The content of an attachment, which never changes. */
export function attachmentQuery(sessionId: string, attachmentId: string) {
  return queryOptions({
    queryKey: ['attachment', sessionId, attachmentId],
    queryFn: async ({ signal }) => {
      const input = { params: { sessionId, attachmentId } }
      return ((await client.call('getAttachment', input, { signal })) as Response).blob()
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 300_000,
    retry: false,
  })
}
