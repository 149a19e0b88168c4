import { randomUUID } from 'node:crypto'
import { ServiceError } from '../../contract/errors.ts'
import type { InterruptResponse } from '../../contract/turns.ts'
import { Titling } from '../conversation/titling.ts'
import type { EventLog } from '../log/event-log.ts'
import { toPromptMessage } from '../log/server-messages.ts'
import type { ProcessPool } from '../processes/process-pool.ts'
import type { SessionProcess } from '../processes/session-process.ts'
import type { Caller, PermissionRecord, SessionRecord, TurnRecord } from '../records.ts'
import type { Remember } from './idempotency.ts'
import { newTurn } from './new-turn.ts'
import { OpenTurn, type StopCause } from './turn.ts'
import { toStart } from './turn-changes.ts'
import { refuseWhenFull } from './turn-limits.ts'
import type { TurnRequest } from './turn-request.ts'
import { TurnRunner, type TurnRunnerContext } from './turn-runner.ts'

export interface TurnQueueContext extends TurnRunnerContext {
  log: EventLog
  pool: ProcessPool
  maxQueuedTurns: number
  maxWaitingTurns: number
  /** Whether turns may start; false while the server shuts down. */
  mayStart(): boolean
}

/**
 * The turns of one session: accepts them, runs one after the other, and stops them. Everything that decides about
 * order happens synchronously, before the first wait.
 */
export class TurnQueue {
  readonly #session: Pick<SessionRecord, 'id' | 'tenantId'>
  readonly #context: TurnQueueContext
  readonly #process: SessionProcess
  readonly #runner: TurnRunner
  readonly titling: Titling
  #waiting: OpenTurn[] = []
  /** The turn at work, or the next one, which waits for a slot. */
  #current: OpenTurn | undefined
  #work: Promise<void> = Promise.resolve()
  /** Changes of the session that must not meet a turn; turns wait for them. */
  #holds = 0
  #isEnded = false

  constructor(session: SessionRecord, context: TurnQueueContext, process: SessionProcess) {
    this.#session = { id: session.id, tenantId: session.tenantId }
    this.#context = context
    this.#process = process
    this.#runner = new TurnRunner(context, process)
    this.titling = new Titling(process, context.faults)
  }

  get current(): OpenTurn | undefined {
    return this.#current
  }

  /** How many turns wait for earlier ones. */
  get queuedCount(): number {
    return this.#waiting.length
  }

  /** Whether a turn runs or is about to, or something that must not meet one. */
  get isAtWork(): boolean {
    return this.#current !== undefined || this.#holds > 0
  }

  find(turnId: string): OpenTurn | undefined {
    return [this.#current, ...this.#waiting].find(open => open?.record.id === turnId)
  }

  /**
   * Accepts a turn: stored when the promise resolves. A refused one changes nothing.
   *
   * @param remember makes the idempotency key that is stored in the same transaction
   * @returns the turn, or the running one that was given the prompt (`onBusy: 'steer'`)
   * @throws ServiceError SESSION_ENDED, SESSION_BUSY, TURN_QUEUE_FULL, CALLER_LIMIT_REACHED
   */
  async submit(
    caller: Caller,
    request: TurnRequest,
    session: SessionRecord,
    remember?: Remember,
  ): Promise<OpenTurn> {
    this.refuseWhenEnded()
    const taken = this.#context.limits.turnRate.take(caller)
    // A server alone does not wait, so that prompts are accepted in the order of the calls.
    const undo = taken instanceof Promise ? await taken : taken
    try {
      this.refuseWhenEnded()
      return await this.#accept(caller, request, session, remember)
    } catch (error) {
      undo()
      throw error
    }
  }

  async #accept(
    caller: Caller,
    request: TurnRequest,
    session: SessionRecord,
    remember: Remember | undefined,
  ): Promise<OpenTurn> {
    if (request.onBusy === 'steer') {
      const steered = await this.#steer(request, remember)
      if (steered) return steered
    }
    const starts = !this.isAtWork
    const { running } = this.#context.limits
    const permit = starts ? running.take(caller) : undefined
    const admitted = permit !== undefined && this.#process.reserve()
    if (!admitted) permit?.()
    const queued = { turnId: this.#current?.record.id, waiting: this.#waiting.length }
    refuseWhenFull(this.#session.id, caller, this.#context, queued, request, starts && !admitted)
    const turn = new OpenTurn(newTurn(caller, this.#session.id, request, Date.now()))
    if (admitted) turn.permit = permit
    if (starts) this.#current = turn
    else if (request.onBusy === 'interrupt') this.#waiting.unshift(turn)
    else this.#waiting.push(turn)
    const reason = admitted ? undefined : toReason(starts, permit !== undefined)
    try {
      await this.#store(turn, session, admitted, reason, remember)
    } catch (error) {
      this.#withdraw(turn, starts)
      throw error
    }
    turn.markAccepted()
    this.#startDeadline(turn, request.timeoutMs)
    if (starts) this.#work = this.#runAll(turn)
    if (starts && request.onBusy === 'interrupt') void this.#process.interruptAutonomousWork()
    else if (request.onBusy === 'interrupt' && this.#current && this.#current !== turn)
      this.#stop(this.#current, 'interrupted')
    return turn
  }

  /** Accepts a turn that was waiting when the server stopped. */
  readmit(record: TurnRecord): void {
    const turn = new OpenTurn(record)
    turn.markAccepted()
    this.#startDeadline(turn, record.timeoutMs)
    this.#waiting.push(turn)
    if (!this.#current) this.#work = this.#runAll(this.#takeNext())
  }

  /** Accepts a turn that was suspended when the server stopped. */
  resumeWaiting(turn: OpenTurn, permission: PermissionRecord): void {
    turn.markAccepted()
    this.#startDeadline(turn, turn.record.timeoutMs)
    this.#process.requests.restore(permission)
    this.#current = turn
    this.#work = this.#runAll(turn)
  }

  /**
   * Does something that must not meet a turn, one after the other; turns that come meanwhile wait.
   * @throws ServiceError SESSION_ENDED, SESSION_BUSY when a turn runs already
   */
  async undisturbed<T>(work: () => Promise<T>): Promise<T> {
    this.refuseWhenEnded()
    const turnId = this.#current?.record.id
    if (turnId !== undefined) {
      throw new ServiceError('SESSION_BUSY', `Session ${this.#session.id} is running turn ${turnId}`, {
        turnId,
      })
    }
    const before = this.#work
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#holds++
    this.#work = promise
    try {
      await before
      return await work()
    } finally {
      this.#holds--
      resolve()
      if (this.#holds === 0) this.#work = this.#runAll(this.#takeNext())
    }
  }

  /** Resolves when nothing holds up turns. */
  async whenUndisturbed(): Promise<void> {
    while (this.#holds > 0) await this.#work
    this.refuseWhenEnded()
  }

  /**
   * Stops the running turn, or the named one, and resolves when it has ended.
   * @returns empty lists when there was nothing to stop
   */
  async interrupt(turnId: string | undefined, clearQueue: boolean): Promise<InterruptResponse> {
    const current = this.#current
    const stopped = current && (turnId === undefined || current.record.id === turnId) ? [current] : []
    const waiting = this.#waiting.filter(turn => clearQueue || turn.record.id === turnId)
    const [interrupted, cancelled] = stopped[0]?.record.status === 'queued' ? [[], stopped] : [stopped, []]
    for (const turn of [...waiting, ...stopped]) this.#stop(turn, 'interrupted')
    const quiet = turnId === undefined ? this.#process.interruptAutonomousWork() : undefined
    await Promise.all([quiet, ...[...stopped, ...waiting].map(turn => turn.left)])
    const idsOf = (turns: OpenTurn[]) => turns.map(turn => turn.record.id)
    return { interrupted: idsOf(interrupted), cancelled: idsOf([...cancelled, ...waiting]) }
  }

  /** Refuses new turns and ends the open ones. */
  async end(): Promise<void> {
    this.#isEnded = true
    await Promise.all([this.interrupt(undefined, true), this.#process.requests.close()])
    await this.#work
  }

  /** Resolves when no turn runs. */
  async settled(): Promise<void> {
    await this.#work
  }

  /** Leaves the waiting turns as they are stored: the server shuts down. */
  close(): void {
    for (const turn of this.#waiting) turn.cancelDeadline()
  }

  /** Stops everything without waiting: the session belongs to another owner, and nothing can be stored. */
  forsake(): void {
    this.#isEnded = true
    for (const turn of [...this.#waiting, ...(this.#current ? [this.#current] : [])]) {
      turn.cancelDeadline()
      turn.markFenced()
      turn.requestStop('interrupted')
    }
    this.#waiting = []
  }

  /** @throws ServiceError SESSION_ENDED */
  refuseWhenEnded(): void {
    if (this.#isEnded) throw new ServiceError('SESSION_ENDED', `Session ${this.#session.id} has ended`)
  }

  /** @param starts whether it starts at once; else it waits */
  async #store(
    turn: OpenTurn,
    { claudeSessionId, archived }: SessionRecord,
    starts: boolean,
    reason: ReturnType<typeof toReason> | undefined,
    remember: Remember | undefined,
  ): Promise<void> {
    const { record } = turn
    const { id: sessionId, tenantId } = this.#session
    const now = record.createdAt
    const queued = {
      type: 'turn.queued' as const,
      turnId: record.id,
      payload: { status: 'queued' as const, ...(reason && { reason }) },
    }
    const start = starts ? toStart(turn, claudeSessionId, now) : undefined
    // A conversation that continues is shown again.
    const unarchived = archived
      ? [{ type: 'session.updated' as const, turnId: null, payload: { archived: false } }]
      : []
    const events = await this.#context.log.commit({
      tenantId,
      sessionId,
      at: now,
      session: {
        lastActivityAt: now,
        expiresAt: now + this.#context.sessionTimeoutMs,
        ...(archived && { archived: false }),
      },
      insertTurn: record,
      ...(remember && { idempotency: remember({ sessionId, turnId: record.id }) }),
      events: [queued, ...(start?.events ?? []), ...unarchived],
    })
    record.firstSequence = events[0]?.sequence ?? null
  }

  /** Gives the prompt to the running turn. Undefined when no turn can take it. */
  async #steer(
    { prompt, filledIn = prompt }: TurnRequest,
    remember: Remember | undefined,
  ): Promise<OpenTurn | undefined> {
    const turn = this.#current
    const id = randomUUID()
    if (!turn || turn.stop || !this.#process.liveAgent?.steer({ id, prompt: filledIn })) return undefined
    turn.steered.push({ id, prompt: filledIn })
    const { writer, recorder } = this.#process
    await writer.write({
      events: [toPromptMessage(turn.record.id, id, prompt, recorder.claudeSessionId)],
      ...(remember && { idempotency: remember({ sessionId: this.#session.id, turnId: turn.record.id }) }),
    })
    return turn
  }

  #startDeadline(turn: OpenTurn, timeoutMs: number): void {
    turn.startDeadline(timeoutMs, () => this.#stop(turn, 'timed_out'))
  }

  /** @param starts whether it was to run at once; else the turn before it may have ended, and it waits to be stored */
  #withdraw(turn: OpenTurn, starts: boolean): void {
    this.#waiting = this.#waiting.filter(waiting => waiting !== turn)
    turn.releasePermit()
    turn.markLeft()
    if (starts) this.#work = this.#runAll(this.#takeNext())
  }

  #takeNext(): OpenTurn | undefined {
    this.#current = this.#context.mayStart() ? this.#waiting.shift() : undefined
    return this.#current
  }

  /** Runs the turn, then the waiting ones. */
  async #runAll(first: OpenTurn | undefined): Promise<void> {
    let last = first
    for (let turn = first; turn; turn = this.#takeNext()) {
      if (await turn.accepted) await this.#runner.run(turn)
      last = turn
    }
    // Turns of this session and of others that wait for a slot have precedence.
    if (last && !this.#isEnded && this.#context.mayStart() && this.#context.pool.waiting === 0)
      this.titling.begin(last.record)
    this.#process.rest()
  }

  #stop(turn: OpenTurn, cause: StopCause): void {
    turn.requestStop(cause)
    if (turn !== this.#current) {
      this.#waiting = this.#waiting.filter(waiting => waiting !== turn)
      void this.#runner.cancel(turn)
    } else if (turn.record.status !== 'queued') {
      this.#process.interrupt()
    }
  }
}

/** Why a turn waits. */
function toReason(isFirst: boolean, mayRun: boolean): 'session_busy' | 'no_free_process' | 'limit_reached' {
  if (!isFirst) return 'session_busy'
  return mayRun ? 'no_free_process' : 'limit_reached'
}
