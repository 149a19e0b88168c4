import type { FailureReason } from '../contract/errors.ts'
import type { Delta } from '../contract/events.ts'
import type { PermissionMode, SessionStatus } from '../contract/sessions.ts'
import type { ModelInfo } from '../contract/system.ts'
import type { Prompt, StopReason, Usage } from '../contract/turns.ts'
import type { EventRecord, NewEvent, SessionRecord, TurnRecord } from './records.ts'

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
      | 'startedAt'
      | 'endedAt'
    >
  >
  /** Appended to the session's log in this order. */
  events: NewEvent[]
  /** The key of the request that asked for it; what a taken one refuses is the whole change. */
  idempotency?: IdempotencyRecord
}

export interface Page {
  limit: number
  offset: number
}

export interface SessionQuery {
  status: SessionStatus | 'all'
  limit: number
  /** Where the page before ended. */
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
   * @returns the active sessions found when there was no room, else the events stored
   */
  createSession(
    session: SessionRecord,
    events: NewEvent[],
    limit: number,
    idempotency?: IdempotencyRecord,
  ): Promise<{ created: true; events: EventRecord[] } | { created: false; active: number }>
  findSession(tenantId: string, sessionId: string): Promise<SessionRecord | undefined>
  /** Newest activity first. */
  listSessions(tenantId: string, query: SessionQuery): Promise<{ sessions: SessionRecord[]; total: number }>
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
   * Removes the oldest events, at most `limit`, of a session that has ended before a time; over all tenants.
   * Its `messageCount` counts those that are left.
   * @returns false when there was nothing to remove
   */
  trimEvents(endedBefore: number, limit: number): Promise<boolean>
  /** Events of type `message`, oldest first; `total` counts all of the session (or all after `after`). */
  listMessages(
    tenantId: string,
    sessionId: string,
    query: Page & { after?: number },
  ): Promise<{ messages: EventRecord[]; total: number }>
  readonly transcripts: TranscriptStore
  readonly processes: ProcessLedger
  readonly idempotency: IdempotencyStore
  /** Resolves when the store can read and write. */
  check(): Promise<void>
  /** Finishes what was handed in, then lets go of the file. Idempotent. */
  close(): Promise<void>
}

/** How a conversation's process is to be started. */
export interface AgentSpec {
  tenantId: string
  claudeSessionId: string
  /** Whether the conversation exists and has to be taken up again. */
  resume: boolean
  cwd: string
  model: string | null
  permissionMode: PermissionMode
  appendSystemPrompt: string | null
  maxTurns: number | null
}

export interface AgentFailure {
  reason: FailureReason
  /** For people: what happened, and what to do where something can be done. */
  message: string
}

export type TurnOutcome = {
  usage: Usage | null
  costUsd: number | null
  response: string | null
} & (
  | { status: 'completed'; stopReason: StopReason }
  | { status: 'interrupted' }
  | { status: 'failed'; failure: AgentFailure; unavailable: boolean }
)

/** What an agent tells while it works; called in order, never after its turn's promise settled. */
export interface AgentListener {
  onMessage(message: Record<string, unknown>): void
  onDelta(delta: { messageId: string; blockIndex: number; delta: Delta }): void
  /** Claude Code says which conversation and model it works with. */
  onIdentity(identity: { claudeSessionId: string; model: string }): void
  /** A part of the transcript could not be stored. */
  onTranscriptLost(): void
}

/** One live Claude Code process with one conversation; runs one turn at a time. */
export interface Agent {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  /** Whether it can take a turn; false from the moment when its process ends or is being ended. */
  readonly alive: boolean
  /** Why the process never became able to take a turn; undefined while that is not known to be so. */
  readonly startFailure: AgentFailure | undefined
  /**
   * Runs one turn to its end. Never rejects: what goes wrong is an outcome.
   * A process that fails to start is the outcome of its first turn.
   */
  runTurn(turn: { turnId: string; prompt: Prompt }): Promise<TurnOutcome>
  /**
   * Makes the running turn end, by force after a bounded time; its promise tells when. Idempotent,
   * nothing happens without a running turn.
   */
  interrupt(): void
  /**
   * Hands the running turn more input, which Claude Code takes up between its steps. The turn ends when that has
   * been answered too. `id` becomes the uuid of the message.
   * @returns false when no turn runs that could still take it: nothing has happened then
   */
  steer(input: { id: string; prompt: Prompt }): boolean
  /** Ends the process and everything that it started, by force after a bounded time. Idempotent. */
  close(): Promise<void>
}

export interface AgentInspection {
  status: 'ok' | 'unavailable'
  version?: string
  models?: ModelInfo[]
  failure?: AgentFailure
}

export interface AgentLauncher {
  /** Starts a process in the background; synchronous, so that a launch is owned from its first moment. */
  launch(spec: AgentSpec, listener: AgentListener): Agent
  /** Asks Claude Code whether it can work, and for its models, without a conversation. */
  inspect(): Promise<AgentInspection>
  /** What the newest process said; undefined before any has. */
  readonly lastInspection: AgentInspection | undefined
  /** Ends every process. Idempotent. */
  close(): Promise<void>
}

/** A process of Claude Code that this server has started. */
export interface ProcessRecord {
  pid: number
  /** When it started, the way the operating system tells it: with the pid it names one process for ever. */
  startedAt: string
  /** In the environment of the process and of all that it starts; no other process has it. */
  marker: string
  /** null for a process without a conversation. */
  claudeSessionId: string | null
}

/** Which processes are running, so that a start after a crash can find and end exactly those that it left. */
export interface ProcessLedger {
  recordProcess(process: ProcessRecord): Promise<void>
  forgetProcess(marker: string): Promise<void>
  listProcesses(): Promise<ProcessRecord[]>
}

/** What the first request with an `Idempotency-Key` has led to. Keys are the caller's own: of a tenant and an API key. */
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

/** Names one transcript of Claude Code: a conversation's own, or with `subpath` one that belongs to it. */
export interface TranscriptKey {
  tenantId: string
  claudeSessionId: string
  subpath: string | null
}

/** One line of a transcript, as Claude Code wrote it. */
export interface TranscriptEntry {
  type: string
  uuid?: string
  [field: string]: unknown
}

/** What Claude Code needs to take up a conversation where its own files are gone. */
export interface TranscriptStore {
  /** In order; entries with a `uuid` that is there already are left out. */
  appendTranscript(key: TranscriptKey, entries: TranscriptEntry[]): Promise<void>
  /** null when nothing was ever appended. */
  loadTranscript(key: TranscriptKey): Promise<TranscriptEntry[] | null>
  listTranscriptSubpaths(key: Omit<TranscriptKey, 'subpath'>): Promise<string[]>
}
