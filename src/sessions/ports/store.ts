import type { SessionStatus } from '../../contract/sessions.ts'
import type {
  EventRecord,
  NewEvent,
  PermissionRecord,
  SessionRecord,
  TaskRecord,
  TurnRecord,
} from '../records.ts'
import type { AttachmentStore } from './attachments.ts'
import type { BranchStore, SharedPast } from './branches.ts'
import type { FileHistoryStore } from './file-history.ts'
import type { IdempotencyRecord, IdempotencyStore } from './idempotency.ts'
import type { PermissionStore } from './permissions.ts'
import type { ProcessLedger } from './process-ledger.ts'
import type { SpendingReader } from './spending.ts'
import type { TaskStore } from './tasks.ts'
import type { TranscriptStore } from './transcripts.ts'
import type { OwnWork, UsageReader } from './usage.ts'

/** What one transaction changes in one session. */
export interface Change {
  tenantId: string
  sessionId: string
  /** Time of the change and of its events. */
  at: number
  session?: Partial<
    Pick<
      SessionRecord,
      | 'status'
      | 'title'
      | 'metadata'
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
  /** What Claude Code has done by itself between turns. */
  addOwnWork?: OwnWork[]
  /** Stored as it is now, whether it was there before or not. */
  savePermission?: PermissionRecord
  /** As `savePermission`. */
  saveTasks?: TaskRecord[]
  /** Appended to the session's log in this order. */
  events: NewEvent[]
  /** The key of the request that asked for it; what a taken one refuses is the whole change. */
  idempotency?: IdempotencyRecord
}

export interface Page {
  limit: number
  offset: number
  /** Of a list that is ordered by a time and an id: only what comes behind this item. */
  position?: { at: number; id: string }
}

export interface SessionQuery {
  status: SessionStatus | 'all'
  limit: number
  /** The order is that of this time: what has happened since does not count; null: of now. */
  asOf: number | null
  /** Where the page before ended, in that order. */
  after: { lastActivityAt: number; id: string } | null
}

export interface EventQuery {
  sessionId: string
  after: number
  limit: number
  turnId?: string | undefined
}

/** What a reader of a log is given at a time. */
export interface LogPage {
  events: EventRecord[]
  /** Retention has removed the session's events up to this sequence; 0: none. */
  trimmedThrough: number
}

/**
 * The store: everything that must survive this process. Reads take the caller's tenant, so that no row can be
 * reached without it. A change is durable when its promise resolves.
 */
export interface Store {
  /**
   * Applies a change and appends its events, all or nothing. Also keeps `lastSequence`, `messageCount`
   * and the turn's `firstSequence` and `lastSequence`. Changes are applied, and their promises resolved,
   * in the order of the calls.
   * @returns the events with the sequences they were given
   */
  commit(change: Change): Promise<EventRecord[]>
  /**
   * Stores a new session with its first events unless `limit` active ones exist already; both in one step.
   * @param past messages of another session of the tenant that its log has, after its first events
   * @returns the active sessions found when there was no room, else the events stored, without those of the past
   */
  createSession(
    session: SessionRecord,
    events: NewEvent[],
    limit: number,
    idempotency?: IdempotencyRecord,
    past?: SharedPast,
  ): Promise<{ created: true; events: EventRecord[] } | { created: false; active: number }>
  findSession(tenantId: string, sessionId: string): Promise<SessionRecord | undefined>
  /** Newest activity first. @returns also the time of the order, and when each had been active by then */
  listSessions(
    tenantId: string,
    query: SessionQuery,
  ): Promise<{ sessions: SessionRecord[]; activeAt: number[]; asOf: number; total: number }>
  /** Over all tenants. */
  countSessions(): Promise<{ active: number; total: number }>
  /** Active sessions whose expiry has come and that have no unfinished turn, over all tenants. */
  listExpiredSessions(now: number, limit: number): Promise<SessionRecord[]>
  /** When the next active session without unfinished turns expires; undefined when there is none. */
  findNextExpiry(): Promise<number | undefined>
  findTurn(tenantId: string, sessionId: string, turnId: string): Promise<TurnRecord | undefined>
  /** Oldest first. */
  listTurns(tenantId: string, sessionId: string, page: Page): Promise<{ turns: TurnRecord[]; total: number }>
  /** Queued, running and requires_action, oldest first, over all tenants: what a start finds left behind. */
  listUnfinishedTurns(): Promise<TurnRecord[]>
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
  /** Events of type `message`, oldest first; `total` counts all of the session (or, without `countsAll`, all after `after`). */
  listMessages(
    tenantId: string,
    sessionId: string,
    query: Page & { after?: number; countsAll?: boolean },
  ): Promise<{ messages: EventRecord[]; total: number }>
  readonly branches: BranchStore
  readonly transcripts: TranscriptStore
  readonly processes: ProcessLedger
  readonly idempotency: IdempotencyStore
  readonly permissions: PermissionStore
  readonly tasks: TaskStore
  readonly fileHistory: FileHistoryStore
  readonly attachments: AttachmentStore
  readonly usage: UsageReader
  readonly spending: SpendingReader
  /** Resolves when the store can read and write. */
  check(): Promise<void>
  /** Finishes what was handed in, then lets go of the file. Idempotent. */
  close(): Promise<void>
}
