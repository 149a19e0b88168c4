import { randomUUID } from 'node:crypto'
import type { RewindSessionResponse } from '../../contract/branching.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import type { Change, PromptMark, TranscriptBranch } from '../ports/index.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import type { Caller, PayloadOf, SessionRecord } from '../records.ts'
import type { Conversations, PromptPlace } from './conversations.ts'
import type { FileRewinding } from './file-rewinding.ts'
import { rewindRanges } from './past.ts'
import type { TranscriptBranches } from './transcript-branches.ts'

type Request = OperationInput<'rewindSession'>['body']

/** Takes sessions back to before one of their turns. */
export class Rewinding {
  readonly #core: Core
  readonly #conversations: Conversations
  readonly #transcripts: TranscriptBranches
  readonly #files: FileRewinding

  constructor(
    core: Core,
    conversations: Conversations,
    transcripts: TranscriptBranches,
    files: FileRewinding,
  ) {
    this.#core = core
    this.#files = files
    this.#conversations = conversations
    this.#transcripts = transcripts
  }

  async rewind(caller: Caller, sessionId: string, request: Request): Promise<RewindSessionResponse> {
    const { known, live } = this.#core
    const session = await known.getActive(caller, sessionId)
    const { process, turns } = live.of(session)
    return turns.undisturbed(() => this.rewindWith(process, caller, sessionId, request))
  }

  /** As `rewind`, for a caller that keeps turns from running meanwhile. */
  async rewindWith(
    process: SessionProcess,
    caller: Caller,
    sessionId: string,
    request: Request,
  ): Promise<RewindSessionResponse> {
    const session = await this.#core.known.getActive(caller, sessionId)
    // A rewind of the conversation only has not changed the files.
    const searched = request.conversation ? session : { ...session, rewound: [] }
    const place = await this.#conversations.find(searched, request.toTurnId)
    const { toTurnId, dryRun } = request
    const forgotten = request.conversation ? [place.prompt, ...place.after] : []
    const turnIds = forgotten.map(({ turnId }) => turnId)
    // Also for a dry run, and before anything is changed: what cannot be done is refused.
    if (request.conversation) await this.#branch(session, place, session.claudeSessionId)
    const files = request.files ? await this.#files.rewind(session, place, request) : null
    const answer = { sessionId, toTurnId, dryRun, turnIds, files }
    if (dryRun) return answer
    if (request.files) this.#core.snapshots?.begin({ tenantId: session.tenantId, sessionId })
    const payload = {
      toTurnId,
      conversation: request.conversation,
      files: request.files,
      turnIds,
      restored: files?.restored.map(({ path }) => path) ?? [],
    }
    if (request.conversation) await this.#forget(caller, session.id, place, process, payload)
    else await this.#commit(session, {}, payload)
    return answer
  }

  async #forget(
    caller: Caller,
    sessionId: string,
    place: PromptPlace,
    process: SessionProcess,
    payload: PayloadOf<'session.rewound'>,
  ): Promise<void> {
    const wasReady = process.liveAgent !== undefined
    await process.leave()
    // As it is now that the process has said its last.
    const session = await this.#core.known.getActive(caller, sessionId)
    const claudeSessionId = randomUUID()
    const branch = await this.#branch(session, place, claudeSessionId)
    await this.#transcripts.save(session.tenantId, claudeSessionId, branch)
    const conversation: PromptMark[] = [...place.before, place.prompt, ...place.after]
    const rewound = rewindRanges(session.rewound, conversation, place.prompt, session.lastSequence)
    const change = {
      claudeSessionId,
      conversationStarted: branch.begun,
      transcript: 'complete',
      rewound,
    } as const
    await this.#commit(session, change, payload)
    process.recorder.switchTo(claudeSessionId, branch.begun)
    if (wasReady) process.warm()
  }

  async #branch(
    session: SessionRecord,
    { prompt, before, after }: PromptPlace,
    claudeSessionId: string,
  ): Promise<TranscriptBranch> {
    const parts = await this.#transcripts.load(session)
    return this.#transcripts.cut(session, parts, [before, [prompt, ...after]], claudeSessionId)
  }

  #commit(
    { id, tenantId }: SessionRecord,
    session: NonNullable<Change['session']>,
    payload: PayloadOf<'session.rewound'>,
  ) {
    return this.#core.log.commit({
      tenantId,
      sessionId: id,
      at: Date.now(),
      session,
      events: [{ type: 'session.rewound', turnId: null, payload }],
    })
  }
}
