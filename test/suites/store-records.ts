import { randomUUID } from 'node:crypto'
import { defaultSettings } from '../../src/contract/session-settings.ts'
import type { Change } from '../../src/sessions/ports/index.ts'
import type {
  MessagePayload,
  NewEvent,
  PermissionRecord,
  SessionRecord,
  TaskRecord,
  TurnRecord,
} from '../../src/sessions/records.ts'

export const tenantId = 'tenant-a'

export function sessionRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    tenantId,
    createdBy: 'key-1',
    status: 'active',
    title: null,
    titleSource: null,
    metadata: {},
    tags: [],
    archived: false,
    cwd: '/srv/work',
    permissionMode: 'default',
    requestedModel: null,
    model: null,
    appendSystemPrompt: null,
    maxTurns: null,
    settings: defaultSettings,
    secrets: {},
    remembered: [],
    workingDirectory: null,
    workspace: null,
    forkedFrom: null,
    presetName: null,
    presetVersion: null,
    rewound: [],
    settingsInForce: null,
    snapshot: null,
    claudeSessionId: randomUUID(),
    transcript: 'complete',
    conversationStarted: false,
    createdAt: 1_000,
    lastActivityAt: 1_000,
    expiresAt: 9_000,
    endedAt: null,
    lastSequence: 0,
    messageCount: 0,
    ...fields,
  }
}

export function turnRecord(session: SessionRecord, fields: Partial<TurnRecord> = {}): TurnRecord {
  return {
    id: randomUUID(),
    sessionId: session.id,
    tenantId: session.tenantId,
    createdBy: 'key-1',
    status: 'queued',
    prompt: 'hello',
    commands: false,
    timeoutMs: 0,
    response: null,
    messageId: null,
    stopReason: null,
    error: null,
    usage: null,
    costUsd: null,
    modelUsage: null,
    createdAt: 2_000,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    firstSequence: null,
    lastSequence: null,
    structuredOutput: null,
    permissionDenials: null,
    notice: null,
    ending: null,
    ...fields,
  }
}

export function taskOf(session: SessionRecord, fields: Partial<TaskRecord> = {}): TaskRecord {
  return {
    id: 'task-1',
    tenantId: session.tenantId,
    sessionId: session.id,
    turnId: null,
    type: 'local_bash',
    description: 'make',
    toolUseId: 'toolu_1',
    agent: null,
    status: 'running',
    summary: null,
    startedAt: 1_000,
    endedAt: null,
    ...fields,
  }
}

export function permissionOf(
  session: SessionRecord,
  fields: Partial<PermissionRecord> = {},
): PermissionRecord {
  return {
    id: randomUUID(),
    tenantId,
    sessionId: session.id,
    turnId: null,
    kind: 'tool',
    toolName: 'Bash',
    toolUseId: 'toolu_1',
    request: {
      agentId: null,
      input: { command: 'make' },
      title: 'Run make',
      description: null,
      suggestions: [{ type: 'addRules', rules: [{ toolName: 'Bash' }] }],
      elicitation: null,
    },
    status: 'pending',
    answer: null,
    runsWith: null,
    requestedAt: 1_000,
    expiresAt: 2_000,
    decidedAt: null,
    decidedBy: null,
    message: null,
    updatedInput: null,
    remembered: [],
    ...fields,
  }
}

export function changeOf(session: SessionRecord, fields: Partial<Change> = {}): Change {
  return { tenantId: session.tenantId, sessionId: session.id, at: 3_000, events: [], ...fields }
}

export function messageEvent(text: string, turnId: string | null = null): NewEvent {
  return {
    type: 'message',
    turnId,
    payload: { id: randomUUID(), source: 'sdk', message: { type: 'assistant', text } },
  }
}

/** The text of an event made by `messageEvent`. */
export function textOf(event: { payload: object }): unknown {
  const { message } = event.payload as Partial<MessagePayload>
  return typeof message === 'object' && message !== null && 'text' in message ? message.text : undefined
}
