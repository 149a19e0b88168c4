import { z } from 'zod'
import type { AuditRule } from './audit.ts'
import type { ErrorCode } from './errors.ts'
import { pathId } from './primitives.ts'
import type { Scope } from './scopes.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/**
 * The needs of an operation on the node that answers, where several share a database: `store`, nothing of its own; `owner`, the
 * process of the session or the right to write to it; `view`, the same as far as a node has it, else the store; `end`,
 * the right to write, but not the directory; `place`, room for a new session.
 */
export type Needs = 'store' | 'owner' | 'view' | 'end' | 'place'

/** The groups of operations, in the order of the documentation. */
export const tags = [
  'Sessions',
  'Presets',
  'Messages',
  'Turns',
  'Permissions',
  'Conversation',
  'Workspace',
  'Webhooks',
  'Push',
  'Keys',
  'Audit',
  'System',
] as const

/** A successful response. `schema` describes a JSON body; `contentType` names other types, if any. */
export interface Success {
  status: number
  description: string
  schema?: z.ZodType
  contentType?: string
  /** Response headers with their descriptions. */
  headers?: Readonly<Record<string, string>>
}

/** One endpoint, for routing, authentication, validation, OpenAPI and the tests' coverage. */
export interface Operation {
  method: Method
  /** The path relative to the mount path, with parameters as `:name`. */
  path: string
  tag: (typeof tags)[number]
  summary: string
  /** `none`: open to all callers, and not rate-limited. */
  auth: 'key' | 'none'
  /** The caller needs one of these; empty: any valid key will do. */
  scopes: readonly Scope[]
  /**
   * How much an operation shows or changes: one session, what a tenant has, or the whole server. Keys that are bound to
   * a session cannot use operations of a tenant, and only keys of the configuration those of the server.
   */
  reach: 'session' | 'tenant' | 'server'
  needs: Needs
  /** Whether the caller must send its key: a login of the console is not enough. */
  keyOnly: boolean
  params: z.ZodObject | null
  query: z.ZodType | null
  /** Request headers that are specific to this operation. */
  headers: z.ZodObject | null
  body: z.ZodType | null
  /** Describes a body that is not JSON. Such bodies are limited by the option `maxUploadBytes`. */
  upload: string | null
  /** Whether a request without a body is treated like `{}`. */
  bodyOptional: boolean
  success: readonly Success[]
  /** Error codes of this operation, in addition to `commonErrors`. */
  errors: readonly ErrorCode[]
  /** How the operation appears in the audit log. */
  audit: AuditRule
  /** The code for an unexpected fault in this operation. */
  fault: ErrorCode
}

/** Error codes of all operations that need a key. */
export const commonErrors = [
  'INVALID_REQUEST',
  'MISSING_API_KEY',
  'INVALID_API_KEY',
  'SCOPE_REQUIRED',
  'ORIGIN_NOT_ALLOWED',
  'HOST_NOT_ALLOWED',
  'RATE_LIMIT_EXCEEDED',
  'CALLER_LIMIT_REACHED',
  'SERVER_LIMIT_REACHED',
  'STORE_UNAVAILABLE',
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'SHUTTING_DOWN',
] as const satisfies ErrorCode[]
/** Error codes of all operations that one node answers, where several share a database. */
export const nodeErrors = ['NODE_UNAVAILABLE', 'WORKSPACE_UNAVAILABLE'] as const satisfies ErrorCode[]
/** Error codes of all operations with a body. */
export const bodyErrors = [
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'BODY_ALREADY_READ',
] as const satisfies ErrorCode[]

export const ofSession = z.strictObject({ sessionId: pathId.meta({ description: 'Id of the session' }) })
export const ofTurn = ofSession.extend({ turnId: pathId.meta({ description: 'Id of the turn' }) })
export const eventStream = 'text/event-stream'

/** The request header of idempotent operations. */
export const idempotencyHeaders = z.strictObject({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .meta({
      description:
        'Makes retries safe: within 24 hours, the same key with the same body returns the response to the first request. The value is used as it is, quotes included. Each API key has its own idempotency keys',
    }),
})
export const replayHeaders = {
  'Idempotent-Replayed':
    '`true` if this is the response to an earlier request with the same Idempotency-Key, including the error of a failed turn',
} as const

export const defaults = {
  auth: 'key',
  scopes: [],
  reach: 'session',
  needs: 'store',
  keyOnly: false,
  params: null,
  query: null,
  headers: null,
  body: null,
  upload: null,
  bodyOptional: false,
} as const
