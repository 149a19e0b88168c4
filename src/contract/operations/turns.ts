import { defaults, type Operation, ofSession, ofTurn } from '../operation.ts'
import { interruptRequest, interruptResponse, listTurnsQuery, listTurnsResponse, turn } from '../turns.ts'

export const turnsOperations = {
  listTurns: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/turns',
    tag: 'Turns',
    summary: 'The turns of a session, oldest first',
    params: ofSession,
    query: listTurnsQuery,
    success: [{ status: 200, description: 'One page', schema: listTurnsResponse }],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'INTERNAL',
  },
  getTurn: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/turns/:turnId',
    tag: 'Turns',
    summary: 'One turn and its outcome',
    params: ofTurn,
    success: [{ status: 200, description: 'The turn', schema: turn }],
    errors: ['SESSION_NOT_FOUND', 'TURN_NOT_FOUND'],
    fault: 'INTERNAL',
  },
  interruptSession: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/interrupt',
    tag: 'Turns',
    summary: 'Stop the running turn',
    params: ofSession,
    body: interruptRequest,
    bodyOptional: true,
    success: [{ status: 200, description: 'What was stopped', schema: interruptResponse }],
    errors: ['SESSION_NOT_FOUND', 'TURN_NOT_FOUND'],
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>
