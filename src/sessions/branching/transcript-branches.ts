import { ServiceError } from '../../contract/errors.ts'
import type {
  AgentLauncher,
  PromptMark,
  Store,
  TranscriptBranch,
  TranscriptEditor,
  TranscriptPart,
} from '../ports/index.ts'
import type { MessagePayload, SessionRecord } from '../records.ts'

/** So many lines go into one transaction, so that a long transcript does not keep everyone else waiting. */
const linesAtOnce = 200

type Conversation = Pick<
  SessionRecord,
  'id' | 'tenantId' | 'cwd' | 'claudeSessionId' | 'conversationStarted' | 'transcript'
>

/** Copies what Claude Code remembers of a conversation, up to one of its prompts. */
export class TranscriptBranches {
  readonly #core: { store: Store }
  readonly #editor: TranscriptEditor
  readonly #launcher: Pick<AgentLauncher, 'recoverTranscript' | 'messages'>

  constructor(
    core: { store: Store },
    editor: TranscriptEditor,
    launcher: Pick<AgentLauncher, 'recoverTranscript' | 'messages'>,
  ) {
    this.#launcher = launcher
    this.#core = core
    this.#editor = editor
  }

  async load(conversation: Conversation): Promise<TranscriptPart[]> {
    const { tenantId, claudeSessionId, conversationStarted } = conversation
    if (!conversationStarted) return []
    await this.#launcher.recoverTranscript(conversation)
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
    const source = await this.#findSource(session, parts, kept, dropped[0])
    return this.#editor.branch(source, new Set(dropped.map(({ turnId }) => turnId)), claudeSessionId)
  }

  /** Stores the branch. Leftovers of a crash are harmless, because only the session refers to the branch. */
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

  /** The transcripts that have all that was said before the first prompt that is left out, and nothing else. */
  async #findSource(
    session: Conversation,
    parts: readonly TranscriptPart[],
    kept: readonly PromptMark[],
    first: PromptMark | undefined,
  ): Promise<readonly TranscriptPart[]> {
    const saidIn = first && (await this.#findClaudeSessionId(session, first))
    if (first && saidIn === session.claudeSessionId && holds(parts, first)) return parts
    if (await this.#holdsAnswered(session, kept, parts)) return parts
    // The command `/clear` has begun another conversation since.
    const others = saidIn === undefined ? [] : await this.load({ ...session, claudeSessionId: saidIn })
    if (first && holds(others, first)) return others
    throw incomplete(session)
  }

  /** Claude Code's id of the conversation in which the prompt was said. */
  async #findClaudeSessionId({ id, tenantId }: Conversation, { sequence }: PromptMark) {
    const query = { sessionId: id, after: sequence - 1, limit: 1 }
    const [event] = await this.#core.store.listEvents(tenantId, query)
    const { message } = (event?.payload ?? {}) as Partial<MessagePayload>
    return message && this.#launcher.messages.read(message).claudeSessionId
  }

  /** The last prompt that Claude has answered must be there; others may have ended before they were sent. */
  async #holdsAnswered(
    { id, tenantId }: Conversation,
    prompts: readonly PromptMark[],
    parts: readonly TranscriptPart[],
  ): Promise<boolean> {
    for (const prompt of prompts.toReversed()) {
      const turn = await this.#core.store.findTurn(tenantId, id, prompt.turnId)
      // The turns of a shared past are stored with the original.
      if (!turn) return prompts.some(other => holds(parts, other))
      if (turn.messageId !== null) return holds(parts, prompt)
    }
    return true
  }
}

function holds(parts: readonly TranscriptPart[], { turnId }: PromptMark): boolean {
  const main = parts.find(({ subpath }) => subpath === null)
  return main?.entries.some(({ uuid }) => uuid === turnId) ?? false
}

function incomplete({ id }: Conversation): ServiceError<'TRANSCRIPT_INCOMPLETE'> {
  return new ServiceError('TRANSCRIPT_INCOMPLETE', `The stored transcript of session ${id} is incomplete`)
}
