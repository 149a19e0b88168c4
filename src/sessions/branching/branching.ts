import type { RewindSessionResponse } from '../../contract/branching.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import type { SessionDirectories } from '../files/session-directories.ts'
import type { ExpirySweeper } from '../lifecycle/expiry.ts'
import type { AgentLauncher, TranscriptEditor } from '../ports/index.ts'
import type { Caller, SessionRecord, TurnRecord } from '../records.ts'
import type { SettingPolicy } from '../settings/setting-policy.ts'
import type { Idempotency, IdempotencyKey, Once, Remember } from '../turns/idempotency.ts'
import { Conversations } from './conversations.ts'
import { FileRewinding } from './file-rewinding.ts'
import { Forking } from './forking.ts'
import { type AdmitTurn, Retrying, type RetryRequest } from './retrying.ts'
import { Rewinding } from './rewinding.ts'
import { TranscriptBranches } from './transcript-branches.ts'

export interface BranchingParts {
  core: Core
  idempotency: Idempotency
  expiry: ExpirySweeper
  policy: SettingPolicy
  editor: TranscriptEditor
  launcher: Pick<AgentLauncher, 'recoverTranscript'>
  directories: Pick<SessionDirectories, 'hold'>
  admitTurn: AdmitTurn
  findTurn(caller: Caller, sessionId: string, turnId: string): Promise<TurnRecord>
}

/** What the doors can ask about branches of a conversation. */
export class Branching {
  readonly #core: Core
  readonly #idempotency: Idempotency
  readonly #forking: Forking
  readonly #rewinding: Rewinding
  readonly #retrying: Retrying
  readonly #findTurn: BranchingParts['findTurn']

  constructor(parts: BranchingParts) {
    const { core, idempotency, editor, launcher } = parts
    const conversations = new Conversations(core.store)
    const transcripts = new TranscriptBranches(core, editor, launcher)
    this.#core = core
    this.#idempotency = idempotency
    this.#forking = new Forking(parts, conversations, transcripts)
    this.#rewinding = new Rewinding(core, conversations, transcripts, new FileRewinding(core))
    this.#retrying = new Retrying(core, conversations, this.#rewinding, parts.admitTurn)
    this.#findTurn = parts.findTurn
  }

  /** Also of a session that has expired or ended; one that runs a turn is shared up to the turn before. */
  fork(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'forkSession'>['body'],
  ): Promise<SessionRecord> {
    return this.#forking.fork(caller, sessionId, request)
  }

  /** As `fork`, but for all requests with this key only once. */
  forkOnce(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'forkSession'>['body'],
    key: IdempotencyKey,
  ): Promise<Once<SessionRecord>> {
    const accept = (remember: Remember) => this.#forking.fork(caller, sessionId, request, remember)
    return this.#idempotency.once(caller, key, accept, first => this.#core.known.get(caller, first.sessionId))
  }

  /** Turns that come meanwhile wait for it. Nothing has changed when it rejects. */
  rewind(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'rewindSession'>['body'],
  ): Promise<RewindSessionResponse> {
    return this.#rewinding.rewind(caller, sessionId, request)
  }

  /** Runs the prompt of a turn that did not complete again, as a new turn; the conversation has it once. */
  retry(caller: Caller, sessionId: string, request: RetryRequest): Promise<TurnRecord> {
    return this.#retrying.retry(caller, sessionId, request)
  }

  /** As `retry`, but for all requests with this key only once. */
  retryOnce(
    caller: Caller,
    sessionId: string,
    request: RetryRequest,
    key: IdempotencyKey,
  ): Promise<Once<TurnRecord>> {
    const accept = (remember: Remember) => this.#retrying.retry(caller, sessionId, request, remember)
    return this.#idempotency.once(caller, key, accept, first =>
      this.#findTurn(caller, first.sessionId, first.turnId ?? ''),
    )
  }
}
