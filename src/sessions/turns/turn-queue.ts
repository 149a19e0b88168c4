import { randomUUID } from 'node:crypto'
import { ServiceError } from '../../contract/errors.ts'
import type { SessionState } from '../../contract/sessions.ts'
import type { InterruptResponse, Prompt } from '../../contract/turns.ts'
import { fillIn } from '../attachments/prompt-attachments.ts'
import { forgetRefusedPrompt, type RefusedPromptParts } from '../branching/refused-prompt.ts'
import { askAgent, askLiveAgent, type Question } from '../conversation/agent-lending.ts'
import { withMentions } from '../mentions/mentions-of-turn.ts'
import type { Decision } from '../permissions/permission-broker.ts'
import type { TurnOutcome, WorkspaceFiles } from '../ports/index.ts'
import type { StateField } from '../processes/followed-state.ts'
import { SessionProcess } from '../processes/session-process.ts'
import type { SessionProcessContext } from '../processes/session-process-context.ts'
import type { Spare } from '../processes/spare-process.ts'
import { Unlaunchable } from '../processes/unlaunchable.ts'
import type { Caller, PermissionRecord, SessionRecord, TurnRecord } from '../records.ts'
import type { Remember } from './idempotency.ts'
import { newTurn } from './new-turn.ts'
import {
  type OpenTurn,
  openTurn,
  type StopCause,
  startDeadline,
  toEnd,
  toEndWithoutOutcome,
  toStart,
  toUserMessage,
} from './running-turn.ts'
import { withEarlier } from './turn-figures.ts'
import { refuseWhenFull } from './turn-limits.ts'
import type { TurnRequest } from './turn-request.ts'
import { workOn } from './turn-runner.ts'
import { isAtWork } from './turn-states.ts'

export interface OpenSessionContext extends SessionProcessContext, RefusedPromptParts {
  sessionTimeoutMs: number
  maxQueuedTurns: number
  maxWaitingTurns: number
  workspace: WorkspaceFiles
  /** Whether turns may start; false while the server shuts down. */
  mayStart(): boolean
}

/**
 * A session that has something to do or a process: takes turns in, runs one after the other, and stops them.
 * Everything that decides about order happens synchronously, before the first wait.
 */
export class OpenSession {
  readonly id: string
  readonly #tenantId: string
  readonly #context: OpenSessionContext
  readonly #keeper: SessionProcess
  #queue: OpenTurn[] = []
  /** The turn that runs, or that is the next to run and waits for a process. */
  #current: OpenTurn | undefined
  #work: Promise<void> = Promise.resolve()
  #ended = false
  /** Resolves when the process of a session that was ended has gone and nothing of it is left to be written. */
  gone: Promise<void> = Promise.resolve()
  /** How much else is done with the session, or is about to: turns wait. */
  #holds = 0

  constructor(session: SessionRecord, context: OpenSessionContext) {
    this.id = session.id
    this.#tenantId = session.tenantId
    this.#context = context
    this.#keeper = new SessionProcess(session, context, () => this.#current)
  }

  get state(): SessionState {
    if (this.#keeper.permissions.pending > 0) return 'requires_action'
    return this.#current || this.#keeper.background.autonomousWork ? 'running' : 'idle'
  }

  /** Whether a turn runs or is about to, or something that no turn may meet. */
  get isAtWork(): boolean {
    return this.#current !== undefined || this.#holds > 0
  }

  /** How many background tasks run. */
  get backgroundTasks(): number {
    return this.#keeper.background.tasks
  }

  /** Whether nothing would be lost by forgetting it. */
  get dispensable(): boolean {
    return !this.isAtWork && !this.#keeper.isNeeded
  }

  /** Starts the session's process in the background: the spare one, or one of its own if there is room for it. */
  warm(spare: Spare | undefined): void {
    if (spare) this.#keeper.adopt(spare)
    this.#keeper.warm()
  }

  /** The next turn runs with the session's configuration as it is stored then. */
  reconfigure(): void {
    this.#keeper.invalidate()
  }

  /** Changes the session's record for a caller: see `FollowedState.change`. */
  change<T>(fields: readonly StateField[], work: () => Promise<T>): Promise<T> {
    return this.#keeper.state.change(fields, work)
  }

  /**
   * Accepts a turn: stored when the promise resolves. A refused one changes nothing.
   * @param remember makes what is stored in the same transaction
   */
  async submit(
    caller: Caller,
    request: TurnRequest,
    session: SessionRecord,
    remember?: Remember,
  ): Promise<TurnRecord> {
    if (this.#ended) throw new ServiceError('SESSION_ENDED', `Session ${this.id} has ended`)
    if (request.onBusy === 'steer') {
      const steered = await this.#steer(request, remember)
      if (steered) return steered
    }
    const starts = !this.isAtWork
    const admitted = starts && this.#keeper.reserve()
    const queued = { turnId: this.#current?.record.id, waiting: this.#queue.length }
    refuseWhenFull(this.id, this.#context, queued, request, starts && !admitted)
    const now = Date.now()
    const turn = openTurn(newTurn(caller, this.id, request, now))
    if (starts) this.#current = turn
    else if (request.onBusy === 'interrupt') this.#queue.unshift(turn)
    else this.#queue.push(turn)
    const start = admitted ? toStart(turn, session.claudeSessionId, now) : undefined
    if (start) Object.assign(turn.record, start.updateTurn)
    const reason = starts ? (admitted ? undefined : 'no_free_process') : 'session_busy'
    try {
      await this.#context.log.commit({
        tenantId: this.#tenantId,
        sessionId: this.id,
        at: now,
        session: { lastActivityAt: now, expiresAt: now + this.#context.sessionTimeoutMs },
        insertTurn: turn.record,
        ...(remember && { idempotency: remember({ sessionId: this.id, turnId: turn.record.id }) }),
        events: [
          {
            type: 'turn.queued',
            turnId: turn.record.id,
            payload: { status: 'queued', ...(reason && { reason }) },
          },
          ...(start?.events ?? []),
        ],
      })
    } catch (error) {
      this.#withdraw(turn)
      throw error
    }
    this.#setDeadline(turn, request.timeoutMs)
    if (starts) this.#work = this.#runAll(turn)
    if (starts && request.onBusy === 'interrupt') void this.#keeper.interruptAutonomousWork()
    else if (request.onBusy === 'interrupt' && this.#current) this.#stop(this.#current, 'interrupted')
    return { ...turn.record }
  }

  /**
   * Does what no turn may meet, one such thing after the other; turns that come meanwhile wait.
   * @throws ServiceError SESSION_BUSY when a turn runs already
   */
  async undisturbed<T>(work: (keeper: SessionProcess) => Promise<T>): Promise<T> {
    if (this.#ended) throw new ServiceError('SESSION_ENDED', `Session ${this.id} has ended`)
    const turnId = this.#current?.record.id
    if (turnId !== undefined) {
      throw new ServiceError('SESSION_BUSY', `Session ${this.id} is running turn ${turnId}`, { turnId })
    }
    const before = this.#work
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#holds++
    this.#work = promise
    try {
      await before
      return await work(this.#keeper)
    } finally {
      this.#holds--
      resolve()
      if (this.#holds === 0) this.#work = this.#runAll(this.#takeNext())
    }
  }

  /** Asks the process something beside the turns: see `askAgent`. */
  async ask<T>(caller: Caller, question: Question<T>): Promise<T> {
    while (this.#holds > 0) await this.#work
    if (this.#ended) throw new ServiceError('SESSION_ENDED', `Session ${this.id} has ended`)
    if (!this.#context.mayStart()) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    const lending = { ...this.#context, keeper: this.#keeper, turnId: this.#current?.record.id }
    return askAgent(lending, caller, question)
  }

  /** Resolves when what the process said of it is written; nothing happens without a process. */
  async stopTask(taskId: string): Promise<void> {
    await askLiveAgent(this.#keeper, questions => questions.stopTask(taskId))
    await this.#keeper.writer.write({ events: [] })
  }

  /** How long ago an open turn was accepted, in milliseconds; undefined: it is none of this session's. */
  ageOf(turnId: string): number | undefined {
    const turn = [this.#current, ...this.#queue].find(open => open?.record.id === turnId)
    return turn && performance.now() - turn.acceptedAt
  }

  /** Takes in a turn that was waiting when the server stopped. */
  readmit(record: TurnRecord): void {
    const turn = openTurn(record)
    this.#setDeadline(turn, record.timeoutMs)
    this.#queue.push(turn)
    if (!this.#current) this.#work = this.#runAll(this.#takeNext())
  }

  /** Takes in a turn that waited for an answer to a permission request when the server stopped. */
  resumeWaiting(turn: OpenTurn, permission: PermissionRecord): void {
    this.#setDeadline(turn, turn.record.timeoutMs)
    this.#keeper.permissions.readopt(permission)
    this.#current = turn
    this.#work = this.#runAll(turn)
  }

  /**
   * The server shuts down: a turn that waits for an answer only stays as it is, to go on after the next start.
   * @returns whether that is so
   */
  async shelve(): Promise<boolean> {
    return this.#current !== undefined && this.#keeper.permissions.shelve()
  }

  /**
   * Stops the running turn, or the one that is named, and resolves when it has ended.
   * @returns nothing in either list when there was nothing to stop
   */
  async interrupt(turnId: string | undefined, clearQueue: boolean): Promise<InterruptResponse> {
    const current = this.#current
    const stopped = current && (turnId === undefined || current.record.id === turnId) ? [current] : []
    const waiting = this.#queue.filter(turn => clearQueue || turn.record.id === turnId)
    const [interrupted, cancelled] = stopped[0]?.record.status === 'queued' ? [[], stopped] : [stopped, []]
    for (const turn of [...waiting, ...stopped]) this.#stop(turn, 'interrupted')
    const quiet = turnId === undefined ? this.#keeper.interruptAutonomousWork() : undefined
    await Promise.all([quiet, ...[...stopped, ...waiting].map(turn => turn.ended)])
    const idsOf = (turns: OpenTurn[]) => turns.map(turn => turn.record.id)
    return { interrupted: idsOf(interrupted), cancelled: idsOf([...cancelled, ...waiting]) }
  }

  /** @returns undefined when there is no such permission request that waits for an answer */
  /** Closes permission requests whose time is over. */
  expirePermissions(): Promise<void> {
    return this.#keeper.permissions.expireDue()
  }

  decide(permissionId: string, decision: Decision): Promise<PermissionRecord | undefined> {
    return this.#keeper.permissions.decide(permissionId, decision)
  }

  /** Refuses new turns and ends those that are open. The process ends by itself afterwards. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.all([this.interrupt(undefined, true), this.#keeper.permissions.close()])
    await this.#work
    // The last of what the process said is written as well.
    this.gone = this.#keeper.close().then(() => this.#keeper.writer.write({ events: [] }))
  }

  /** Resolves when no turn runs. */
  async settled(): Promise<void> {
    await this.#work
  }

  async close(): Promise<void> {
    for (const turn of this.#queue) turn.deadline?.cancel()
    await this.#keeper.close()
  }

  /** Gives the prompt to the running turn. Undefined when there is none that can take it. */
  async #steer(
    { prompt, filledIn = prompt }: TurnRequest,
    remember: Remember | undefined,
  ): Promise<TurnRecord | undefined> {
    const turn = this.#current
    const id = randomUUID()
    if (!turn || turn.stop || !this.#keeper.steer({ id, prompt: filledIn })) return undefined
    turn.steered.push({ id, prompt: filledIn })
    await this.#keeper.writer.write({
      events: [toUserMessage(turn.record.id, id, prompt, this.#keeper.claudeSessionId)],
      ...(remember && { idempotency: remember({ sessionId: this.id, turnId: turn.record.id }) }),
    })
    return { ...turn.record }
  }

  #setDeadline(turn: OpenTurn, timeoutMs: number): void {
    startDeadline(turn, timeoutMs, () => this.#stop(turn, 'timed_out'))
  }

  #withdraw(turn: OpenTurn): void {
    this.#queue = this.#queue.filter(waiting => waiting !== turn)
    turn.markEnded()
    if (this.#current === turn) this.#work = this.#runAll(this.#takeNext())
  }

  #takeNext(): OpenTurn | undefined {
    this.#current = this.#context.mayStart() ? this.#queue.shift() : undefined
    return this.#current
  }

  /** Runs the turn, then those that wait. */
  async #runAll(first: OpenTurn | undefined): Promise<void> {
    for (let turn = first; turn; turn = this.#takeNext()) {
      if (turn.record.status === 'queued') await this.#start(turn)
      if (isAtWork(turn.record.status)) await this.#finish(turn, await this.#run(turn))
      else if (turn.stop) await this.#cancel(turn)
      // Else the server shuts down: the turn stays as it is stored, and runs at the next start.
      else turn.deadline?.cancel()
    }
    this.#keeper.rest()
  }

  /** Waits for a process to be had, unless the turn is stopped before. */
  async #start(turn: OpenTurn): Promise<void> {
    const { tenantId, createdBy } = turn.record
    const caller = `${tenantId}:${createdBy}`
    const keeper = this.#keeper
    if (turn.stop) return
    const admitted = keeper.reserve() || (await keeper.waitForSlot(caller, turn.stopping.signal))
    // It may have been stopped while it waited.
    if (!admitted || turn.stop) return
    const start = toStart(turn, keeper.claudeSessionId, Date.now())
    Object.assign(turn.record, start.updateTurn)
    await keeper.writer.write(start)
  }

  async #run(turn: OpenTurn): Promise<TurnOutcome | 'shelved'> {
    try {
      // Of a turn that goes on after a restart.
      for (const input of turn.steered) input.prompt = await this.#fillIn(input.prompt)
      const outcome = await workOn(turn, await this.#fillInAll(turn), this.#keeper)
      return outcome === 'shelved' ? outcome : withEarlier(outcome, turn.before)
    } catch (error) {
      if (error instanceof Unlaunchable) return withEarlier(error.outcome, turn.before)
      this.#context.faults.error(
        { err: error, sessionId: this.id, turnId: turn.record.id },
        'a turn broke off',
      )
      const failure = { reason: 'unknown', message: 'The turn broke off for an unexpected reason' } as const
      const nothing = { response: null, usage: null, costUsd: null }
      return withEarlier({ status: 'failed', failure, unavailable: false, ...nothing }, turn.before)
    }
  }

  /** A turn that goes on in another process has said its prompt already. */
  async #fillInAll({ record }: OpenTurn): Promise<Prompt> {
    const prompt = await this.#fillIn(record.prompt)
    if (this.#keeper.permissions.parked) return prompt
    return withMentions(prompt, record, { ...this.#context, writer: this.#keeper.writer })
  }

  #fillIn(prompt: Prompt): Promise<Prompt> {
    const owner = { tenantId: this.#tenantId, sessionId: this.id }
    return fillIn(this.#context.store.attachments, owner, prompt)
  }

  async #finish(turn: OpenTurn, outcome: TurnOutcome | 'shelved'): Promise<void> {
    turn.deadline?.cancel()
    if (outcome === 'shelved') return turn.markEnded()
    await this.#keeper.permissions.withdrawOfTurn()
    await forgetRefusedPrompt(this.#context, turn, outcome, this.#keeper)
    await this.#keeper.state.settled()
    const at = Date.now()
    await this.#keeper.writer.write({
      ...toEnd(turn, outcome, at),
      session: { lastActivityAt: at, expiresAt: at + this.#context.sessionTimeoutMs },
    })
    turn.markEnded()
  }

  #stop(turn: OpenTurn, cause: StopCause): void {
    turn.stop ??= cause
    turn.stopping.abort()
    if (turn !== this.#current) {
      this.#queue = this.#queue.filter(waiting => waiting !== turn)
      void this.#cancel(turn)
    } else if (turn.record.status !== 'queued') {
      this.#keeper.interrupt()
    }
  }

  async #cancel(turn: OpenTurn): Promise<void> {
    turn.deadline?.cancel()
    await this.#keeper.writer.write(toEndWithoutOutcome(turn, 'cancelled', Date.now()))
    turn.markEnded()
  }
}
