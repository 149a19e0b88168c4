import { forkSessionRequest, rewindSessionRequest, rewindSessionResponse } from '../branching.ts'
import { defaults, idempotencyHeaders, type Operation, ofSession, replayHeaders } from '../operation.ts'
import { createSessionResponse } from '../sessions.ts'

export const branchingOperations = {
  forkSession: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/fork',
    needs: 'owner',
    scopes: ['sessions:write'],
    reach: 'tenant',
    tag: 'Conversation',
    summary: 'Create a session that shares the past of this one; both continue independently',
    params: ofSession,
    body: forkSessionRequest,
    bodyOptional: true,
    headers: idempotencyHeaders,
    success: [
      {
        status: 201,
        description: 'The new session',
        schema: createSessionResponse,
        headers: replayHeaders,
      },
    ],
    errors: [
      'SESSION_NOT_FOUND',
      'TURN_NOT_FOUND',
      'SESSION_BUSY',
      'TURN_NOT_IN_CONVERSATION',
      'TRANSCRIPT_INCOMPLETE',
      'CWD_NOT_ALLOWED',
      'PERMISSION_MODE_NOT_ALLOWED',
      'SETTING_NOT_ALLOWED',
      'WORKSPACE_FAILED',
      'IDEMPOTENCY_IN_FLIGHT',
      'IDEMPOTENCY_KEY_REUSED',
      'MAX_SESSIONS_REACHED',
    ],
    audit: { action: 'session.fork', when: 'change', fields: ['afterTurnId'] },
    fault: 'SESSION_CREATE_FAILED',
  },
  rewindSession: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/rewind',
    needs: 'owner',
    scopes: ['sessions:write'],
    tag: 'Conversation',
    summary: 'Rewind to before a turn: the conversation, the files that Claude changed, or both',
    params: ofSession,
    body: rewindSessionRequest,
    success: [
      {
        status: 200,
        description: 'What was rewound; with `dryRun`, what would be',
        schema: rewindSessionResponse,
      },
    ],
    errors: [
      'SESSION_NOT_FOUND',
      'TURN_NOT_FOUND',
      'SESSION_BUSY',
      'TURN_NOT_IN_CONVERSATION',
      'TRANSCRIPT_INCOMPLETE',
      'SESSION_EXPIRED',
      'SESSION_ENDED',
    ],
    audit: {
      action: 'session.rewind',
      when: 'change',
      fields: ['toTurnId', 'conversation', 'files', 'overwriteOthers', 'dryRun'],
    },
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
