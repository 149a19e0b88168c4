import { feedHeaders, feedQuery } from '../feed.ts'
import { defaults, eventStream, type Operation } from '../operation.ts'

export const feedOperations = {
  followFeed: {
    ...defaults,
    method: 'get',
    path: '/events',
    scopes: ['sessions:read'],
    tag: 'Sessions',
    summary: 'Stream the events of all sessions in one order, resumable with Last-Event-ID',
    query: feedQuery,
    headers: feedHeaders,
    success: [
      {
        status: 200,
        description:
          'Stored events, `caught_up`, then live events. Each has the form of the event of its session; `id:` is its position among the events of all sessions, which grows in the order of commits. Pieces of messages do not come here',
        contentType: eventStream,
      },
    ],
    errors: ['TENANT_NOT_ALLOWED'],
    audit: { action: 'session.list', when: 'refusal' },
    fault: 'SSE_SETUP_FAILED',
  },
} as const satisfies Record<string, Operation>
