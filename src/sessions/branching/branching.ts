import type { RewindSessionResponse } from '../../contract/branching.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import type { SessionDirectories } from '../files/session-directories.ts'
import type { ExpirySweeper } from '../lifecycle/expiry.ts'
import type { CreatedSession } from '../lifecycle/new-session.ts'
import type { AgentLauncher, TranscriptEditor } from '../ports/index.ts'
import type { Caller } from '../records.ts'
import type { SettingPolicy } from '../settings/setting-policy.ts'
import type { Idempotency } from '../turns/idempotency.ts'
import type { Submitting } from '../turns/submitting.ts'
import type { Submission, SubmitOptions } from '../turns/turn-request.ts'
import { Conversations } from './conversations.ts'
import { FileRewinding } from './file-rewinding.ts'
import { Forking } from './forking.ts'
import { Retrying, type RetryRequest } from './retrying.ts'
import { Rewinding } from './rewinding.ts'
import { TranscriptBranches } from './transcript-branches.ts'

export interface BranchingParts {
  core: Core
  idempotency: Idempotency
  expiry: ExpirySweeper
  policy: SettingPolicy
  editor: TranscriptEditor
  launcher: Pick<AgentLauncher, 'recoverTranscript' | 'messages'>
  directories: Pick<SessionDirectories, 'hold'>
  submitting: Submitting
}

/** Operations on branches of a conversation. */
export class Branching {
  readonly #core: Core
  readonly #idempotency: Idempotency
  readonly #forking: Forking
  readonly #rewinding: Rewinding
  readonly #retrying: Retrying
  readonly #submitting: Submitting

  constructor(parts: BranchingParts) {
    const { core, idempotency, editor, launcher } = parts
    const conversations = new Conversations(core.store)
    const transcripts = new TranscriptBranches(core, editor, launcher)
    this.#core = core
    this.#idempotency = idempotency
    this.#forking = new Forking(parts, conversations, transcripts)
    this.#rewinding = new Rewinding(core, conversations, transcripts, new FileRewinding(core))
    this.#retrying = new Retrying(core, conversations, this.#rewinding, parts.submitting)
    this.#submitting = parts.submitting
  }

  /** Also of a session that has expired or ended; one that runs a turn is shared up to the turn before. */
  async fork(
    caller: Caller,
    sessionId: string,
    request: OperationInput<'forkSession'>['body'],
    { key }: SubmitOptions = {},
  ): Promise<CreatedSession> {
    const { made: session, replayed } = await this.#idempotency.once(
      caller,
      key,
      remember => this.#forking.fork(caller, sessionId, request, remember),
      first => this.#core.known.get(caller, first.sessionId),
    )
    return { session, replayed }
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
  retry(
    caller: Caller,
    sessionId: string,
    request: RetryRequest,
    options: SubmitOptions = {},
  ): Promise<Submission> {
    return this.#submitting.once(caller, options, remember =>
      this.#retrying.retry(caller, sessionId, request, remember),
    )
  }
}
