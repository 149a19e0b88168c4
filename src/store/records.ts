import type {
  ApiKeyRecord,
  AuditRecord,
  AutonomousWork,
  CheckpointRecord,
  ConsoleLoginRecord,
  PresetRecord,
  PushKeysRecord,
  PushSubscriptionRecord,
  SnapshotRecord,
  UsageEntry,
} from '../sessions/ports/index.ts'
import type {
  AttachmentRecord,
  EventRecord,
  PermissionRecord,
  SessionRecord,
  TaskRecord,
  TurnRecord,
} from '../sessions/records.ts'
import type { DeliveryRecord, WebhookRecord } from '../sessions/webhook-records.ts'
import { recordMapper } from './record-mapper.ts'

// The fields of each record and how its columns keep them. Columns that are not fields of a record are in `schema.ts`.

export const sessionColumns = recordMapper<SessionRecord>()({
  id: 'plain',
  tenantId: 'plain',
  createdBy: 'plain',
  status: 'plain',
  title: 'plain',
  titleSource: 'plain',
  metadata: 'json',
  tags: 'list',
  archived: 'flag',
  cwd: 'plain',
  permissionMode: 'plain',
  requestedModel: 'plain',
  model: 'plain',
  appendSystemPrompt: 'plain',
  maxTurns: 'plain',
  claudeSessionId: 'plain',
  conversationStarted: 'flag',
  createdAt: 'plain',
  lastActivityAt: 'plain',
  expiresAt: 'plain',
  endedAt: 'plain',
  transcript: 'plain',
  settings: 'json',
  /** The sealed part of the settings. */
  secrets: 'json',
  forkedFrom: 'json',
  presetName: 'plain',
  presetVersion: 'plain',
  rewound: 'json',
  remembered: 'json',
  workspace: 'json',
  settingsInForce: 'json',
  workingDirectory: 'plain',
  snapshot: 'json',
  lastSequence: 'plain',
  messageCount: 'plain',
})

export const turnColumns = recordMapper<TurnRecord>()({
  id: 'plain',
  sessionId: 'plain',
  tenantId: 'plain',
  createdBy: 'plain',
  status: 'plain',
  prompt: 'json',
  timeoutMs: 'plain',
  response: 'plain',
  messageId: 'plain',
  stopReason: 'plain',
  error: 'json',
  usage: 'json',
  costUsd: 'plain',
  modelUsage: 'json',
  createdAt: 'plain',
  startedAt: 'plain',
  endedAt: 'plain',
  durationMs: 'plain',
  firstSequence: 'plain',
  lastSequence: 'plain',
  structuredOutput: 'json',
  permissionDenials: 'json',
  notice: 'plain',
  ending: 'json',
  commands: 'flag',
})

export const eventColumns = recordMapper<EventRecord>()({
  sessionId: 'plain',
  sequence: 'plain',
  type: 'plain',
  turnId: 'plain',
  at: 'plain',
  payload: 'json',
})

export const permissionColumns = recordMapper<PermissionRecord>()({
  id: 'plain',
  tenantId: 'plain',
  sessionId: 'plain',
  turnId: 'plain',
  kind: 'plain',
  toolName: 'plain',
  toolUseId: 'plain',
  status: 'plain',
  request: 'json',
  answer: 'json',
  runsWith: 'json',
  requestedAt: 'plain',
  expiresAt: 'plain',
  decidedAt: 'plain',
  decidedBy: 'plain',
  message: 'plain',
  updatedInput: 'json',
  remembered: 'list',
})

export const taskColumns = recordMapper<TaskRecord>()({
  id: 'plain',
  tenantId: 'plain',
  sessionId: 'plain',
  turnId: 'plain',
  type: 'plain',
  description: 'plain',
  toolUseId: 'plain',
  agent: 'plain',
  status: 'plain',
  summary: 'plain',
  startedAt: 'plain',
  endedAt: 'plain',
})

export const autonomousWorkColumns = recordMapper<AutonomousWork>()({
  startedAt: 'plain',
  endedAt: 'plain',
  usage: 'json',
  costUsd: 'plain',
  modelUsage: 'json',
})

export const keyColumns = recordMapper<ApiKeyRecord>()({
  id: 'plain',
  tenantId: 'plain',
  createdBy: 'plain',
  name: 'plain',
  scopes: 'json',
  sessionId: 'plain',
  limits: 'json',
  hash: 'plain',
  previousHash: 'plain',
  previousUntil: 'plain',
  createdAt: 'plain',
  expiresAt: 'plain',
  revokedAt: 'plain',
  lastUsedAt: 'plain',
})

export const consoleLoginColumns = recordMapper<ConsoleLoginRecord>()({
  id: 'plain',
  tenantId: 'plain',
  createdBy: 'plain',
  credentialHash: 'plain',
  scopes: 'json',
  token: 'json',
  origin: 'plain',
  createdAt: 'plain',
  lastUsedAt: 'plain',
})

export const webhookColumns = recordMapper<WebhookRecord>()({
  id: 'plain',
  tenantId: 'plain',
  createdBy: 'plain',
  url: 'plain',
  events: 'json',
  secrets: 'plain',
  createdAt: 'plain',
  disabledAt: 'plain',
  disabledReason: 'plain',
  lastDeliveredAt: 'plain',
})

export const deliveryColumns = recordMapper<DeliveryRecord>()({
  id: 'plain',
  tenantId: 'plain',
  webhookId: 'plain',
  type: 'plain',
  payload: 'json',
  status: 'plain',
  attempts: 'plain',
  responseStatus: 'plain',
  failure: 'json',
  createdAt: 'plain',
  lastAttemptAt: 'plain',
  nextAttemptAt: 'plain',
})

export const pushSubscriptionColumns = recordMapper<PushSubscriptionRecord>()({
  id: 'plain',
  tenantId: 'plain',
  createdBy: 'plain',
  keyVersion: 'plain',
  sessionId: 'plain',
  service: 'plain',
  endpointHash: 'plain',
  secrets: 'plain',
  events: 'json',
  includeTitle: 'flag',
  createdAt: 'plain',
  expiresAt: 'plain',
})

export const pushKeysColumns = recordMapper<PushKeysRecord>()({
  publicKey: 'plain',
  privateKey: 'plain',
  createdAt: 'plain',
})

export const presetColumns = recordMapper<PresetRecord>()({
  tenantId: 'plain',
  name: 'plain',
  version: 'plain',
  description: 'plain',
  metadata: 'json',
  configuration: 'json',
  secrets: 'json',
  sizeBytes: 'plain',
  createdBy: 'plain',
  createdAt: 'plain',
  requestKey: 'plain',
  requestHash: 'plain',
})

export const attachmentColumns = recordMapper<AttachmentRecord>()({
  id: 'plain',
  tenantId: 'plain',
  sessionId: 'plain',
  createdBy: 'plain',
  name: 'plain',
  mediaType: 'plain',
  sizeBytes: 'plain',
  sha256: 'plain',
  createdAt: 'plain',
})

export const snapshotColumns = recordMapper<SnapshotRecord>()({
  tenantId: 'plain',
  sessionId: 'plain',
  turnId: 'plain',
  tree: 'plain',
  missing: 'plain',
  takenAt: 'plain',
})

export const checkpointColumns = recordMapper<CheckpointRecord>()({
  tenantId: 'plain',
  sessionId: 'plain',
  turnId: 'plain',
  path: 'plain',
  before: 'json',
  after: 'json',
  disturbed: 'flag',
  takenAt: 'plain',
})

export const auditColumns = recordMapper<AuditRecord>()({
  id: 'plain',
  at: 'plain',
  tenantId: 'plain',
  keyId: 'plain',
  name: 'plain',
  action: 'plain',
  outcome: 'plain',
  errorCode: 'plain',
  sessionId: 'plain',
  turnId: 'plain',
  address: 'plain',
  requestId: 'plain',
  count: 'plain',
  details: 'json',
})

export const usageColumns = recordMapper<UsageEntry>()({
  createdBy: 'plain',
  day: 'plain',
  model: 'plain',
  turns: 'plain',
  autonomousWork: 'plain',
  activeMs: 'plain',
  inputTokens: 'plain',
  outputTokens: 'plain',
  cacheReadInputTokens: 'plain',
  cacheCreationInputTokens: 'plain',
  webSearchRequests: 'plain',
  microUsd: 'plain',
  withoutTokens: 'plain',
  withoutCost: 'plain',
})
