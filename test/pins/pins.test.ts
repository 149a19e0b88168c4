import { describe, expect, test } from 'vitest'
import { errorCatalogue, failureReasons } from '../../src/contract/errors.ts'
import { eventSchemas, eventTypes, terminalEventTypes } from '../../src/contract/events.ts'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import { permissionMode, permissionModes, sessionState, sessionStatus } from '../../src/contract/sessions.ts'
import { stopReason, turnStatus, turnStatuses } from '../../src/contract/turns.ts'
import { deliveryTypes } from '../../src/contract/webhooks.ts'

/*
 * Literals that callers' programs rely on. Whoever changes one on purpose changes it here as well and says so in
 * the changelog; whoever changes one by accident finds out here.
 */

describe('errors', () => {
  test('codes and statuses', () => {
    const statuses = Object.entries(errorCatalogue).map(([code, { status }]) => [code, status])
    expect(Object.fromEntries(statuses)).toEqual({
      INVALID_REQUEST: 400,
      MISSING_API_KEY: 401,
      BUDGET_EXCEEDED: 402,
      SPEND_LIMIT_REACHED: 402,
      INVALID_API_KEY: 403,
      SCOPE_REQUIRED: 403,
      GRANT_NOT_ALLOWED: 403,
      TENANT_NOT_ALLOWED: 403,
      CWD_NOT_ALLOWED: 403,
      PERMISSION_MODE_NOT_ALLOWED: 403,
      SETTING_NOT_ALLOWED: 403,
      PATH_NOT_ALLOWED: 403,
      WORKSPACE_NOT_ALLOWED: 403,
      ORIGIN_NOT_ALLOWED: 403,
      KEY_REQUIRED: 403,
      CSRF_TOKEN_INVALID: 403,
      NOT_FOUND: 404,
      SESSION_NOT_FOUND: 404,
      TURN_NOT_FOUND: 404,
      PERMISSION_REQUEST_NOT_FOUND: 404,
      ATTACHMENT_NOT_FOUND: 404,
      FILE_NOT_FOUND: 404,
      MCP_SERVER_NOT_FOUND: 404,
      TASK_NOT_FOUND: 404,
      KEY_NOT_FOUND: 404,
      WEBHOOK_NOT_FOUND: 404,
      WEBHOOK_DELIVERY_NOT_FOUND: 404,
      PUSH_SUBSCRIPTION_NOT_FOUND: 404,
      PRESET_NOT_FOUND: 404,
      METHOD_NOT_ALLOWED: 405,
      REQUEST_TIMEOUT: 408,
      SESSION_BUSY: 409,
      IDEMPOTENCY_IN_FLIGHT: 409,
      TURN_NOT_IN_CONVERSATION: 409,
      TRANSCRIPT_INCOMPLETE: 409,
      PERMISSION_ALREADY_RESOLVED: 409,
      ATTACHMENT_IN_USE: 409,
      KEY_REVOKED: 409,
      KEY_LIMIT_REACHED: 409,
      LAST_ADMINISTRATOR: 409,
      WEBHOOK_DISABLED: 409,
      WEBHOOK_LIMIT_REACHED: 409,
      PUSH_SUBSCRIPTION_LIMIT_REACHED: 409,
      SESSION_ID_TAKEN: 409,
      PRESET_EXISTS: 409,
      PRESET_ARCHIVED: 409,
      PRESET_VERSION_CONFLICT: 409,
      PRESET_SECRETS_UNREADABLE: 409,
      PRESET_LIMIT_REACHED: 409,
      SESSION_EXPIRED: 410,
      SESSION_ENDED: 410,
      PRECONDITION_FAILED: 412,
      PAYLOAD_TOO_LARGE: 413,
      ATTACHMENT_LIMIT_REACHED: 413,
      UNSUPPORTED_MEDIA_TYPE: 415,
      BODY_ALREADY_READ: 415,
      RANGE_NOT_SATISFIABLE: 416,
      HOST_NOT_ALLOWED: 421,
      IDEMPOTENCY_KEY_REUSED: 422,
      WORKSPACE_FAILED: 422,
      MAX_SESSIONS_REACHED: 429,
      TURN_QUEUE_FULL: 429,
      RATE_LIMIT_EXCEEDED: 429,
      CALLER_LIMIT_REACHED: 429,
      SESSION_CREATE_FAILED: 500,
      LIST_SESSIONS_FAILED: 500,
      GET_SESSION_FAILED: 500,
      END_SESSION_FAILED: 500,
      MESSAGE_SEND_FAILED: 500,
      MODEL_OVERLOADED: 503,
      MODEL_RATE_LIMITED: 429,
      TURN_NOT_RETRYABLE: 409,
      GET_MESSAGES_FAILED: 500,
      SSE_SETUP_FAILED: 500,
      INTERNAL: 500,
      AGENT_UNAVAILABLE: 503,
      SERVER_LIMIT_REACHED: 503,
      STORE_UNAVAILABLE: 503,
      IDENTITY_PROVIDER_UNAVAILABLE: 503,
      NODE_UNAVAILABLE: 503,
      WORKSPACE_UNAVAILABLE: 503,
      SHUTTING_DOWN: 503,
    })
  })

  test('what can be tried again', () => {
    const retryable = Object.entries(errorCatalogue).filter(([, entry]) => entry.retryable)
    expect(retryable.map(([code]) => code).sort()).toEqual([
      'AGENT_UNAVAILABLE',
      'ATTACHMENT_IN_USE',
      'CALLER_LIMIT_REACHED',
      'END_SESSION_FAILED',
      'GET_MESSAGES_FAILED',
      'GET_SESSION_FAILED',
      'IDEMPOTENCY_IN_FLIGHT',
      'IDENTITY_PROVIDER_UNAVAILABLE',
      'INTERNAL',
      'LIST_SESSIONS_FAILED',
      'MAX_SESSIONS_REACHED',
      'MESSAGE_SEND_FAILED',
      'MODEL_OVERLOADED',
      'MODEL_RATE_LIMITED',
      'NODE_UNAVAILABLE',
      'RATE_LIMIT_EXCEEDED',
      'REQUEST_TIMEOUT',
      'SERVER_LIMIT_REACHED',
      'SESSION_BUSY',
      'SESSION_CREATE_FAILED',
      'SHUTTING_DOWN',
      'SPEND_LIMIT_REACHED',
      'SSE_SETUP_FAILED',
      'STORE_UNAVAILABLE',
      'TURN_QUEUE_FULL',
      'WORKSPACE_UNAVAILABLE',
    ])
  })

  test('reasons', () => {
    expect([...failureReasons]).toEqual([
      'authentication_failed',
      'billing_error',
      'rate_limited',
      'overloaded',
      'invalid_request',
      'model_not_found',
      'model_error',
      'max_output_tokens',
      'prompt_too_long',
      'media_rejected',
      'tool_unavailable',
      'turn_setup_failed',
      'hook_failed',
      'process_died',
      'process_unresponsive',
      'output_too_large',
      'not_installed',
      'not_logged_in',
      'start_failed',
      'cwd_missing',
      'setting_not_supported',
      'isolation_failed',
      'workspace_too_large',
      'structured_output_failed',
      'secrets_unreadable',
      'spend_limit_reached',
      'cancelled',
      'lost',
      'unknown',
    ])
  })
})

describe('operations', () => {
  test('methods and paths', () => {
    const listed = operationIds.map(id => `${getOperation(id).method.toUpperCase()} ${getOperation(id).path}`)
    expect(listed).toEqual([
      'POST /sessions',
      'GET /sessions',
      'GET /sessions/:sessionId',
      'PATCH /sessions/:sessionId',
      'DELETE /sessions/:sessionId',
      'POST /presets',
      'GET /presets',
      'GET /presets/:preset',
      'PATCH /presets/:preset',
      'DELETE /presets/:preset',
      'POST /presets/:preset/versions',
      'GET /presets/:preset/versions',
      'GET /search',
      'GET /events',
      'POST /sessions/:sessionId/messages',
      'POST /sessions/:sessionId/stream',
      'GET /sessions/:sessionId/messages',
      'GET /sessions/:sessionId/events',
      'GET /sessions/:sessionId/turns',
      'GET /sessions/:sessionId/turns/:turnId',
      'POST /sessions/:sessionId/turns/:turnId/retry',
      'POST /sessions/:sessionId/interrupt',
      'POST /sessions/:sessionId/fork',
      'POST /sessions/:sessionId/rewind',
      'GET /permissions',
      'GET /sessions/:sessionId/permissions',
      'GET /sessions/:sessionId/permissions/:permissionId',
      'POST /sessions/:sessionId/permissions/:permissionId',
      'GET /sessions/:sessionId/commands',
      'GET /sessions/:sessionId/agents',
      'GET /sessions/:sessionId/context',
      'POST /sessions/:sessionId/compact',
      'GET /sessions/:sessionId/mcp',
      'POST /sessions/:sessionId/mcp/:server',
      'GET /sessions/:sessionId/tasks',
      'POST /sessions/:sessionId/tasks/:taskId/stop',
      'POST /sessions/:sessionId/attachments',
      'GET /sessions/:sessionId/attachments',
      'GET /sessions/:sessionId/attachments/:attachmentId',
      'DELETE /sessions/:sessionId/attachments/:attachmentId',
      'GET /sessions/:sessionId/usage',
      'GET /sessions/:sessionId/export',
      'GET /sessions/:sessionId/files',
      'GET /sessions/:sessionId/files/content',
      'PUT /sessions/:sessionId/files/content',
      'DELETE /sessions/:sessionId/files/content',
      'GET /sessions/:sessionId/archive',
      'GET /sessions/:sessionId/diff',
      'POST /webhooks',
      'GET /webhooks',
      'GET /webhooks/:webhookId',
      'PATCH /webhooks/:webhookId',
      'DELETE /webhooks/:webhookId',
      'POST /webhooks/:webhookId/rotate-secret',
      'POST /webhooks/:webhookId/ping',
      'GET /webhooks/:webhookId/deliveries',
      'POST /webhooks/:webhookId/deliveries/:deliveryId/redeliver',
      'GET /push/public-key',
      'POST /push-subscriptions',
      'GET /push-subscriptions',
      'DELETE /push-subscriptions/:subscriptionId',
      'POST /push-subscriptions/:subscriptionId/test',
      'POST /keys',
      'GET /keys',
      'GET /keys/:keyId',
      'PATCH /keys/:keyId',
      'POST /keys/:keyId/rotate',
      'DELETE /keys/:keyId',
      'GET /audit',
      'GET /usage',
      'GET /caller',
      'POST /tickets',
      'GET /models',
      'GET /health',
      'GET /ready',
      'GET /metrics',
      'GET /openapi.json',
      'GET /docs',
      'GET /reference',
      'GET /reference/scalar.js',
    ])
  })

  test('only the checks of health and readiness are open to everyone', () => {
    expect(operationIds.filter(id => getOperation(id).auth === 'none')).toEqual(['getHealth', 'getReadiness'])
  })

  test('statuses of success', () => {
    const statuses = operationIds.map(id => [id, getOperation(id).success.map(({ status }) => status)])
    expect(Object.fromEntries(statuses)).toEqual({
      createSession: [201],
      listSessions: [200],
      createPreset: [201],
      listPresets: [200],
      getPreset: [200],
      patchPreset: [200],
      deletePreset: [204],
      createPresetVersion: [201],
      listPresetVersions: [200],
      search: [200],
      getSession: [200],
      patchSession: [200],
      endSession: [204],
      sendMessage: [200, 202],
      streamMessage: [200],
      listMessages: [200],
      followFeed: [200],
      followEvents: [200, 204],
      listTurns: [200],
      getTurn: [200],
      retryTurn: [200, 202],
      listCommands: [200],
      listAgents: [200],
      getContext: [200],
      compactSession: [200],
      listMcpServers: [200],
      changeMcpServer: [200],
      listTasks: [200],
      stopTask: [200],
      interruptSession: [200],
      listAllPermissions: [200],
      listPermissions: [200],
      getPermission: [200],
      answerPermission: [200],
      forkSession: [201],
      rewindSession: [200],
      createAttachment: [201],
      listAttachments: [200],
      getAttachment: [200],
      deleteAttachment: [204],
      getUsage: [200],
      exportSession: [200],
      listFiles: [200],
      readFile: [200, 206, 304],
      writeFile: [200, 201],
      deleteFile: [204],
      getArchive: [200],
      getDiff: [200],
      createKey: [201],
      listKeys: [200],
      getKey: [200],
      patchKey: [200],
      rotateKey: [200],
      revokeKey: [204],
      getCaller: [200],
      createTicket: [201],
      createWebhook: [201],
      listWebhooks: [200],
      getWebhook: [200],
      patchWebhook: [200],
      deleteWebhook: [204],
      rotateWebhookSecret: [200],
      pingWebhook: [202],
      listWebhookDeliveries: [200],
      redeliverWebhook: [202],
      getPushKey: [200],
      createPushSubscription: [200, 201],
      listPushSubscriptions: [200],
      deletePushSubscription: [204],
      testPushSubscription: [200],
      listAudit: [200],
      getUsageReport: [200],
      listModels: [200],
      getHealth: [200, 503],
      getReadiness: [200, 503],
      getMetrics: [200],
      getOpenApi: [200],
      getDocs: [200],
      getReference: [200],
      getReferenceScript: [200, 304],
    })
  })
})

describe('events', () => {
  test('types', () => {
    expect([...eventTypes]).toEqual([
      'session.created',
      'session.updated',
      'session.rewound',
      'session.expired',
      'session.ended',
      'settings.restricted',
      'mentions.ignored',
      'conversation.lost',
      'workspace.restored',
      'turn.queued',
      'turn.started',
      'message',
      'permission.requested',
      'permission.resolved',
      'turn.completed',
      'turn.failed',
      'turn.interrupted',
      'turn.timed_out',
      'turn.lost',
    ])
    expect(Object.keys(eventSchemas).sort()).toEqual([...eventTypes].sort())
  })

  test('types that end a turn', () => {
    expect([...terminalEventTypes]).toEqual([
      'turn.completed',
      'turn.failed',
      'turn.interrupted',
      'turn.timed_out',
      'turn.lost',
    ])
  })
})

describe('webhooks', () => {
  test('types of events', () => {
    expect([...deliveryTypes]).toEqual([
      'session.created',
      'session.expired',
      'session.ended',
      'conversation.lost',
      'workspace.restored',
      'permission.requested',
      'permission.resolved',
      'turn.completed',
      'turn.failed',
      'turn.interrupted',
      'turn.timed_out',
      'turn.lost',
      'webhook.disabled',
      'webhook.ping',
    ])
  })
})

describe('words of sessions and turns', () => {
  test('permission modes', () => {
    expect([...permissionModes]).toEqual([
      'default',
      'acceptEdits',
      'bypassPermissions',
      'plan',
      'dontAsk',
      'auto',
    ])
    expect(permissionMode.options).toEqual([...permissionModes])
  })

  test('session statuses and states', () => {
    expect(sessionStatus.options).toEqual(['active', 'expired', 'ended'])
    expect(sessionState.options).toEqual(['idle', 'running', 'requires_action'])
  })

  test('turn statuses', () => {
    expect([...turnStatuses]).toEqual([
      'queued',
      'running',
      'requires_action',
      'completed',
      'failed',
      'interrupted',
      'timed_out',
      'lost',
      'cancelled',
    ])
    expect(turnStatus.options).toEqual([...turnStatuses])
  })

  test('stop reasons', () => {
    expect(stopReason.options).toEqual([
      'end_turn',
      'max_turns',
      'budget',
      'refusal',
      'interrupted',
      'blocked',
      'stopped_by_hook',
      'stop_sequence',
      'max_tokens',
      'model_context_window_exceeded',
      'pause_turn',
      'compaction',
      'tool_deferred',
      'background_requested',
      'unknown',
    ])
  })
})
