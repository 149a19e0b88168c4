import type { DeltaEvent, DeltaVoided } from '../contract/events.ts'
import type { OperationInput } from '../contract/operations.ts'
import type { SessionState } from '../contract/sessions.ts'
import type { ModelInfo } from '../contract/system.ts'
import type { InterruptResponse, Prompt } from '../contract/turns.ts'
import type { AttachmentsService } from './attachments/attachments-service.ts'
import type { BranchingService } from './branching/branching-service.ts'
import type { ConversationService } from './conversation/conversation-service.ts'
import type { DiffsService } from './files/diffs-service.ts'
import type { FilesService } from './files/files-service.ts'
import type { IdempotencyKey, Once } from './idempotency.ts'
import type { PermissionService } from './permissions/permission-service.ts'
import type { AgentInspection, Page } from './ports.ts'
import type { Caller, EventRecord, SessionRecord, TurnRecord } from './records.ts'
import type { ExportService } from './reports/export-service.ts'
import type { UsageService } from './reports/usage-service.ts'
import type { InForce } from './settings/settings-in-force.ts'

export interface SessionView {
  session: SessionRecord
  state: SessionState
  /** How many background tasks run. */
  backgroundTasks: number
  settingsInForce: InForce
}

export interface TurnRequest {
  prompt: Prompt
  /** Whether a slash command in the prompt runs and a file mention is followed; left out: both are text. */
  commands?: boolean
  /** The prompt with the contents that it refers to; only for `steer`, where nothing may be waited for. */
  filledIn?: Prompt
  timeoutMs: number
  /** `steer`: more input for the running turn, which is answered then; as `queue` when none can take it. */
  onBusy: 'queue' | 'reject' | 'interrupt' | 'steer'
}

/** What a reader of a session's log receives. */
export type LogItem =
  | { kind: 'event'; event: EventRecord }
  /** A piece of a message; the first one of a block that had begun before has all of it so far. */
  | { kind: 'delta'; delta: DeltaEvent }
  /** The deltas of a block count no longer. */
  | { kind: 'delta.voided'; voided: DeltaVoided }
  /** Retention has removed what was asked for, from and to these sequences. */
  | { kind: 'gap'; from: number; to: number }
  /** Everything stored so far has been delivered; what follows is live. */
  | { kind: 'caught_up'; sequence: number }
  /** The server shuts down; nothing follows. */
  | { kind: 'closing' }

export interface FollowRequest {
  /** Deliver events with a greater sequence; `latest`: only what comes from now on. */
  after: number | 'latest'
  /** Only events of this turn; the iteration ends after its last one. */
  turnId?: string
  includeDeltas: boolean
  /** Ends the iteration without an error. */
  signal: AbortSignal
}

/**
 * A reader of a session's log. The iteration ends by itself after `closing`, after the last event of the turn
 * that was asked for, after the last event of a session that has ended or expired, when the signal fires, and when the reader does not read any more while too much arrives
 * for it: `overflow` fires then, also in the middle of an item. To be iterated once; a reader that is not costs
 * nothing.
 */
export interface LogReader extends AsyncIterable<LogItem> {
  readonly overflow: AbortSignal
  /** Whether there is nothing to read and nothing can come any more: the turn or the session is over. */
  readonly exhausted: boolean
}

/**
 * Everything that the doors can ask of the heart. Objects of another tenant do not exist for the caller.
 * Failures that are meant for the caller are `ServiceError`s.
 */
export interface SessionService {
  readonly permissions: PermissionService
  readonly conversation: ConversationService
  readonly branching: BranchingService
  /** @param signal fires when nobody wants the session any more; only looked at while its directory is made */
  create(
    caller: Caller,
    request: OperationInput<'createSession'>['body'],
    signal?: AbortSignal,
  ): Promise<SessionRecord>
  /** As `create`, but for all requests with this key only once. */
  createOnce(
    caller: Caller,
    request: OperationInput<'createSession'>['body'],
    key: IdempotencyKey,
  ): Promise<Once<SessionRecord>>
  get(caller: Caller, sessionId: string): Promise<SessionView>
  list(
    caller: Caller,
    query: OperationInput<'listSessions'>['query'],
  ): Promise<{ sessions: SessionView[]; total: number; nextCursor: string | null }>
  patch(
    caller: Caller,
    sessionId: string,
    change: OperationInput<'patchSession'>['body'],
  ): Promise<SessionView>
  /** Idempotent. */
  end(caller: Caller, sessionId: string): Promise<void>
  /** Resolves when the turn is stored: from then on it is not lost without a trace. */
  submitTurn(caller: Caller, sessionId: string, request: TurnRequest): Promise<TurnRecord>
  /** As `submitTurn`, but for all requests with this key only once; a repetition has the turn as it is now. */
  submitTurnOnce(
    caller: Caller,
    sessionId: string,
    request: TurnRequest,
    key: IdempotencyKey,
  ): Promise<Once<TurnRecord>>
  /** Resolves with the turn once its status is a terminal one. Rejects with the signal's reason. */
  whenTurnEnded(caller: Caller, sessionId: string, turnId: string, signal: AbortSignal): Promise<TurnRecord>
  /** How long ago a turn was accepted, in milliseconds. Of one that runs, no clock that is set changes it. */
  ageOf(turn: TurnRecord): number
  getTurn(caller: Caller, sessionId: string, turnId: string): Promise<TurnRecord>
  listTurns(caller: Caller, sessionId: string, page: Page): Promise<{ turns: TurnRecord[]; total: number }>
  listMessages(
    caller: Caller,
    sessionId: string,
    query: Page & { after?: number | undefined; countsAll?: boolean },
  ): Promise<{ messages: EventRecord[]; total: number }>
  /** Resolves when the running turn, or the one that was named, has ended. Idempotent. */
  interrupt(
    caller: Caller,
    sessionId: string,
    request: { turnId?: string | undefined; clearQueue: boolean },
  ): Promise<InterruptResponse>
  follow(caller: Caller, sessionId: string, request: FollowRequest): Promise<LogReader>
  readonly attachments: AttachmentsService
  readonly usage: UsageService
  readonly exports: ExportService
  readonly files: FilesService
  readonly diffs: DiffsService
  models(): ModelInfo[]
  /** The state of what the service stands on; never rejects. */
  health(): Promise<{
    store: { ok: true; sessions: { active: number; total: number } } | { ok: false }
    agent: AgentInspection | undefined
  }>
}
