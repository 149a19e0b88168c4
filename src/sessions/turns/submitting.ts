import { ServiceError } from '../../contract/errors.ts'
import { checkRequest } from '../attachments/prompt-attachments.ts'
import type { Core } from '../core.ts'
import type { Caller, SessionRecord, TurnRecord } from '../records.ts'
import { checkBudget } from '../settings/budget.ts'
import type { Idempotency, Remember } from './idempotency.ts'
import { isTerminal, type OpenTurn, type TurnEnd } from './turn.ts'
import type { Submission, SubmitOptions, TurnRequest } from './turn-request.ts'

/** A turn in the store, with the session as it was read with it. */
export type FindTurn = (
  caller: Caller,
  sessionId: string,
  turnId: string,
) => Promise<{ turn: TurnRecord; session: SessionRecord }>

/** Brings a turn to its acceptance. */
export type Accept = (remember: Remember | undefined) => Promise<OpenTurn>

/** The way of every prompt into a session, whatever it comes from. */
export class Submitting {
  readonly #core: Core
  readonly #idempotency: Idempotency
  readonly #findTurn: FindTurn
  readonly #isClosing: () => boolean

  constructor(core: Core, idempotency: Idempotency, findTurn: FindTurn, isClosing: () => boolean) {
    this.#core = core
    this.#idempotency = idempotency
    this.#findTurn = findTurn
    this.#isClosing = isClosing
  }

  /**
   * Resolves when the turn is stored: from then on it cannot be lost without a trace.
   * @throws ServiceError SESSION_NOT_FOUND, SESSION_EXPIRED, SESSION_ENDED, SESSION_BUSY, TURN_QUEUE_FULL,
   *   BUDGET_EXCEEDED, SPEND_LIMIT_REACHED, CALLER_LIMIT_REACHED, ATTACHMENT_NOT_FOUND, SHUTTING_DOWN, and of the key
   */
  async submit(
    caller: Caller,
    sessionId: string,
    request: TurnRequest,
    options: SubmitOptions = {},
  ): Promise<Submission> {
    const first = options.mayExist ? await this.#findFirst(caller, sessionId, request) : undefined
    if (first) return { ...first, replayed: false }
    return this.once(caller, options, async remember => {
      const { session, request: admitted } = await this.admit(caller, sessionId, request)
      return this.#core.live.of(session).turns.submit(caller, admitted, session, remember)
    })
  }

  /** Accepts a turn, or finds the one that the first request with this key has led to. */
  async once(caller: Caller, { key }: SubmitOptions, accept: Accept): Promise<Submission> {
    const { made, replayed } = await this.#idempotency.once(
      caller,
      key,
      async remember => {
        const { record, ended } = await accept(remember)
        return { turn: { ...record }, ended }
      },
      // Only a request for a session has no turn, and it has another fingerprint.
      first => this.#replay(caller, first.sessionId, first.turnId ?? ''),
    )
    return { ...made, replayed }
  }

  /** Refuses a prompt that cannot become a turn of the session as it is now. */
  async admit(caller: Caller, sessionId: string, request: TurnRequest) {
    if (this.#isClosing()) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    const { known, limits, store } = this.#core
    const session = await known.getActive(caller, sessionId)
    await limits.prepareTurn(caller)
    if (session.settings.maxBudgetUsd !== undefined) await checkBudget(store, session)
    return { session, request: await checkRequest(store.attachments, session, request) }
  }

  /** The turn that the same request has led to, sent by the same node. */
  async #findFirst(caller: Caller, sessionId: string, { id = '' }: TurnRequest) {
    const isThere = (await this.#core.store.findTurn(caller.tenantId, sessionId, id)) !== undefined
    return isThere ? this.#replay(caller, sessionId, id) : undefined
  }

  async #replay(caller: Caller, sessionId: string, turnId: string) {
    // Before it is read: it may end meanwhile.
    const open = this.#core.live.find(sessionId)?.turns.find(turnId)
    const { turn, session } = await this.#findTurn(caller, sessionId, turnId)
    return { turn, ended: open?.ended ?? whenEnded(turn, session) }
  }
}

function whenEnded(turn: TurnRecord, { claudeSessionId }: SessionRecord): Promise<TurnEnd> {
  return isTerminal(turn.status) ? Promise.resolve({ turn, claudeSessionId }) : new Promise(() => {})
}
