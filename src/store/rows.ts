import { defaultSettings } from '../contract/session-settings.ts'
import type { AutonomousWork } from '../sessions/ports/index.ts'
import type { EventRecord, MessagePayload, SessionRecord, TurnRecord } from '../sessions/records.ts'
import type { AutonomousWorkRow, EventRow, SessionRow, TurnRow } from './schema.ts'

// The one place that knows both the records' names and the columns'. What a record does not say stays
// undefined, and Kysely leaves such columns out; the counters are kept by the writer alone.

type SessionColumns = Omit<
  SessionRow,
  'last_sequence' | 'message_count' | 'turn_count' | 'trimmed_through' | 'trimmed_messages'
>
type TurnColumns = Omit<TurnRow, 'number' | 'first_sequence' | 'last_sequence'>
type Maybe<T> = { [K in keyof T]?: T[K] | undefined }

/** The columns of the fields given. */
export function toSessionColumns(record: SessionRecord): SessionColumns
export function toSessionColumns(fields: Partial<SessionRecord>): Maybe<SessionColumns>
export function toSessionColumns(fields: Partial<SessionRecord>): Maybe<SessionColumns> {
  return {
    id: fields.id,
    tenant_id: fields.tenantId,
    created_by: fields.createdBy,
    status: fields.status,
    title: fields.title,
    metadata: toJson(fields.metadata),
    cwd: fields.cwd,
    permission_mode: fields.permissionMode,
    requested_model: fields.requestedModel,
    model: fields.model,
    append_system_prompt: fields.appendSystemPrompt,
    max_turns: fields.maxTurns,
    claude_session_id: fields.claudeSessionId,
    conversation_started: fields.conversationStarted === undefined ? undefined : +fields.conversationStarted,
    created_at: fields.createdAt,
    last_activity_at: fields.lastActivityAt,
    expires_at: fields.expiresAt,
    ended_at: fields.endedAt,
    transcript: fields.transcript,
    settings: toJson(fields.settings),
    secrets: toJson(fields.secrets),
    forked_from: toJsonOrNull(fields.forkedFrom),
    rewound: toJson(fields.rewound),
    remembered: toJson(fields.remembered),
    workspace: toJsonOrNull(fields.workspace),
    settings_in_force: toJsonOrNull(fields.settingsInForce),
    working_directory: fields.workingDirectory,
  }
}

export function toSessionRecord(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    createdBy: row.created_by,
    status: row.status,
    title: row.title,
    metadata: JSON.parse(row.metadata),
    cwd: row.cwd,
    permissionMode: row.permission_mode,
    requestedModel: row.requested_model,
    model: row.model,
    appendSystemPrompt: row.append_system_prompt,
    maxTurns: row.max_turns,
    claudeSessionId: row.claude_session_id,
    conversationStarted: row.conversation_started === 1,
    createdAt: row.created_at,
    lastActivityAt: row.last_activity_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    transcript: row.transcript,
    // Sessions that are older than a setting have its default.
    settings: { ...defaultSettings, ...JSON.parse(row.settings) },
    secrets: JSON.parse(row.secrets),
    forkedFrom: fromJson(row.forked_from) as SessionRecord['forkedFrom'],
    rewound: JSON.parse(row.rewound),
    remembered: JSON.parse(row.remembered),
    workspace: fromJson(row.workspace) as SessionRecord['workspace'],
    settingsInForce: fromJson(row.settings_in_force) as SessionRecord['settingsInForce'],
    workingDirectory: row.working_directory,
    lastSequence: row.last_sequence,
    messageCount: row.message_count,
  }
}

/** The columns of the fields given. */
export function toTurnColumns(record: TurnRecord): TurnColumns
export function toTurnColumns(fields: Partial<TurnRecord>): Maybe<TurnColumns>
export function toTurnColumns(fields: Partial<TurnRecord>): Maybe<TurnColumns> {
  return {
    id: fields.id,
    session_id: fields.sessionId,
    tenant_id: fields.tenantId,
    created_by: fields.createdBy,
    status: fields.status,
    prompt: toJson(fields.prompt),
    timeout_ms: fields.timeoutMs,
    response: fields.response,
    message_id: fields.messageId,
    stop_reason: fields.stopReason,
    error: toJsonOrNull(fields.error),
    usage: toJsonOrNull(fields.usage),
    cost_usd: fields.costUsd,
    created_at: fields.createdAt,
    started_at: fields.startedAt,
    ended_at: fields.endedAt,
    duration_ms: fields.durationMs,
    structured_output: toJsonOrNull(fields.structuredOutput),
    permission_denials: toJsonOrNull(fields.permissionDenials),
    notice: fields.notice,
    ending: toJsonOrNull(fields.ending),
    commands: fields.commands === undefined ? undefined : +fields.commands,
    model_usage: toJsonOrNull(fields.modelUsage),
  }
}

export function toTurnRecord(row: TurnRow): TurnRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    tenantId: row.tenant_id,
    createdBy: row.created_by,
    status: row.status,
    prompt: JSON.parse(row.prompt),
    timeoutMs: row.timeout_ms,
    response: row.response,
    messageId: row.message_id,
    stopReason: row.stop_reason,
    error: row.error === null ? null : JSON.parse(row.error),
    usage: row.usage === null ? null : JSON.parse(row.usage),
    costUsd: row.cost_usd,
    modelUsage: fromJson(row.model_usage) as TurnRecord['modelUsage'],
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationMs: row.duration_ms,
    firstSequence: row.first_sequence,
    lastSequence: row.last_sequence,
    structuredOutput: fromJson(row.structured_output),
    permissionDenials: fromJson(row.permission_denials) as TurnRecord['permissionDenials'],
    notice: row.notice,
    ending: fromJson(row.ending) as TurnRecord['ending'],
    commands: row.commands === 1,
  }
}

/** The payload is parsed when it is asked for: a message that is only passed on is never parsed. */
export function toEventRecord(row: EventRow): EventRecord {
  const { payload: json, summary } = row
  let payload: EventRecord['payload'] | undefined
  return {
    sessionId: row.session_id,
    sequence: row.sequence,
    type: row.type,
    turnId: row.turn_id,
    at: row.at,
    get payload() {
      payload ??= summary === null ? JSON.parse(json) : toMessagePayload(json, summary)
      return payload as EventRecord['payload']
    },
    ...(summary !== null && { text: { content: json, summary } }),
  } as EventRecord
}

function toMessagePayload(json: string, summary: string): MessagePayload {
  const { id, source } = JSON.parse(`{${summary}}`)
  return { id, source, message: JSON.parse(json) }
}

function fromJson(text: string | null): unknown {
  return text === null ? null : JSON.parse(text)
}

function toJson(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}

export function toAutonomousWorkColumns(
  work: AutonomousWork,
): Omit<AutonomousWorkRow, 'session_id' | 'tenant_id'> {
  return {
    started_at: work.startedAt,
    ended_at: work.endedAt,
    usage: work.usage && JSON.stringify(work.usage),
    cost_usd: work.costUsd,
    model_usage: work.modelUsage && JSON.stringify(work.modelUsage),
  }
}

function toJsonOrNull(value: unknown): string | null | undefined {
  return value === null ? null : toJson(value)
}
