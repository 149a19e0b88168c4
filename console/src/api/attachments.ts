import { queryOptions } from '@tanstack/react-query'
import { client, mount } from './connection.ts'

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
  })
}

/** The address of an attachment, for links that download it. */
export function attachmentAddress(sessionId: string, attachmentId: string): string {
  return `${mount}/api/sessions/${sessionId}/attachments/${attachmentId}`
}
