import { z } from 'zod'
import type { ErrorCode } from './errors.ts'
import { pathId } from './primitives.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** In the order of the documentation. */
export const tags = [
  'Sessions',
  'Messages',
  'Turns',
  'Permissions',
  'Conversation',
  'Workspace',
  'System',
] as const

/** A successful answer. The schema is that of a JSON body; `contentType` says what else it may be, if anything. */
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
  tag: (typeof tags)[number]
  summary: string
  /** `none`: open to everyone, and not counted by the rate limit. */
  auth: 'key' | 'none'
  params: z.ZodObject | null
  query: z.ZodType | null
  /** Request headers that mean something to this operation alone; others are nobody's business here. */
  headers: z.ZodObject | null
  body: z.ZodType | null
  /** The body is a content of its own and no JSON: what it is. Bounded by `maxUploadBytes` of the configuration. */
  upload: string | null
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
  'ORIGIN_NOT_ALLOWED',
  'HOST_NOT_ALLOWED',
  'RATE_LIMIT_EXCEEDED',
  'CALLER_LIMIT_REACHED',
  'SERVER_LIMIT_REACHED',
  'STORE_UNAVAILABLE',
  'SHUTTING_DOWN',
] as const satisfies ErrorCode[]
/** Codes that any operation with a body can answer. */
export const bodyErrors = [
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'BODY_ALREADY_READ',
] as const satisfies ErrorCode[]

export const ofSession = z.strictObject({ sessionId: pathId })
export const ofTurn = ofSession.extend({ turnId: pathId })
export const eventStream = 'text/event-stream'

/** Operations that make something, and make it once however often they are sent with the same key. */
export const idempotencyHeaders = z.strictObject({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .meta({
      description:
        'Makes it safe to send the request again: with the same key and the same body within 24 hours it is answered with what the first one led to. Taken as it is, quotes included; keys are told apart by API key',
    }),
})
export const replayHeaders = {
  'Idempotent-Replayed':
    '`true` when an earlier request with this Idempotency-Key was accepted, and this is its outcome; also on the error that its turn ended with',
} as const

export const defaults = {
  auth: 'key',
  params: null,
  query: null,
  headers: null,
  body: null,
  upload: null,
  bodyOptional: false,
} as const
