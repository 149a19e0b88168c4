import { ServiceError } from '../contract/errors.ts'
import type { Core } from './core.ts'
import type { PromptMark, TranscriptBranch, TranscriptEditor, TranscriptPart } from './ports.ts'
import type { SessionRecord } from './records.ts'

/** So many lines go into one transaction, so that a long transcript does not keep everyone else waiting. */
const linesAtOnce = 200

type Conversation = Pick<
  SessionRecord,
  'id' | 'tenantId' | 'claudeSessionId' | 'conversationStarted' | 'transcript'
>

/** Copies what Claude Code remembers of a conversation, up to one of its prompts. */
export class TranscriptBranches {
  readonly #core: Core
  readonly #editor: TranscriptEditor

  constructor(core: Core, editor: TranscriptEditor) {
    this.#core = core
    this.#editor = editor
  }

  async load({ tenantId, claudeSessionId, conversationStarted }: Conversation): Promise<TranscriptPart[]> {
    if (!conversationStarted) return []
    const { transcripts } = this.#core.store
    const key = { tenantId, claudeSessionId }
    const subpaths = await transcripts.listTranscriptSubpaths(key)
    const parts = [null, ...subpaths].map(async subpath => ({
      subpath,
      entries: (await transcripts.loadTranscript({ ...key, subpath })) ?? [],
    }))
    return Promise.all(parts)
  }

  /**
   * @param kept the prompts that the branch has
   * @param dropped those after them
   * @throws ServiceError TRANSCRIPT_INCOMPLETE
   */
  async cut(
    session: Conversation,
    parts: readonly TranscriptPart[],
    [kept, dropped]: [readonly PromptMark[], readonly PromptMark[]],
    claudeSessionId: string,
  ): Promise<TranscriptBranch> {
    if (kept.length === 0) return { parts: [], begun: false }
    if (session.transcript === 'incomplete') throw incomplete(session)
    const branch = this.#editor.branch(parts, new Set(dropped.map(({ turnId }) => turnId)), claudeSessionId)
    const known = new Set(
      branch.parts.find(({ subpath }) => subpath === null)?.entries.map(({ uuid }) => uuid),
    )
    if (!(await this.#holds(session, kept, known))) throw incomplete(session)
    return branch
  }

  /** Nothing refers to it before the session does: what a crash leaves of it is in nobody's way. */
  async save(tenantId: string, claudeSessionId: string, { parts }: TranscriptBranch): Promise<void> {
    for (const { subpath, entries } of parts) {
      for (let start = 0; start < entries.length; start += linesAtOnce) {
        await this.#core.store.transcripts.appendTranscript(
          { tenantId, claudeSessionId, subpath },
          entries.slice(start, start + linesAtOnce),
        )
      }
    }
  }

  remove(tenantId: string, claudeSessionId: string): Promise<void> {
    return this.#core.store.transcripts.removeTranscripts({ tenantId, claudeSessionId })
  }

  /** The last prompt that Claude has answered must be there; others may have ended before they were sent. */
  async #holds(
    { id, tenantId }: Conversation,
    prompts: readonly PromptMark[],
    known: ReadonlySet<string | undefined>,
  ): Promise<boolean> {
    for (const { turnId } of prompts.toReversed()) {
      const turn = await this.#core.store.findTurn(tenantId, id, turnId)
      // What became of the turns of a shared past, the original knows.
      if (!turn) return prompts.some(prompt => known.has(prompt.turnId))
      if (turn.messageId !== null) return known.has(turnId)
    }
    return true
  }
}

function incomplete({ id }: Conversation): ServiceError<'TRANSCRIPT_INCOMPLETE'> {
  return new ServiceError(
    'TRANSCRIPT_INCOMPLETE',
    `The store does not have all that Claude Code remembers of session ${id}`,
  )
}
