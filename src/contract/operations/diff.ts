import { defaults, type Operation, ofSession } from '../operation.ts'
import { diffQuery, diffResponse } from '../workspace.ts'

export const diffOperations = {
  getDiff: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/diff',
    needs: 'owner',
    scopes: ['workspace:read'],
    tag: 'Workspace',
    summary: 'Get the changes in the working directory since the session or one of its turns began',
    params: ofSession,
    query: diffQuery,
    success: [
      {
        status: 200,
        description: 'The differences; empty if there are none',
        schema: diffResponse,
        contentType: 'text/x-diff',
        headers: {
          'X-Diff-Source': 'Unified format only: same as `source` in JSON',
          'X-Diff-Reason': 'Unified format only: same as `reason` in JSON, if it is not null',
          'X-Diff-Truncated': 'Unified format only: `true` if the end is left out',
        },
      },
    ],
    errors: ['SESSION_NOT_FOUND', 'TURN_NOT_FOUND', 'PATH_NOT_ALLOWED'],
    audit: { action: 'file.diff', when: 'answer', fields: ['path', 'since'] },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
