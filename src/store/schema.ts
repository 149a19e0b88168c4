import type { Generated, Kysely, Selectable } from 'kysely'
import type { NodeState, RevisionName } from '../sessions/ports/index.ts'
import type { RowOf } from './record-mapper.ts'
import type {
  attachmentColumns,
  auditColumns,
  autonomousWorkColumns,
  checkpointColumns,
  consoleLoginColumns,
  deliveryColumns,
  eventColumns,
  keyColumns,
  permissionColumns,
  presetColumns,
  pushKeysColumns,
  pushSubscriptionColumns,
  sessionColumns,
  snapshotColumns,
  taskColumns,
  turnColumns,
  usageColumns,
  webhookColumns,
} from './records.ts'

// JSON is kept as text, times as milliseconds since 1970 and flags as 0 or 1, so that both databases hold the same.

export interface SessionsTable extends RowOf<typeof sessionColumns> {
  turn_count: number
  /** The life of a node that may write to it; null: any. */
  owner: Generated<string | null>
  /** Counts its claims; null: 0. */
  epoch: Generated<number | null>
  /** Where its directory is; null: on any node. */
  volume: Generated<string | null>
  /** Retention has removed the events up to this sequence, */
  trimmed_through: Generated<number>
  /** and with them so many messages: `message_number` still counts them, `message_count` does not. */
  trimmed_messages: Generated<number>
}

/** Lives of nodes that share the database. */
export interface NodesTable {
  id: string
  url: string
  version: string
  state: NodeState
  lease_until: number
  slots_free: number
  /** A JSON array of texts. */
  volumes: string
  last_batch: Generated<number>
  last_result: Generated<string | null>
}

/** Windows that several nodes count in. */
export interface RateWindowsTable {
  counter: string
  /** A JSON object: how many were granted in which step. */
  used: string
  granted: number
  step: number
  ends_at: number
}

/** Places that lives of nodes hold. */
export interface RunningPlacesTable {
  counter: string
  /** A JSON object: how many each holds. */
  holders: string
}

export interface TranscriptEntriesTable {
  tenant_id: string
  claude_session_id: string
  subpath: string
  position: number
  uuid: string | null
  entry: string
}

export interface TurnsTable extends RowOf<typeof turnColumns> {
  /** Counts a session's turns from 1: their order, and what a page is found by. */
  number: number
}

export interface EventsTable extends RowOf<typeof eventColumns> {
  tenant_id: string
  /** Counts a session's messages from 1, so that a page is found without walking over those before it. */
  message_number: number | null
  message_id: string | null
  /** Counts the events of all sessions in the order in which they were committed; null: not in the feed. */
  position: number | null
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

export type PermissionsTable = RowOf<typeof permissionColumns>

export interface AttachmentsTable extends RowOf<typeof attachmentColumns> {
  complete: number
}

export interface AttachmentPiecesTable {
  attachment_id: string
  position: number
  bytes: Uint8Array
}

/** The attachments that turns refer to. */
export interface TurnAttachmentsTable {
  turn_id: string
  attachment_id: string
}

export type TasksTable = RowOf<typeof taskColumns>

export interface AutonomousWorkTable extends RowOf<typeof autonomousWorkColumns> {
  session_id: string
  tenant_id: string
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

export interface SnapshotsTable extends RowOf<typeof snapshotColumns> {
  /** Even: of the turn with half that number. Odd: taken after that turn and before the next one. */
  position: number
}

/** Sessions of whose files something is kept. */
export interface FileHistoriesTable {
  session_id: string
  tenant_id: string
}

export interface CheckpointsTable extends RowOf<typeof checkpointColumns> {
  turn_number: number
}

/** Processes on this machine, without a tenant. */
export interface ProcessesTable {
  marker: string
  pid: number
  started_at: string
  claude_session_id: string | null
}

export type ApiKeysTable = RowOf<typeof keyColumns>

export type ConsoleLoginsTable = RowOf<typeof consoleLoginColumns>

/** One row. */
export interface ConsoleInstanceTable {
  id: number
  name: string
}

export type WebhooksTable = RowOf<typeof webhookColumns>

export type WebhookDeliveriesTable = RowOf<typeof deliveryColumns>

/** Presets by tenant and name, also deleted ones. */
export interface PresetsTable {
  tenant_id: string
  name: string
  /** The last version that there was. */
  version: number
  archived_at: number | null
  deleted_at: number | null
}

export type PresetVersionsTable = RowOf<typeof presetColumns>

export type PushSubscriptionsTable = RowOf<typeof pushSubscriptionColumns>

/** At most one row. */
export type PushKeysTable = RowOf<typeof pushKeysColumns>

/** Append-only: triggers refuse updates, and removals of young rows. */
export type AuditLogTable = RowOf<typeof auditColumns>

/** One row, once there is an event: the position of the last one. */
export interface FeedHeadTable {
  id: number
  position: number
}

/** Retention has removed events up to this position. The tenant '' stands for all of them. */
export interface FeedRemovalsTable {
  tenant_id: string
  through: number
}

/** Counts the changes of a part of the store that servers keep in memory. */
export interface RevisionsTable {
  name: RevisionName
  value: number
}

/** Tickets that were used, until they end. */
export interface RedeemedTicketsTable {
  id: string
  expires_at: number
}

/** The keys with which a life of a node seals and unseals; with the owner '' those of the latest start. */
export interface SecretFingerprintsTable {
  owner: string
  seals: string
  /** A JSON array of texts. */
  opens: string
}

/** One row; rewritten to learn whether the database can still be written. */
export interface StoreChecksTable {
  id: number
  checked_at: number
}

export interface SchemaMigrationsTable {
  name: string
  applied_at: number
}

/** Requirements on a program that works with the schema of a migration. */
export interface SchemaAdmissionsTable {
  name: string
  admits: string
}

/** By tenant, key, day and model. The key '' stands for all keys of the tenant. */
export interface UsageDaysTable extends RowOf<typeof usageColumns> {
  tenant_id: string
}

/** The same for each session that is still there. */
export interface UsageSessionsTable extends UsageDaysTable {
  session_id: string
}

/** Texts that can be found, in the order in which they came; written by triggers alone. */
export interface SearchEntriesTable {
  id: number
  tenant_id: string
  session_id: string
  /** null: the title of the session. */
  turn_id: string | null
  field: 'title' | 'prompt' | 'answer'
  at: number
}

/** SQLite's index of their words; PostgreSQL has it in a column of the entries. */
export interface SearchWordsTable {
  rowid: number
}

export interface StoreSchema {
  search_entries: SearchEntriesTable
  search_words: SearchWordsTable
  usage_days: UsageDaysTable
  usage_sessions: UsageSessionsTable
  schema_admissions: SchemaAdmissionsTable
  snapshots: SnapshotsTable
  checkpoints: CheckpointsTable
  file_histories: FileHistoriesTable
  sessions: SessionsTable
  nodes: NodesTable
  rate_windows: RateWindowsTable
  running_places: RunningPlacesTable
  turns: TurnsTable
  events: EventsTable
  payload_templates: PayloadTemplatesTable
  feed_head: FeedHeadTable
  feed_removals: FeedRemovalsTable
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
  api_keys: ApiKeysTable
  console_logins: ConsoleLoginsTable
  console_instance: ConsoleInstanceTable
  webhooks: WebhooksTable
  webhook_deliveries: WebhookDeliveriesTable
  presets: PresetsTable
  preset_versions: PresetVersionsTable
  push_subscriptions: PushSubscriptionsTable
  push_keys: PushKeysTable
  audit_log: AuditLogTable
  revisions: RevisionsTable
  redeemed_tickets: RedeemedTicketsTable
  secret_fingerprints: SecretFingerprintsTable
}

export type QueryBuilder = Kysely<StoreSchema>
export type SessionRow = Selectable<SessionsTable>
export type EventRow = Selectable<EventsTable>
