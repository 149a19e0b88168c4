import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { ServiceError } from '../../contract/errors.ts'
import type { OperationInput } from '../../contract/operations.ts'
import type { Core } from '../core.ts'
import type { SessionDirectories } from '../files/session-directories.ts'
import { resolveWorkingDirectory } from '../files/working-directory.ts'
import { admitSession } from '../lifecycle/admit-session.ts'
import type { ExpirySweeper } from '../lifecycle/expiry.ts'
import { givenTitle, titleOf, toFork } from '../lifecycle/new-session.ts'
import { optionsOf } from '../options.ts'
import type { PromptMark } from '../ports/index.ts'
import type { Caller, SessionRecord } from '../records.ts'
import type { SettingPolicy } from '../settings/setting-policy.ts'
import type { Remember } from '../turns/idempotency.ts'
import type { Conversations } from './conversations.ts'
import type { TranscriptBranches } from './transcript-branches.ts'

export interface ForkingParts {
  core: Core
  expiry: ExpirySweeper
  policy: SettingPolicy
  directories: Pick<SessionDirectories, 'hold'>
}

/** Makes sessions that share the past of another one. */
export class Forking {
  readonly #core: Core
  readonly #expiry: ExpirySweeper
  readonly #policy: SettingPolicy
  readonly #directories: ForkingParts['directories']
  readonly #conversations: Conversations
  readonly #transcripts: TranscriptBranches

  constructor(
    { core, expiry, policy, directories }: ForkingParts,
    conversations: Conversations,
    transcripts: TranscriptBranches,
  ) {
    this.#core = core
    this.#expiry = expiry
    this.#policy = policy
    this.#directories = directories
    this.#conversations = conversations
    this.#transcripts = transcripts
  }

  /** @param remember makes what is stored in the same transaction */
  async fork(
    caller: Caller,
    sessionId: string,
    { afterTurnId, title }: OperationInput<'forkSession'>['body'],
    remember?: Remember,
  ): Promise<SessionRecord> {
    const { options, known, live } = this.#core
    const original = await known.get(caller, sessionId)
    // It is made today, whenever the original was: by the rules of today.
    await this.#policy.admitAgain(original)
    await this.#checkDirectory(original)
    const last = await this.#findLast(original, afterTurnId)
    // In this order: the turn has ended when its transcript is read, and what was said meanwhile is known after it.
    await live.find(original.id)?.process.writer.flush()
    const parts = await this.#transcripts.load(original)
    const conversation = await this.#conversations.of(original)
    const length = conversation.findIndex(({ turnId }) => turnId === last?.turnId) + 1
    const [kept, dropped] = [conversation.slice(0, length), conversation.slice(length)]
    const id = randomUUID()
    const branch = await this.#transcripts.cut(original, parts, [kept, dropped], id)
    await this.#expiry.sweep()
    await this.#transcripts.save(original.tenantId, id, branch)
    const session = toFork(caller, original, {
      id,
      ...(title === undefined ? titleOf(original) : givenTitle(title)),
      turnId: last?.turnId ?? null,
      conversationStarted: branch.begun,
      expiresAt: Date.now() + options.sessionTimeoutMs,
    })
    const past = { sessionId: original.id, before: dropped[0]?.sequence ?? null, without: original.rewound }
    try {
      await this.#directories.hold(original.workspace, async () => {
        // It may have been removed meanwhile.
        await this.#checkDirectory(original)
        await admitSession(this.#core, session, remember, past)
      })
    } catch (error) {
      await this.#transcripts.remove(original.tenantId, id)
      throw error
    }
    this.#expiry.schedule(session.expiresAt)
    live.of(session).warm(undefined)
    return session
  }

  /** The directory of its own that the original had may be gone with it. */
  async #checkDirectory({ tenantId, cwd, workspace }: SessionRecord): Promise<void> {
    if (!workspace) await resolveWorkingDirectory(cwd, optionsOf(this.#core.options, tenantId))
    else if (!(await stat(cwd).catch(() => undefined))?.isDirectory()) {
      const message = 'The working directory of the session has been removed'
      throw new ServiceError('WORKSPACE_FAILED', message, { type: workspace.type, reason: 'not_found' })
    }
  }

  /** The turn up to which the past is shared; undefined when nothing has been said. */
  async #findLast(session: SessionRecord, turnId: string | undefined): Promise<PromptMark | undefined> {
    if (turnId !== undefined) {
      const { prompt } = await this.#conversations.find(session, turnId)
      if (await this.#conversations.hasEnded(session, prompt)) return prompt
      throw new ServiceError('SESSION_BUSY', `Turn ${turnId} has not ended`, { turnId })
    }
    const conversation = await this.#conversations.of(session)
    for (const prompt of conversation.toReversed()) {
      if (await this.#conversations.hasEnded(session, prompt)) return prompt
    }
    return undefined
  }
}
