import {
  type ErrorCode,
  type ErrorDetails,
  errorCatalogue,
  errorCodes,
  invalidField,
  notFound,
} from '../errors.ts'
import { adviseRetry } from '../retry.ts'
import type { ErrorResponse } from '../system.ts'
import { ids, times } from './ids.ts'

const { sessionId, turnId, nextTurnId } = ids

/** An unexpected error in an operation has the code of the operation, and no details. */
const fault = (code: ErrorCode): [string] => [
  `${errorCatalogue[code].title}; see the server's log for this request id`,
]
const missing = (code: Parameters<typeof notFound>[0], id: string): [string] => [notFound(code, id).message]
const invalid = invalidField('prompt', 'is required')

type Facts<C extends ErrorCode> =
  undefined extends ErrorDetails<C> ? [string, ErrorDetails<C>?] : [string, ErrorDetails<C>]

/** A message and the details of each code, as the server sends them. */
const facts: { [C in ErrorCode]: Facts<C> } = {
  INVALID_REQUEST: [invalid.message, invalid.details as ErrorDetails<'INVALID_REQUEST'>],
  MISSING_API_KEY: ['Send an API key in the header x-api-key, or as Authorization: Bearer'],
  BUDGET_EXCEEDED: [
    `Session ${sessionId} has spent $2.51 of its budget of $2.50; raise maxBudgetUsd with PATCH to continue`,
    { limit: 2.5, spent: 2.5083 },
  ],
  SPEND_LIMIT_REACHED: [
    'The key has used 25.1 of its 25 US dollars a day (spendPerDayUsd); this frees at 2026-03-03T00:00:00.000Z',
    {
      limitName: 'spendPerDayUsd',
      level: 'key',
      limit: 25,
      used: 25.1,
      retryAt: '2026-03-03T00:00:00.000Z',
    },
  ],
  INVALID_API_KEY: ['The API key is not valid'],
  KEY_REQUIRED: ['A login of the console is not enough here: send the API key in the header x-api-key'],
  CSRF_TOKEN_INVALID: ['Send the csrfToken of this login, from GET /session of the console, in x-csrf-token'],
  SCOPE_REQUIRED: ['This needs a key with the scope workspace:write', { anyOf: ['workspace:write'] }],
  TENANT_NOT_ALLOWED: ['Only keys of the configuration may name another tenant'],
  GRANT_NOT_ALLOWED: [
    'scopes: this would grant the scope workspace:write, which your key lacks',
    { field: 'scopes' },
  ],
  CWD_NOT_ALLOWED: ['cwd /etc is outside the allowed roots', { allowedRoots: ['/srv/projects'] }],
  PERMISSION_MODE_NOT_ALLOWED: [
    'permissionMode bypassPermissions is off on this server; its owner allows it with allowBypassPermissions: true',
    { permissionMode: 'bypassPermissions' },
  ],
  SETTING_NOT_ALLOWED: [
    "mcpServers.database would start a program; this server's owner can allow that with allowStdioMcpServers: true",
    { setting: 'mcpServers.database', option: 'allowStdioMcpServers', allowed: ['http', 'sse'] },
  ],
  PATH_NOT_ALLOWED: ['"../other/secret.txt" is outside the session\'s directories, or protected'],
  WORKSPACE_NOT_ALLOWED: [
    "Cloning from this URL is not allowed; the server's option cloneUrls lists the allowed URLs",
  ],
  ORIGIN_NOT_ALLOWED: [
    'Without an API key, requests from web pages are accepted only from origins in the option cors.origins',
    { option: 'cors.origins' },
  ],
  NOT_FOUND: ['No such path'],
  SESSION_NOT_FOUND: missing('SESSION_NOT_FOUND', sessionId),
  TURN_NOT_FOUND: missing('TURN_NOT_FOUND', turnId),
  PERMISSION_REQUEST_NOT_FOUND: missing('PERMISSION_REQUEST_NOT_FOUND', ids.permissionId),
  ATTACHMENT_NOT_FOUND: missing('ATTACHMENT_NOT_FOUND', ids.attachmentId),
  FILE_NOT_FOUND: ['No such file: "note.txt"'],
  MCP_SERVER_NOT_FOUND: missing('MCP_SERVER_NOT_FOUND', 'tracker'),
  KEY_NOT_FOUND: ['API key not found'],
  WEBHOOK_NOT_FOUND: missing('WEBHOOK_NOT_FOUND', ids.webhookId),
  WEBHOOK_DELIVERY_NOT_FOUND: missing('WEBHOOK_DELIVERY_NOT_FOUND', ids.deliveryId),
  KEY_REVOKED: [`The API key ${ids.keyId} is revoked`],
  KEY_LIMIT_REACHED: ['The tenant has 1000 API keys; revoke one first', { limit: 1000 }],
  LAST_ADMINISTRATOR: [
    `The API key ${ids.keyId} is the last administrator of its tenant; create another one first`,
  ],
  WEBHOOK_DISABLED: ['The webhook is disabled; enable it with PATCH { "enabled": true }', { reason: 'gone' }],
  WEBHOOK_LIMIT_REACHED: ['There are 50 webhooks; delete one first', { limit: 50 }],
  PRESET_NOT_FOUND: missing('PRESET_NOT_FOUND', 'reviewer'),
  SESSION_ID_TAKEN: ['There is a session with this id'],
  PRESET_EXISTS: ['There is a preset with this name; POST /presets/reviewer/versions adds a version to it'],
  PRESET_ARCHIVED: ['The preset is archived; PATCH { "archived": false } makes it usable again'],
  PRESET_VERSION_CONFLICT: ['The newest version is 4, not 3', { latestVersion: 4 }],
  PRESET_SECRETS_UNREADABLE: [
    'The secrets in mcpServers of the preset cannot be read: they were sealed with another secret key. Add a version with the secrets, or restore the old key',
  ],
  PRESET_LIMIT_REACHED: [
    'The tenant has 200 presets; delete one first',
    { limitName: 'presets', limit: 200 },
  ],
  PUSH_SUBSCRIPTION_NOT_FOUND: missing('PUSH_SUBSCRIPTION_NOT_FOUND', ids.subscriptionId),
  PUSH_SUBSCRIPTION_LIMIT_REACHED: ['The key has 20 push subscriptions; delete one first', { limit: 20 }],
  TASK_NOT_FOUND: missing('TASK_NOT_FOUND', ids.taskId),
  METHOD_NOT_ALLOWED: ['PUT is not possible here', { allowed: ['POST', 'GET', 'HEAD'] }],
  REQUEST_TIMEOUT: ['The turn did not finish within 60000 ms', { turnId, timeout: 60_000 }],
  SESSION_BUSY: [`Session ${sessionId} is running turn ${turnId}`, { turnId }],
  IDEMPOTENCY_IN_FLIGHT: [
    'The first request with this Idempotency-Key is still being accepted; send it again',
  ],
  TURN_NOT_IN_CONVERSATION: [`Turn ${turnId} has been rewound`, { turnId, reason: 'rewound' }],
  TURN_NOT_RETRYABLE: [`Turn ${turnId} has completed`, { turnId, status: 'completed', reason: 'completed' }],
  TRANSCRIPT_INCOMPLETE: [`The stored transcript of session ${sessionId} is incomplete`],
  PERMISSION_ALREADY_RESOLVED: [
    `Permission request ${ids.permissionId} is allowed`,
    { permissionId: ids.permissionId, status: 'allowed' },
  ],
  ATTACHMENT_IN_USE: [
    `Attachment ${ids.attachmentId} is needed by turn ${nextTurnId}, which has not ended`,
    { turnId: nextTurnId },
  ],
  SESSION_EXPIRED: [`Session ${sessionId} has expired`],
  SESSION_ENDED: [`Session ${sessionId} has ended`],
  PRECONDITION_FAILED: ['"note.txt" has an ETag other than those in the request'],
  PAYLOAD_TOO_LARGE: ['The body must have at most 10485760 bytes', { limit: 10_485_760 }],
  ATTACHMENT_LIMIT_REACHED: [
    `The attachments of session ${sessionId} may have 104857600 bytes in total and already have 104800000`,
    { limit: 104_857_600, used: 104_800_000 },
  ],
  UNSUPPORTED_MEDIA_TYPE: ['Send POST with Content-Type: application/json'],
  BODY_ALREADY_READ: [
    'Middleware in front of the API has read this body and did not keep it. On the server, mount the API before body parsers, or keep the bytes: express.json({ verify: (req, res, bytes) => { req.rawBody = bytes } })',
  ],
  RANGE_NOT_SATISFIABLE: ['Range must be inside the file, which has 26 bytes', { sizeBytes: 26 }],
  HOST_NOT_ALLOWED: [
    'Without an API key, Host must be a loopback name, in the option allowedHosts, or the host of publicUrl',
    { option: 'allowedHosts' },
  ],
  IDEMPOTENCY_KEY_REUSED: [
    'This Idempotency-Key was used for another request; take a new one for each request',
  ],
  WORKSPACE_FAILED: [
    'The workspace could not be created: The repository has no such branch, tag or commit',
    { type: 'git', reason: 'ref_not_found' },
  ],
  MAX_SESSIONS_REACHED: ['100 sessions are active; end one first', { limit: 100, active: 100 }],
  TURN_QUEUE_FULL: [`Session ${sessionId} has 20 turns waiting already`, { limit: 20, waiting: 20 }],
  RATE_LIMIT_EXCEEDED: [
    'More than 100 requests in 60000 ms; see the header Retry-After',
    { limit: 100, window: 60_000, reset: 1_772_442_960 },
  ],
  MODEL_RATE_LIMITED: [
    "The model's API rate-limits this account",
    { turnId, reason: 'rate_limited', retryAt: times.retry },
  ],
  CALLER_LIMIT_REACHED: [
    'limits.streamsPerKey: at most 100 at once; see the header Retry-After',
    { limitName: 'limits.streamsPerKey', limit: 100 },
  ],
  SESSION_CREATE_FAILED: fault('SESSION_CREATE_FAILED'),
  LIST_SESSIONS_FAILED: fault('LIST_SESSIONS_FAILED'),
  GET_SESSION_FAILED: fault('GET_SESSION_FAILED'),
  END_SESSION_FAILED: fault('END_SESSION_FAILED'),
  MESSAGE_SEND_FAILED: [
    'The Claude Code process ended before the turn started',
    { turnId, reason: 'process_died' },
  ],
  GET_MESSAGES_FAILED: fault('GET_MESSAGES_FAILED'),
  SSE_SETUP_FAILED: fault('SSE_SETUP_FAILED'),
  INTERNAL: fault('INTERNAL'),
  AGENT_UNAVAILABLE: [
    "Claude Code is not logged in, and no key is set: run `claude` and /login as the server's user, or set ANTHROPIC_API_KEY (to try it without an account: --demo)",
    { reason: 'not_logged_in', turnId },
  ],
  MODEL_OVERLOADED: ["The model's API is overloaded", { turnId, reason: 'overloaded', retryAt: times.retry }],
  SERVER_LIMIT_REACHED: [
    'limits.streams: at most 1000 at once; see the header Retry-After',
    { limitName: 'limits.streams', limit: 1_000 },
  ],
  STORE_UNAVAILABLE: ['The database cannot be reached'],
  IDENTITY_PROVIDER_UNAVAILABLE: ['The token cannot be verified at the moment'],
  NODE_UNAVAILABLE: ['The node of the session does not answer, and no other has taken over yet'],
  WORKSPACE_UNAVAILABLE: ['No node that has the directory of the session is running'],
  SHUTTING_DOWN: ['The server is shutting down; the turn is kept', { turnId }],
}

/** A response with each error code. */
export const errorExamples = Object.fromEntries(
  errorCodes.map(code => {
    const [message, details] = facts[code] as [string, Record<string, unknown>?]
    const error = { code, message, ...(details && { details }), ...adviseRetry(code, details) }
    return [code, { error, timestamp: times.ended, requestId: ids.requestId }]
  }),
) as Record<ErrorCode, ErrorResponse>
