import { defaults, type Operation, ofSession } from '../operation.ts'
import { diffQuery, diffResponse } from '../workspace.ts'

export const diffOperations = {
  getDiff: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/diff',
    tag: 'Workspace',
    summary: 'What has changed in the working directory since the session or one of its turns began',
    params: ofSession,
    query: diffQuery,
    success: [
      {
        status: 200,
        description: 'The differences; an empty one when there are none',
        schema: diffResponse,
        contentType: 'text/x-diff',
        headers: {
          'X-Diff-Source': 'Of the unified form: what the JSON says as `source`',
          'X-Diff-Reason': 'Of the unified form: what the JSON says as `reason`, where it is not null',
          'X-Diff-Truncated': 'Of the unified form: `true` when the end is left out',
        },
      },
    ],
    errors: ['SESSION_NOT_FOUND', 'TURN_NOT_FOUND', 'PATH_NOT_ALLOWED'],
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
