import type { TaskStatus } from '../../contract/conversation.ts'
import type {
  AttachmentRecord,
  EventRecord,
  LoggedEvent,
  NewEvent,
  PermissionRecord,
  SessionRecord,
  TaskRecord,
  TurnRecord,
} from '../records.ts'
import type { DeliveryRecord } from '../webhook-records.ts'
import type { AuditClaim, AuditStore } from './audit.ts'
import type { Fence } from './claims.ts'
import type { ClusterStores } from './cluster-stores.ts'
import type { ConsoleLoginStore } from './console-logins.ts'
import type {
  AutonomousWork,
  BranchStore,
  FileHistoryStore,
  SharedPast,
  SpendingReader,
  TranscriptEntry,
  TranscriptKey,
  TranscriptStore,
  UsageReader,
} from './conversation-store.ts'
import type { FeedStore } from './feed.ts'
import type { KeyStore } from './keys.ts'
import type { LeftoverStore } from './leftovers.ts'
import type { LimitStore, SessionLimits, SessionsFull } from './limits.ts'
import type { PresetStore } from './presets.ts'
import type { ProcessLedger } from './process-ledger.ts'
import type { PushStore } from './push.ts'
import type { RetentionStore } from './retention-store.ts'
import type { SearchStore } from './search.ts'
import type { SessionDigest, SessionQuery } from './session-lists.ts'
import type { UsageEntry, UsageLedger } from './usage-ledger.ts'
import type { WebhookStore } from './webhooks.ts'

/** The changes of one transaction in one session. */
export interface Change {
  tenantId: string
  sessionId: string
  /** Time of the change and of its events. */
  at: number
  /** Refuses the change unless the session belongs to this owner, with `SessionFenced`; undefined: the owner is not looked at. */
  fence?: Fence | undefined
  session?: Partial<
    Pick<
      SessionRecord,
      | 'status'
      | 'title'
      | 'titleSource'
      | 'metadata'
      | 'tags'
      | 'archived'
      | 'permissionMode'
      | 'requestedModel'
      | 'model'
      | 'maxTurns'
      | 'claudeSessionId'
      | 'conversationStarted'
      | 'lastActivityAt'
      | 'expiresAt'
      | 'endedAt'
      | 'transcript'
      | 'rewound'
      | 'settings'
      | 'secrets'
      | 'remembered'
      | 'settingsInForce'
      | 'snapshot'
    >
  >
  insertTurn?: TurnRecord
  updateTurn?: { id: string } & Partial<
    Pick<
      TurnRecord,
      | 'status'
      | 'response'
      | 'messageId'
      | 'stopReason'
      | 'error'
      | 'usage'
      | 'costUsd'
      | 'modelUsage'
      | 'startedAt'
      | 'endedAt'
      | 'durationMs'
      | 'structuredOutput'
      | 'permissionDenials'
      | 'notice'
      | 'ending'
    >
  >
  /** Autonomous work between turns. */
  addAutonomousWork?: AutonomousWork[]
  /** Is added to the ledger of the tenant. */
  usage?: UsageEntry[]
  /** Stored as it is now, whether it was there before or not. */
  savePermission?: PermissionRecord
  /** As `savePermission`. */
  saveTasks?: TaskRecord[]
  /** Appended to the session's log in this order. */
  events: LoggedEvent[]
  /** The key of the request that asked for it; what a taken one refuses is the whole change. */
  idempotency?: IdempotencyRecord
  /** Transcript lines that belong to the change, appended as `TranscriptStore.appendTranscript` does. */
  transcript?: TranscriptLines[]
  /** Reports of its events to webhooks. */
  deliveries?: DeliveryRecord[]
  /** Entries of the audit log that belong to the change, besides the one of the request that it runs for. */
  audit?: AuditClaim[]
}

/** Lines for one transcript. */
export interface TranscriptLines {
  part: TranscriptKey
  entries: TranscriptEntry[]
}

export interface Page {
  limit: number
  offset: number
  /** Of a list that is ordered by a time and an id: only what comes behind this item. */
  position?: { at: number; id: string }
}

export interface EventQuery {
  sessionId: string
  after: number
  limit: number
  turnId?: string | undefined
}

export interface MessageQuery extends Page {
  after?: number
  countsAll?: boolean
}

/** A page of messages as it is sent. */
export interface MessagesText {
  /** JSON objects with commas between them, in UTF-8: `summary`, `sequence`, `turnId` and `content` of each message. */
  json: Buffer
  /** Of the last message; undefined: there is none. */
  lastSequence: number | undefined
  hasMore: boolean
  total: number
}

/** One portion of a log for a reader. */
export interface LogPage {
  events: EventRecord[]
  /** Retention has removed the session's events up to this sequence; 0: none. */
  trimmedThrough: number
  /** Set when the session itself was removed. */
  isGone?: boolean
}

/**
 * The store: everything that must survive this process. Reads take the caller's tenant, so that no row can be
 * reached without it. A change is durable when its promise resolves. The first change of a request that has an entry in
 * the audit log stores the entry in the same transaction.
 */
export interface Store extends ClusterStores {
  /**
   * Applies a change and appends its events, all or nothing. Also keeps `lastSequence`, `messageCount`
   * and the turn's `firstSequence` and `lastSequence`. Changes are applied, and their promises resolved,
   * in the order of the calls.
   * @returns the events with the sequences they were given
   */
  commit(change: Change): Promise<EventRecord[]>
  /**
   * Stores a new session with its first events unless as many active ones exist already; both in one step.
   * @param limit of all sessions, or also of those of its key and tenant
   * @param past messages of another session of the tenant that its log has, after its first events
   * @param deliveries as in `Change`
   * @param placement undefined: the session has no owner
   * @returns the active sessions found when there was no room, else the events stored, without those of the past
   */
  createSession(
    session: SessionRecord,
    events: NewEvent[],
    limit: number | SessionLimits,
    idempotency?: IdempotencyRecord,
    past?: SharedPast,
    deliveries?: DeliveryRecord[],
    placement?: { fence: Fence; volume: string | null },
  ): Promise<{ created: true; events: EventRecord[] } | ({ created: false } & SessionsFull)>
  findSession(tenantId: string, sessionId: string): Promise<SessionRecord | undefined>
  /** The tenant of a session, whatever it is; undefined: there is no such session. */
  findTenant(sessionId: string): Promise<string | undefined>
  /** Newest activity first; of all tenants if none is given. @returns also the time of the order, and when each had been active by then */
  listSessions(
    tenantId: string | undefined,
    query: SessionQuery,
  ): Promise<{ sessions: SessionRecord[]; activeAt: number[]; asOf: number; total: number }>
  /** By session; without those that are not there. The sessions have been read with their tenant. */
  readDigests(sessionIds: readonly string[]): Promise<Map<string, SessionDigest>>
  /** Over all tenants. */
  countSessions(): Promise<{ active: number; total: number }>
  /** Active sessions whose expiry has come and that have no unfinished turn, over all tenants. */
  listExpiredSessions(now: number, limit: number): Promise<SessionRecord[]>
  /** When the next active session without unfinished turns expires; undefined when there is none. */
  findNextExpiry(): Promise<number | undefined>
  findTurn(tenantId: string, sessionId: string, turnId: string): Promise<TurnRecord | undefined>
  /** Oldest first. */
  listTurns(tenantId: string, sessionId: string, page: Page): Promise<{ turns: TurnRecord[]; total: number }>
  /** In order of sequence. */
  listEvents(tenantId: string, query: EventQuery): Promise<EventRecord[]>
  /** As `listEvents`, but not more than `maxBytes` of payload, at least one; and what is gone, read together. */
  readLog(tenantId: string, query: EventQuery & { maxBytes: number }): Promise<LogPage>
  /**
   * Removes one attachment, or when there are none left the oldest events, at most `limit`, of a session that has
   * ended before a time; over all tenants.
   * Its `messageCount` counts those that are left.
   * @returns false when there was nothing to remove
   */
  trimEvents(endedBefore: number, limit: number): Promise<boolean>
  readonly retention: RetentionStore
  readonly feed: FeedStore
  readonly leftovers: LeftoverStore
  readonly limits: LimitStore
  /** Events of type `message`, oldest first; `total` counts all of the session (or, without `countsAll`, all after `after`). */
  listMessages(
    tenantId: string,
    sessionId: string,
    query: MessageQuery,
  ): Promise<{ messages: EventRecord[]; total: number }>
  /** As `listMessages`, of messages that are stored as text; undefined when one of the page is not. */
  readMessages(tenantId: string, sessionId: string, query: MessageQuery): Promise<MessagesText | undefined>
  readonly branches: BranchStore
  readonly transcripts: TranscriptStore
  readonly processes: ProcessLedger
  readonly idempotency: IdempotencyStore
  readonly permissions: PermissionStore
  readonly tasks: TaskStore
  readonly fileHistory: FileHistoryStore
  readonly attachments: AttachmentStore
  readonly search: SearchStore
  readonly usage: UsageReader
  readonly spending: SpendingReader
  readonly ledger: UsageLedger
  readonly webhooks: WebhookStore
  readonly push: PushStore
  readonly keys: KeyStore
  readonly presets: PresetStore
  readonly logins: ConsoleLoginStore
  readonly audit: AuditStore
  /** Resolves when the store can read and write. */
  check(): Promise<void>
  /** Finishes pending writes, then releases the database. Idempotent. */
  close(): Promise<void>
}

/** The files of sessions, for prompts to refer to. */
export interface AttachmentStore {
  /**
   * Stores an attachment whole or not at all, unless those of its session would be more than `limit` bytes then.
   * @returns how many bytes there are already when there was no room
   */
  addAttachment(
    attachment: AttachmentRecord,
    bytes: Uint8Array,
    limit: number,
  ): Promise<{ added: true } | { added: false; used: number }>
  findAttachment(
    tenantId: string,
    sessionId: string,
    attachmentId: string,
  ): Promise<AttachmentRecord | undefined>
  /** Oldest first. */
  listAttachments(
    tenantId: string,
    sessionId: string,
    page: Page,
  ): Promise<{ attachments: AttachmentRecord[]; total: number }>
  /** The content, a piece at a time; undefined after the last one, and when the attachment is gone. */
  readPiece(
    tenantId: string,
    sessionId: string,
    attachmentId: string,
    position: number,
  ): Promise<Buffer | undefined>
  /** Removes it unless a turn that has not ended needs it. */
  removeAttachment(
    tenantId: string,
    sessionId: string,
    attachmentId: string,
  ): Promise<{ removed: true } | { removed: false; neededBy: string | undefined }>
}

/** The result of the first request with an `Idempotency-Key`. Keys are the caller's own: of a tenant and an API key. */
export interface IdempotencyRecord {
  tenantId: string
  /** Id of the API key. */
  keyId: string
  key: string
  /** The same for requests that ask for the same. */
  fingerprint: string
  sessionId: string
  /** null when the request made the session. */
  turnId: string | null
  expiresAt: number
}

/** The keys of the last day; a key is stored with the change that it led to. One that has expired counts as one that never was, and is removed when it is met. */
export interface IdempotencyStore {
  findIdempotencyKey(
    tenantId: string,
    keyId: string,
    key: string,
    now: number,
  ): Promise<IdempotencyRecord | undefined>
  /** Over all tenants. @returns how many were removed, at most `limit` */
  removeExpiredIdempotencyKeys(now: number, limit: number): Promise<number>
}

export interface PermissionQuery extends Page {
  /** Left out: of all sessions. */
  sessionId?: string
  status: 'pending' | 'all'
}

/** Permission requests; they are written with the change of their session (`Change.savePermission`). */
export interface PermissionStore {
  findPermission(
    tenantId: string,
    sessionId: string,
    permissionId: string,
  ): Promise<PermissionRecord | undefined>
  /** Oldest first; of all tenants if none is given. */
  listPermissions(
    tenantId: string | undefined,
    query: PermissionQuery,
  ): Promise<{ permissions: PermissionRecord[]; total: number }>
}

export interface TaskQuery extends Page {
  sessionId: string
  status: TaskStatus | 'all'
}

/** Background tasks; they are written with the change of their session (`Change.saveTasks`). */
export interface TaskStore {
  findTask(tenantId: string, sessionId: string, taskId: string): Promise<TaskRecord | undefined>
  /** Oldest first. */
  listTasks(tenantId: string, query: TaskQuery): Promise<{ tasks: TaskRecord[]; total: number }>
}
