import { shorten } from '../lib/shorten.ts'
import { type FailureReason, failureReasons } from './failure-reasons.ts'
import type { Scope } from './scopes.ts'
import type { WorkspaceFailureReason } from './workspace.ts'

export { type FailureReason, failureReasons }

/**
 * The catalogue of all errors that callers can get. Throw sites name a code; the status, the title and whether a
 * retry can help are defined only here.
 */
export const errorCatalogue = {
  INVALID_REQUEST: { status: 400, title: 'The request is not valid', retryable: false },
  MISSING_API_KEY: { status: 401, title: 'No API key was sent', retryable: false },
  BUDGET_EXCEEDED: { status: 402, title: "The session's budget is used up", retryable: false },
  SPEND_LIMIT_REACHED: {
    status: 402,
    title: 'The key or the tenant has spent what it may in a day or a month',
    retryable: true,
  },
  INVALID_API_KEY: { status: 403, title: 'The API key is not valid', retryable: false },
  SCOPE_REQUIRED: { status: 403, title: 'The key lacks a scope', retryable: false },
  TENANT_NOT_ALLOWED: { status: 403, title: 'The key may not name this tenant', retryable: false },
  GRANT_NOT_ALLOWED: {
    status: 403,
    title: 'A key may not grant more than it has itself',
    retryable: false,
  },
  CWD_NOT_ALLOWED: {
    status: 403,
    title: 'The working directory is outside the allowed roots',
    retryable: false,
  },
  PERMISSION_MODE_NOT_ALLOWED: {
    status: 403,
    title: 'This server does not allow the permission mode',
    retryable: false,
  },
  SETTING_NOT_ALLOWED: {
    status: 403,
    title: 'This server does not allow the setting',
    retryable: false,
  },
  PATH_NOT_ALLOWED: {
    status: 403,
    title: "The path is outside the session's directories, or protected",
    retryable: false,
  },
  WORKSPACE_NOT_ALLOWED: {
    status: 403,
    title: 'Cloning from this location is not allowed',
    retryable: false,
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: 'Web pages of this origin may not use the API',
    retryable: false,
  },
  KEY_REQUIRED: { status: 403, title: 'The key itself must be sent, not a login', retryable: false },
  CSRF_TOKEN_INVALID: { status: 403, title: 'The CSRF token of the login is missing', retryable: false },
  NOT_FOUND: { status: 404, title: 'No such path', retryable: false },
  SESSION_NOT_FOUND: { status: 404, title: 'No such session', retryable: false },
  TURN_NOT_FOUND: { status: 404, title: 'No such turn', retryable: false },
  PERMISSION_REQUEST_NOT_FOUND: { status: 404, title: 'No such permission request', retryable: false },
  ATTACHMENT_NOT_FOUND: { status: 404, title: 'No such attachment', retryable: false },
  FILE_NOT_FOUND: { status: 404, title: 'No such file', retryable: false },
  MCP_SERVER_NOT_FOUND: { status: 404, title: 'No such MCP server', retryable: false },
  TASK_NOT_FOUND: { status: 404, title: 'No such background task', retryable: false },
  KEY_NOT_FOUND: { status: 404, title: 'No such API key', retryable: false },
  WEBHOOK_NOT_FOUND: { status: 404, title: 'No such webhook', retryable: false },
  WEBHOOK_DELIVERY_NOT_FOUND: { status: 404, title: 'No such delivery of the webhook', retryable: false },
  PUSH_SUBSCRIPTION_NOT_FOUND: { status: 404, title: 'No such push subscription', retryable: false },
  PRESET_NOT_FOUND: { status: 404, title: 'No such preset or version', retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path does not support this method', retryable: false },
  REQUEST_TIMEOUT: { status: 408, title: 'The turn did not finish within its timeout', retryable: true },
  SESSION_BUSY: { status: 409, title: 'The session is running a turn', retryable: true },
  IDEMPOTENCY_IN_FLIGHT: {
    status: 409,
    title: 'The first request with this key is still being accepted',
    retryable: true,
  },
  TURN_NOT_IN_CONVERSATION: {
    status: 409,
    title: 'The turn is not part of the current conversation',
    retryable: false,
  },
  TURN_NOT_RETRYABLE: { status: 409, title: 'The turn cannot be retried', retryable: false },
  TRANSCRIPT_INCOMPLETE: {
    status: 409,
    title: "The stored transcript of Claude Code's conversation is incomplete",
    retryable: false,
  },
  PERMISSION_ALREADY_RESOLVED: {
    status: 409,
    title: 'The permission request is already resolved',
    retryable: false,
  },
  ATTACHMENT_IN_USE: {
    status: 409,
    title: 'An unfinished turn needs the attachment',
    retryable: true,
  },
  KEY_REVOKED: { status: 409, title: 'The API key is revoked', retryable: false },
  KEY_LIMIT_REACHED: { status: 409, title: 'The tenant has too many API keys', retryable: false },
  LAST_ADMINISTRATOR: {
    status: 409,
    title: 'The tenant would have no administrator left',
    retryable: false,
  },
  WEBHOOK_DISABLED: { status: 409, title: 'The webhook is disabled', retryable: false },
  WEBHOOK_LIMIT_REACHED: { status: 409, title: 'Too many webhooks', retryable: false },
  PUSH_SUBSCRIPTION_LIMIT_REACHED: { status: 409, title: 'Too many push subscriptions', retryable: false },
  SESSION_ID_TAKEN: { status: 409, title: 'The id belongs to another session', retryable: false },
  PRESET_EXISTS: { status: 409, title: 'The name belongs to another preset', retryable: false },
  PRESET_ARCHIVED: { status: 409, title: 'The preset is archived', retryable: false },
  PRESET_VERSION_CONFLICT: {
    status: 409,
    title: 'The preset has a newer version',
    retryable: false,
  },
  PRESET_SECRETS_UNREADABLE: {
    status: 409,
    title: 'The secrets of the preset cannot be read',
    retryable: false,
  },
  PRESET_LIMIT_REACHED: { status: 409, title: 'Too many presets or versions', retryable: false },
  SESSION_EXPIRED: { status: 410, title: 'The session has expired', retryable: false },
  SESSION_ENDED: { status: 410, title: 'The session has ended', retryable: false },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'The file is not in the expected state',
    retryable: false,
  },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The body is too large', retryable: false },
  ATTACHMENT_LIMIT_REACHED: {
    status: 413,
    title: "The attachment exceeds the session's limit",
    retryable: false,
  },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The Content-Type is not supported', retryable: false },
  BODY_ALREADY_READ: {
    status: 415,
    title: 'Middleware in front of the API has already read the body',
    retryable: false,
  },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'The range is outside the file', retryable: false },
  HOST_NOT_ALLOWED: { status: 421, title: 'The API does not answer to this host', retryable: false },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The idempotency key was already used with another body',
    retryable: false,
  },
  WORKSPACE_FAILED: { status: 422, title: 'The workspace could not be created', retryable: false },
  MAX_SESSIONS_REACHED: { status: 429, title: 'Too many active sessions', retryable: true },
  TURN_QUEUE_FULL: { status: 429, title: 'Too many turns are waiting', retryable: true },
  RATE_LIMIT_EXCEEDED: { status: 429, title: 'Too many requests', retryable: true },
  MODEL_RATE_LIMITED: {
    status: 429,
    title: "The model's API rate-limits the server's account",
    retryable: true,
  },
  CALLER_LIMIT_REACHED: { status: 429, title: 'The caller has reached a limit', retryable: true },
  SESSION_CREATE_FAILED: { status: 500, title: 'The session could not be created', retryable: true },
  LIST_SESSIONS_FAILED: { status: 500, title: 'The sessions could not be listed', retryable: true },
  GET_SESSION_FAILED: { status: 500, title: 'The session could not be read or changed', retryable: true },
  END_SESSION_FAILED: { status: 500, title: 'The session could not be ended', retryable: true },
  MESSAGE_SEND_FAILED: { status: 500, title: 'The turn failed', retryable: true },
  GET_MESSAGES_FAILED: { status: 500, title: 'The history could not be read', retryable: true },
  SSE_SETUP_FAILED: { status: 500, title: 'The stream could not be opened', retryable: true },
  INTERNAL: { status: 500, title: 'Unexpected error', retryable: true },
  AGENT_UNAVAILABLE: { status: 503, title: 'Claude Code is not available', retryable: true },
  MODEL_OVERLOADED: { status: 503, title: "The model's API is overloaded", retryable: true },
  SERVER_LIMIT_REACHED: {
    status: 503,
    title: 'The server has reached a limit on concurrent use',
    retryable: true,
  },
  STORE_UNAVAILABLE: { status: 503, title: 'The database cannot be reached', retryable: true },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: 'The keys of the identity provider cannot be fetched',
    retryable: true,
  },
  NODE_UNAVAILABLE: { status: 503, title: 'The node of the session does not answer', retryable: true },
  WORKSPACE_UNAVAILABLE: {
    status: 503,
    title: "No running node has the session's directory",
    retryable: true,
  },
  SHUTTING_DOWN: { status: 503, title: 'The server is shutting down', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>

export type ErrorCode = keyof typeof errorCatalogue
export const errorCodes = Object.keys(errorCatalogue) as ErrorCode[]

/** One invalid field of a request. */
export interface RequestIssue {
  path: string
  message: string
}

interface DetailsByCode {
  /** At most 100 issues; `omittedIssues` counts the rest. */
  INVALID_REQUEST: { issues: RequestIssue[]; omittedIssues?: number }
  METHOD_NOT_ALLOWED: { allowed: string[] }
  /** `anyOf`: one of these scopes is needed; empty: no scope would do. */
  SCOPE_REQUIRED: { anyOf: Scope[] }
  PERMISSION_MODE_NOT_ALLOWED: { permissionMode: string }
  /** `setting` is the requested value, `option` the server's option that would allow it. */
  SETTING_NOT_ALLOWED: { setting: string; option: string; allowed: string[] }
  /** `option` is the server's option that would allow it. */
  ORIGIN_NOT_ALLOWED: { option: string }
  HOST_NOT_ALLOWED: { option: string }
  /** In US dollars. */
  BUDGET_EXCEEDED: { limit: number; spent: number }
  CWD_NOT_ALLOWED: { allowedRoots: string[] }
  WORKSPACE_FAILED: { type: string; reason: WorkspaceFailureReason }
  MAX_SESSIONS_REACHED: { limit: number; active: number }
  TURN_QUEUE_FULL: { limit: number; waiting: number }
  RATE_LIMIT_EXCEEDED: { limit: number; window: number; reset: number }
  /**
   * `limitName` is the name of the server's option; with `level`, that of a limit of the key or the tenant, of which
   * so much is `used`. `retryAt`: when it frees (ISO 8601), if that is known.
   */
  CALLER_LIMIT_REACHED: { limitName: string; limit: number; level?: string; used?: number; retryAt?: string }
  /** In US dollars. With `turnId`, the turn was accepted before. */
  SPEND_LIMIT_REACHED:
    | {
        limitName: string
        level: string
        limit: number
        used: number
        retryAt: string
      }
    | { turnId: string; reason: FailureReason; retryAt?: string }
  SERVER_LIMIT_REACHED: { limitName: string; limit: number }
  PAYLOAD_TOO_LARGE: { limit: number }
  RANGE_NOT_SATISFIABLE: { sizeBytes: number }
  REQUEST_TIMEOUT: { turnId: string; timeout: number }
  MESSAGE_SEND_FAILED: { turnId: string; reason: FailureReason } | undefined
  AGENT_UNAVAILABLE: { reason: FailureReason; turnId?: string }
  /** `retryAt`: when the model's API accepts requests again, if it said so (ISO 8601). */
  MODEL_OVERLOADED: { turnId: string; reason: FailureReason; retryAt?: string }
  MODEL_RATE_LIMITED: { turnId: string; reason: FailureReason; retryAt?: string }
  SESSION_BUSY: { turnId: string }
  TURN_NOT_IN_CONVERSATION: { turnId: string; reason: 'rewound' | 'never_sent' | 'shared_past' }
  TURN_NOT_RETRYABLE: { turnId: string; status: string; reason: 'not_ended' | 'completed' | 'later_turns' }
  PERMISSION_ALREADY_RESOLVED: { permissionId: string; status: string }
  SHUTTING_DOWN: { turnId: string } | undefined
  ATTACHMENT_IN_USE: { turnId: string }
  ATTACHMENT_LIMIT_REACHED: { limit: number; used: number }
  /** `field`: the field of the request that asks for too much. */
  GRANT_NOT_ALLOWED: { field: string }
  KEY_LIMIT_REACHED: { limit: number }
  /** `reason`: `disabledReason` of the webhook. */
  WEBHOOK_DISABLED: { reason: string }
  WEBHOOK_LIMIT_REACHED: { limit: number }
  PUSH_SUBSCRIPTION_LIMIT_REACHED: { limit: number }
  PRESET_VERSION_CONFLICT: { latestVersion: number }
  /** `limitName`: what there are too many of. */
  PRESET_LIMIT_REACHED: { limitName: 'presets' | 'versions' | 'totalBytes'; limit: number }
}

/** The `details` of an error with this code. */
export type ErrorDetails<C extends ErrorCode> = C extends keyof DetailsByCode ? DetailsByCode[C] : undefined

type DetailsArgument<C extends ErrorCode> =
  undefined extends ErrorDetails<C> ? [details?: ErrorDetails<C>] : [details: ErrorDetails<C>]

/**
 * An error for the caller, who gets its code, message and details unchanged.
 * Any other thrown error is a bug, and its text stays in the log.
 */
export class ServiceError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly details: ErrorDetails<C> | undefined

  constructor(code: C, message: string, ...[details]: DetailsArgument<C>) {
    super(shorten(message, longestMessage))
    this.name = 'ServiceError'
    this.code = code
    this.details = details
  }
}

/** Messages and paths can contain the caller's text, so their length is limited. */
const longestMessage = 2_000
const longestIssueText = 500
const mostIssues = 100

/** A 400 that names one field; an empty path is the body as a whole. */
export function invalidField(path: string, message: string): ServiceError<'INVALID_REQUEST'> {
  return invalidRequest([{ path, message }])
}

/** A 400 that names all invalid fields, at most 100. */
export function invalidRequest(
  found: readonly RequestIssue[],
  total = found.length,
): ServiceError<'INVALID_REQUEST'> {
  const issues = found.slice(0, mostIssues).map(({ path, message }) => ({
    path: shorten(path, longestIssueText),
    message: shorten(message, longestIssueText),
  }))
  const named = issues.slice(0, 5).map(({ path, message }) => (path ? `${path}: ${message}` : message))
  const more = total > named.length ? `; and ${total - named.length} more` : ''
  const omittedIssues = total - issues.length
  return new ServiceError('INVALID_REQUEST', shorten(named.join('; '), longestMessage - 50) + more, {
    issues,
    ...(omittedIssues > 0 && { omittedIssues }),
  })
}

const nouns = {
  SESSION_NOT_FOUND: 'Session',
  TURN_NOT_FOUND: 'Turn',
  PERMISSION_REQUEST_NOT_FOUND: 'Permission request',
  ATTACHMENT_NOT_FOUND: 'Attachment',
  TASK_NOT_FOUND: 'Task',
  MCP_SERVER_NOT_FOUND: 'MCP server',
  KEY_NOT_FOUND: 'API key',
  WEBHOOK_NOT_FOUND: 'Webhook',
  WEBHOOK_DELIVERY_NOT_FOUND: 'Delivery',
  PUSH_SUBSCRIPTION_NOT_FOUND: 'Push subscription',
  PRESET_NOT_FOUND: 'Preset',
} as const satisfies Partial<Record<ErrorCode, string>>
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A 404 for an unknown id. Only UUIDs are repeated: any other text may be a secret that was pasted by mistake. */
export function notFound<C extends keyof typeof nouns>(code: C, id: string): ServiceError {
  const noun = nouns[code]
  return new ServiceError<keyof typeof nouns>(
    code,
    uuid.test(id) ? `${noun} ${id} not found` : `${noun} not found`,
  )
}
