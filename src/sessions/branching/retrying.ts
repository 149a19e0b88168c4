import { ServiceError } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import type { Caller, SessionRecord, TurnRecord } from '../records.ts'
import type { Remember } from '../turns/idempotency.ts'
import type { Submitting } from '../turns/submitting.ts'
import { isTerminal, type OpenTurn } from '../turns/turn.ts'
import type { Conversations } from './conversations.ts'
import type { Rewinding } from './rewinding.ts'

/** Which turn is retried, and how long the new one may take; `timeoutMs` undefined: as long as the failed one. */
export interface RetryRequest {
  turnId: string
  timeoutMs: number | undefined
}

type NotRetryable = 'not_ended' | 'completed' | 'later_turns'

/**
 * Runs the prompt of a turn that did not complete again, as a new turn. Claude Code would join the failed prompt
 * with the next one, so the conversation is first rewound to before it: Claude sees the prompt once.
 */
export class Retrying {
  readonly #core: Core
  readonly #conversations: Conversations
  readonly #rewinding: Rewinding
  readonly #submitting: Submitting

  constructor(core: Core, conversations: Conversations, rewinding: Rewinding, submitting: Submitting) {
    this.#core = core
    this.#conversations = conversations
    this.#rewinding = rewinding
    this.#submitting = submitting
  }

  /** @throws ServiceError TURN_NOT_FOUND, TURN_NOT_RETRYABLE, SESSION_BUSY, and what refuses a prompt */
  async retry(
    caller: Caller,
    sessionId: string,
    { turnId, timeoutMs }: RetryRequest,
    remember?: Remember,
  ): Promise<OpenTurn> {
    const { known, live, store } = this.#core
    const session = await known.getActive(caller, sessionId)
    const turn = await store.findTurn(caller.tenantId, sessionId, turnId)
    if (!turn) throw new ServiceError('TURN_NOT_FOUND', `Turn ${turnId} not found`)
    if (!isTerminal(turn.status)) throw notRetryable(turn, 'not_ended', 'has not ended')
    if (turn.status === 'completed') throw notRetryable(turn, 'completed', 'has completed')
    const { request } = await this.#submitting.admit(caller, sessionId, {
      prompt: turn.prompt,
      commands: turn.commands,
      timeoutMs: timeoutMs ?? turn.timeoutMs,
      onBusy: 'queue',
    })
    const { process, turns } = live.of(session)
    return turns.undisturbed(async () => {
      if (await this.#isLastPrompt(caller, session, turn)) {
        const rewind = {
          toTurnId: turnId,
          conversation: true,
          files: false,
          overwriteOthers: false,
          dryRun: false,
        }
        await this.#rewinding.rewindWith(process, caller, sessionId, rewind)
      }
      return turns.submit(caller, request, await known.getActive(caller, sessionId), remember)
    })
  }

  /** @returns false when the prompt is not part of the conversation: it was cancelled, or has been rewound */
  async #isLastPrompt(caller: Caller, { id }: SessionRecord, turn: TurnRecord): Promise<boolean> {
    // As it is now that no turn runs.
    const prompts = await this.#conversations.of(await this.#core.known.getActive(caller, id))
    const index = prompts.findIndex(({ turnId }) => turnId === turn.id)
    if (index === -1) return false
    const isLast = prompts.slice(index).every(({ turnId }) => turnId === turn.id)
    if (!isLast)
      throw notRetryable(
        turn,
        'later_turns',
        'is not the last turn, and Claude has already seen its prompt together with a later one',
      )
    return true
  }
}

function notRetryable(
  { id: turnId, status }: TurnRecord,
  reason: NotRetryable,
  because: string,
): ServiceError<'TURN_NOT_RETRYABLE'> {
  return new ServiceError('TURN_NOT_RETRYABLE', `Turn ${turnId} ${because}`, { turnId, status, reason })
}
