import { z } from 'zod'
import type { ErrorCode } from './errors.ts'
import {
  backgroundAccepted,
  listMessagesQuery,
  listMessagesResponse,
  sendMessageRequest,
  sendMessageResponse,
  streamMessageRequest,
  streamPointer,
} from './messages.ts'
import {
  createSessionRequest,
  createSessionResponse,
  eventsQuery,
  listSessionsQuery,
  listSessionsResponse,
  patchSessionRequest,
  session,
} from './sessions.ts'
import { healthResponse, listModelsResponse } from './system.ts'
import { interruptRequest, interruptResponse, listTurnsQuery, listTurnsResponse, turn } from './turns.ts'

export type Method = 'get' | 'post' | 'patch' | 'delete'

/** A successful answer. Without a schema it has no JSON body: `contentType` says what it is, if anything. */
export interface Success {
  status: number
  description: string
  schema?: z.ZodType
  contentType?: string
  /** Response headers, each with what it says. */
  headers?: Readonly<Record<string, string>>
}

/** One endpoint: routing, authentication, validation, OpenAPI and the tests' coverage all read this. */
export interface Operation {
  method: Method
  /** Relative to the mount path, parameters as `:name`. */
  path: string
  tag: 'Sessions' | 'Messages' | 'Turns' | 'System'
  summary: string
  /** `none`: open to everyone, and not counted by the rate limit. */
  auth: 'key' | 'none'
  params: z.ZodObject | null
  query: z.ZodType | null
  /** Request headers that mean something to this operation alone; others are nobody's business here. */
  headers: z.ZodObject | null
  body: z.ZodType | null
  /** Whether a request without a body counts as one with `{}`. */
  bodyOptional: boolean
  success: readonly Success[]
  /** Beyond those that every operation can answer (see `commonErrors`). */
  errors: readonly ErrorCode[]
  /** What an unexpected fault in this operation answers. */
  fault: ErrorCode
}

/** Codes that any operation with a key can answer. */
export const commonErrors = [
  'INVALID_REQUEST',
  'MISSING_API_KEY',
  'INVALID_API_KEY',
  'RATE_LIMIT_EXCEEDED',
  'SHUTTING_DOWN',
] as const satisfies ErrorCode[]
/** Codes that any operation with a body can answer. */
export const bodyErrors = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const satisfies ErrorCode[]

const ofSession = z.strictObject({ sessionId: z.string().meta({ format: 'uuid' }) })
const ofTurn = ofSession.extend({ turnId: z.string().meta({ format: 'uuid' }) })
const eventStream = 'text/event-stream'

/** Operations that make something, and make it once however often they are sent with the same key. */
const idempotencyHeaders = z.strictObject({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .meta({
      description:
        'Makes it safe to send the request again: with the same key and the same body within 24 hours it is answered with what the first one led to. Taken as it is, quotes included; keys are told apart by API key',
    }),
})
const replayHeaders = {
  'Idempotent-Replayed':
    '`true` when an earlier request with this Idempotency-Key was accepted, and this is its outcome; also on the error that its turn ended with',
} as const

const defaults = {
  auth: 'key',
  params: null,
  query: null,
  headers: null,
  body: null,
  bodyOptional: false,
} as const

export const operations = {
  createSession: {
    ...defaults,
    method: 'post',
    path: '/sessions',
    tag: 'Sessions',
    summary: 'Create a session',
    body: createSessionRequest,
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
      'CWD_NOT_ALLOWED',
      'PERMISSION_MODE_NOT_ALLOWED',
      'IDEMPOTENCY_IN_FLIGHT',
      'IDEMPOTENCY_KEY_REUSED',
      'MAX_SESSIONS_REACHED',
    ],
    fault: 'SESSION_CREATE_FAILED',
  },
  listSessions: {
    ...defaults,
    method: 'get',
    path: '/sessions',
    tag: 'Sessions',
    summary: 'List sessions, newest activity first',
    query: listSessionsQuery,
    success: [{ status: 200, description: 'One page', schema: listSessionsResponse }],
    errors: [],
    fault: 'LIST_SESSIONS_FAILED',
  },
  getSession: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId',
    tag: 'Sessions',
    summary: 'Get one session',
    params: ofSession,
    success: [{ status: 200, description: 'The session', schema: session }],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'GET_SESSION_FAILED',
  },
  patchSession: {
    ...defaults,
    method: 'patch',
    path: '/sessions/:sessionId',
    tag: 'Sessions',
    summary: 'Change a session',
    params: ofSession,
    body: patchSessionRequest,
    success: [{ status: 200, description: 'The session as it is now', schema: session }],
    errors: ['SESSION_NOT_FOUND', 'SESSION_EXPIRED', 'SESSION_ENDED', 'PERMISSION_MODE_NOT_ALLOWED'],
    fault: 'GET_SESSION_FAILED',
  },
  endSession: {
    ...defaults,
    method: 'delete',
    path: '/sessions/:sessionId',
    tag: 'Sessions',
    summary: 'End a session',
    params: ofSession,
    success: [{ status: 204, description: 'Ended, now or before' }],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'END_SESSION_FAILED',
  },
  sendMessage: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/messages',
    tag: 'Messages',
    summary: 'Send a prompt and wait for the answer',
    params: ofSession,
    headers: idempotencyHeaders,
    body: sendMessageRequest,
    success: [
      {
        status: 200,
        description: 'The answer; with `stream: true` a pointer to the stream endpoint',
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
      'SESSION_NOT_FOUND',
      'REQUEST_TIMEOUT',
      'SESSION_BUSY',
      'IDEMPOTENCY_IN_FLIGHT',
      'SESSION_EXPIRED',
      'SESSION_ENDED',
      'IDEMPOTENCY_KEY_REUSED',
      'TURN_QUEUE_FULL',
      'AGENT_UNAVAILABLE',
    ],
    fault: 'MESSAGE_SEND_FAILED',
  },
  streamMessage: {
    ...defaults,
    method: 'post',
    path: '/sessions/:sessionId/stream',
    tag: 'Messages',
    summary: 'Send a prompt and receive server-sent events until it is answered',
    params: ofSession,
    headers: idempotencyHeaders,
    body: streamMessageRequest,
    success: [
      {
        status: 200,
        description: '`connected`, then `message` and `delta`, then exactly one `complete` or `error`',
        contentType: eventStream,
        headers: replayHeaders,
      },
    ],
    errors: [
      'SESSION_NOT_FOUND',
      'SESSION_BUSY',
      'IDEMPOTENCY_IN_FLIGHT',
      'SESSION_EXPIRED',
      'SESSION_ENDED',
      'IDEMPOTENCY_KEY_REUSED',
      'TURN_QUEUE_FULL',
    ],
    fault: 'SSE_SETUP_FAILED',
  },
  listMessages: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/messages',
    tag: 'Messages',
    summary: 'The history, oldest first',
    params: ofSession,
    query: listMessagesQuery,
    success: [{ status: 200, description: 'One page', schema: listMessagesResponse }],
    errors: ['SESSION_NOT_FOUND'],
    fault: 'GET_MESSAGES_FAILED',
  },
  followEvents: {
    ...defaults,
    method: 'get',
    path: '/sessions/:sessionId/events',
    tag: 'Messages',
    summary: 'Past and live events as server-sent events, resumable with Last-Event-ID',
    params: ofSession,
    query: eventsQuery,
    headers: z.strictObject({
      'Last-Event-ID': z
        .string()
        .regex(/^\d{0,15}$/, 'must be a sequence')
        .optional()
        .meta({
          description: 'The newest sequence that has arrived: goes on after it, whatever `after` says',
        }),
    }),
    success: [
      { status: 200, description: 'Stored events, `caught_up`, then live ones', contentType: eventStream },
    ],
    errors: ['SESSION_NOT_FOUND', 'TURN_NOT_FOUND'],
    fault: 'SSE_SETUP_FAILED',
  },
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
  listModels: {
    ...defaults,
    method: 'get',
    path: '/models',
    tag: 'System',
    summary: 'Models that a session can ask for',
    success: [{ status: 200, description: 'What Claude Code reports', schema: listModelsResponse }],
    errors: [],
    fault: 'INTERNAL',
  },
  getHealth: {
    ...defaults,
    auth: 'none',
    method: 'get',
    path: '/health',
    tag: 'System',
    summary: 'Whether the server can do its work',
    success: [
      { status: 200, description: '`healthy` or `degraded`', schema: healthResponse },
      { status: 503, description: '`unhealthy`', schema: healthResponse },
    ],
    errors: [],
    fault: 'INTERNAL',
  },
  getOpenApi: {
    ...defaults,
    method: 'get',
    path: '/openapi.json',
    tag: 'System',
    summary: 'This API as an OpenAPI 3.1 document',
    success: [{ status: 200, description: 'The document', schema: z.record(z.string(), z.unknown()) }],
    errors: [],
    fault: 'INTERNAL',
  },
  getDocs: {
    ...defaults,
    method: 'get',
    path: '/docs',
    tag: 'System',
    summary: 'This API as a page to read; a browser may send the key as the password of HTTP Basic',
    success: [{ status: 200, description: 'The page', contentType: 'text/html' }],
    errors: [],
    fault: 'INTERNAL',
  },
} as const satisfies Record<string, Operation>

export type OperationId = keyof typeof operations
export const operationIds = Object.keys(operations) as OperationId[]

/** The table's entry in its general form. */
export function getOperation(id: OperationId): Operation {
  return operations[id]
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : Record<string, never>
/** What an operation's handler is given, after validation. */
export interface OperationInput<Id extends OperationId> {
  params: Parsed<(typeof operations)[Id]['params']>
  query: Parsed<(typeof operations)[Id]['query']>
  headers: Parsed<(typeof operations)[Id]['headers']>
  body: Parsed<(typeof operations)[Id]['body']>
}

type SuccessOf<Id extends OperationId> = (typeof operations)[Id]['success'][number]
/** The JSON answers that an operation may give. */
export type OperationOutput<Id extends OperationId> =
  SuccessOf<Id> extends infer S
    ? S extends { status: infer Status; schema: infer Schema extends z.ZodType }
      ? { status: Status; body: z.input<Schema> }
      : S extends { contentType: string }
        ? never
        : S extends { status: infer Status }
          ? { status: Status; body?: undefined }
          : never
    : never
