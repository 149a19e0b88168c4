import type { Generated, Kysely, Selectable } from 'kysely'
import type { AttachmentMediaType } from '../contract/attachments.ts'
import type { TaskStatus } from '../contract/conversation.ts'
import type { EventType } from '../contract/events.ts'
import type { PermissionKind, PermissionStatus } from '../contract/permissions.ts'
import type { PermissionMode, SessionStatus } from '../contract/sessions.ts'
import type { StopReason, TurnStatus } from '../contract/turns.ts'
import type { NoSnapshot } from '../sessions/ports/index.ts'

// JSON is kept as text, times as milliseconds since 1970 and flags as 0 or 1, so that every dialect can hold them.

export interface SessionsTable {
  id: string
  tenant_id: string
  created_by: string
  status: SessionStatus
  title: string | null
  metadata: string
  cwd: string
  permission_mode: PermissionMode
  requested_model: string | null
  model: string | null
  append_system_prompt: string | null
  max_turns: number | null
  claude_session_id: string
  conversation_started: number
  created_at: number
  last_activity_at: number
  expires_at: number
  ended_at: number | null
  last_sequence: number
  message_count: number
  turn_count: number
  /** Retention has removed the events up to this sequence, */
  trimmed_through: Generated<number>
  /** and with them so many messages: `message_number` goes on counting them, `message_count` does not. */
  trimmed_messages: Generated<number>
  transcript: 'complete' | 'incomplete'
  settings: Generated<string>
  /** What of them is sealed. */
  secrets: Generated<string>
  forked_from: string | null
  rewound: Generated<string>
  remembered: Generated<string>
  /** null: an existing directory, `cwd`. */
  workspace: string | null
  /** JSON; null: not known. */
  settings_in_force: string | null
  /** null: `cwd`. */
  working_directory: string | null
}

export interface TranscriptEntriesTable {
  tenant_id: string
  claude_session_id: string
  subpath: string
  position: number
  uuid: string | null
  entry: string
}

export interface TurnsTable {
  id: string
  session_id: string
  tenant_id: string
  created_by: string
  /** Counts a session's turns from 1: their order, and what a page is found by. */
  number: number
  status: TurnStatus
  prompt: string
  timeout_ms: number
  response: string | null
  message_id: string | null
  stop_reason: StopReason | null
  error: string | null
  usage: string | null
  cost_usd: number | null
  created_at: number
  started_at: number | null
  ended_at: number | null
  duration_ms: number | null
  first_sequence: number | null
  last_sequence: number | null
  structured_output: string | null
  permission_denials: string | null
  notice: string | null
  ending: string | null
  commands: Generated<number>
  model_usage: string | null
}

export interface EventsTable {
  session_id: string
  sequence: number
  tenant_id: string
  turn_id: string | null
  type: EventType
  at: number
  /** Counts a session's messages from 1, so that a page is found without walking over those before it. */
  message_number: number | null
  message_id: string | null
  /** JSON on one line; of a message with a summary the message alone, without what its template holds. */
  payload: string
  /** The hash of the template that the payload lacks; null: it is complete. */
  template: string | null
  /** Of a message: what a list says of it beside its content, as members of a JSON object; null: stored before that was noted. */
  summary: string | null
}

/** The parts of payloads that many events of a session have in common. */
export interface PayloadTemplatesTable {
  session_id: string
  /** Of the text. */
  hash: string
  tenant_id: string
  text: string
}

export interface PermissionsTable {
  id: string
  tenant_id: string
  session_id: string
  turn_id: string | null
  kind: PermissionKind
  tool_name: string
  tool_use_id: string | null
  status: PermissionStatus
  request: string
  answer: string | null
  runs_with: string | null
  requested_at: number
  expires_at: number
  decided_at: number | null
  decided_by: string | null
  message: string | null
  updated_input: string | null
  /** null: nothing. */
  remembered: string | null
}

export interface AttachmentsTable {
  id: string
  session_id: string
  tenant_id: string
  created_by: string
  name: string
  media_type: AttachmentMediaType
  size_bytes: number
  sha256: string
  created_at: number
  complete: number
}

export interface AttachmentPiecesTable {
  attachment_id: string
  position: number
  bytes: Uint8Array
}

/** What turns refer to. */
export interface TurnAttachmentsTable {
  turn_id: string
  attachment_id: string
}

export interface TasksTable {
  session_id: string
  id: string
  tenant_id: string
  turn_id: string | null
  type: string
  description: string
  tool_use_id: string | null
  agent: string | null
  status: TaskStatus
  summary: string | null
  started_at: number
  ended_at: number | null
}

export interface AutonomousWorkTable {
  session_id: string
  tenant_id: string
  started_at: number
  ended_at: number
  usage: string | null
  cost_usd: number | null
  model_usage: string | null
}

export interface IdempotencyKeysTable {
  tenant_id: string
  created_by: string
  key: string
  fingerprint: string
  session_id: string
  turn_id: string | null
  expires_at: number
}

export interface SnapshotsTable {
  session_id: string
  /** Even: of the turn with half that number. Odd: taken after that turn and before the next one. */
  position: number
  tenant_id: string
  turn_id: string | null
  tree: string | null
  missing: NoSnapshot | null
  taken_at: number
}

/** Sessions of whose files something is kept. */
export interface FileHistoriesTable {
  session_id: string
  tenant_id: string
}

export interface CheckpointsTable {
  session_id: string
  turn_number: number
  path: string
  tenant_id: string
  turn_id: string
  before: string
  after: string | null
  disturbed: number
  taken_at: number
}

/** What runs on this machine, of no tenant. */
export interface ProcessesTable {
  marker: string
  pid: number
  started_at: string
  claude_session_id: string | null
}

/** One row; rewritten to learn whether the file can still be written. */
export interface StoreChecksTable {
  id: number
  checked_at: number
}

export interface SchemaMigrationsTable {
  name: string
  applied_at: number
}

export interface StoreSchema {
  snapshots: SnapshotsTable
  checkpoints: CheckpointsTable
  file_histories: FileHistoriesTable
  sessions: SessionsTable
  turns: TurnsTable
  events: EventsTable
  payload_templates: PayloadTemplatesTable
  store_checks: StoreChecksTable
  schema_migrations: SchemaMigrationsTable
  processes: ProcessesTable
  transcript_entries: TranscriptEntriesTable
  idempotency_keys: IdempotencyKeysTable
  permissions: PermissionsTable
  tasks: TasksTable
  own_work: AutonomousWorkTable
  attachments: AttachmentsTable
  attachment_pieces: AttachmentPiecesTable
  turn_attachments: TurnAttachmentsTable
}

export type QueryBuilder = Kysely<StoreSchema>
export type SessionRow = Selectable<SessionsTable>
export type TurnRow = Selectable<TurnsTable>
export type PermissionRow = Selectable<PermissionsTable>
export type AutonomousWorkRow = Selectable<AutonomousWorkTable>
export type TaskRow = Selectable<TasksTable>
export type AttachmentRow = Selectable<AttachmentsTable>
export type SnapshotRow = Selectable<SnapshotsTable>
export type CheckpointRow = Selectable<CheckpointsTable>
export type EventRow = Selectable<EventsTable>
