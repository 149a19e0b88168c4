import { z } from 'zod'
import {
  backgroundAccepted,
  listMessagesQuery,
  listMessagesResponse,
  sendMessageRequest,
  sendMessageResponse,
  streamMessageRequest,
  streamPointer,
} from '../messages.ts'
import {
  defaults,
  eventStream,
  idempotencyHeaders,
  type Operation,
  ofSession,
  replayHeaders,
} from '../operation.ts'
import { eventsQuery } from '../sessions.ts'

export const messagesOperations = {
  sendMessage: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/messages',
    needs: 'owner',
    scopes: ['sessions:write'],
    tag: 'Messages',
    summary: 'Send a prompt and wait for the answer',
    params: ofSession,
    headers: idempotencyHeaders,
    body: sendMessageRequest,
    success: [
      {
        status: 200,
        description: 'The answer; with `stream: true`, the URL of the stream endpoint',
        schema: z.union([sendMessageResponse, streamPointer]),
        headers: replayHeaders,
      },
      {
        status: 202,
        description: 'Accepted, with `background: true`',
        schema: backgroundAccepted,
        headers: replayHeaders,
      },
    ],
    errors: [
      'BUDGET_EXCEEDED',
      'SPEND_LIMIT_REACHED',
      'SESSION_NOT_FOUND',
      'REQUEST_TIMEOUT',
      'SESSION_BUSY',
      'IDEMPOTENCY_IN_FLIGHT',
      'SESSION_EXPIRED',
      'SESSION_ENDED',
      'IDEMPOTENCY_KEY_REUSED',
      'TURN_QUEUE_FULL',
      'MODEL_RATE_LIMITED',
      'AGENT_UNAVAILABLE',
      'MODEL_OVERLOADED',
    ],
    audit: { action: 'prompt.send', when: 'change', fields: ['onBusy', 'commands'], prompt: 'prompt' },
    fault: 'MESSAGE_SEND_FAILED',
  },
  streamMessage: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/stream',
    needs: 'owner',
    scopes: ['sessions:write'],
    tag: 'Messages',
    summary: 'Send a prompt and stream the answer as server-sent events',
    params: ofSession,
    headers: idempotencyHeaders,
    body: streamMessageRequest,
    success: [
      {
        status: 200,
        description:
          '`connected`, then `message`, `delta`, `delta.voided`, `activity`, `permission.requested` and `permission.resolved`, then exactly one `complete` or `error`',
        contentType: eventStream,
        headers: replayHeaders,
      },
    ],
    errors: [
      'BUDGET_EXCEEDED',
      'SPEND_LIMIT_REACHED',
      'SESSION_NOT_FOUND',
      'SESSION_BUSY',
      'IDEMPOTENCY_IN_FLIGHT',
      'SESSION_EXPIRED',
      'SESSION_ENDED',
      'IDEMPOTENCY_KEY_REUSED',
      'TURN_QUEUE_FULL',
    ],
    audit: { action: 'prompt.send', when: 'change', fields: ['onBusy', 'commands'], prompt: 'prompt' },
    fault: 'SSE_SETUP_FAILED',
  },
  listMessages: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/messages',
    scopes: ['sessions:read'],
    tag: 'Messages',
    summary: 'Get the history, oldest first',
    params: ofSession,
    query: listMessagesQuery,
    success: [{ status: 200, description: 'One page', schema: listMessagesResponse }],
    errors: ['SESSION_NOT_FOUND'],
    audit: { action: 'conversation.read', when: 'refusal' },
    fault: 'GET_MESSAGES_FAILED',
  },
  followEvents: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/events',
    needs: 'owner',
    scopes: ['sessions:read'],
    tag: 'Messages',
    summary: 'Stream past and live events as server-sent events, resumable with Last-Event-ID',
    params: ofSession,
    query: eventsQuery,
    headers: z.strictObject({
      'Last-Event-ID': z
        .string()
        .regex(/^\d{0,15}$/, 'must be a sequence number')
        .optional()
        .meta({
          description:
            'The last sequence that the client has received: the stream continues after it; overrides `after`',
        }),
    }),
    success: [
      {
        status: 200,
        description:
          'Stored events, `caught_up`, then live events. The stream ends after the last event of the turn named by `turnId`, or of a session that has ended or expired',
        contentType: eventStream,
      },
      {
        status: 204,
        description:
          'There are no events after the requested position and none can follow: the turn or the session is over. An EventSource does not reconnect',
      },
    ],
    errors: ['SESSION_NOT_FOUND', 'TURN_NOT_FOUND'],
    audit: { action: 'conversation.read', when: 'refusal' },
    fault: 'SSE_SETUP_FAILED',
  },
} as const satisfies Record<string, Operation>
