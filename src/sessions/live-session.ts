import { randomUUID } from 'node:crypto'
import { ServiceError } from '../contract/errors.ts'
import type { SessionState } from '../contract/sessions.ts'
import type { InterruptResponse } from '../contract/turns.ts'
import { AgentKeeper, type AgentKeeperContext } from './agent-keeper.ts'
import type { TurnOutcome } from './ports.ts'
import type { Caller, SessionRecord, TurnRecord } from './records.ts'
import {
  type OpenTurn,
  openTurn,
  type StopCause,
  toEnd,
  toEndWithoutOutcome,
  toStart,
} from './running-turn.ts'
import type { TurnRequest } from './session-service.ts'

export interface LiveSessionContext extends AgentKeeperContext {
  sessionTimeoutMs: number
  maxQueuedTurns: number
  /** Whether turns may start; false while the server shuts down. */
  mayStart(): boolean
}

/**
 * A session that has something to do or a process: takes turns in, runs one after the other, and stops them.
 * Everything that decides about order happens synchronously, before the first wait.
 */
export class LiveSession {
  readonly id: string
  readonly #tenantId: string
  readonly #context: LiveSessionContext
  readonly #keeper: AgentKeeper
  #queue: OpenTurn[] = []
  #running: OpenTurn | undefined
  #work: Promise<void> = Promise.resolve()
  #ended = false

  constructor(session: SessionRecord, context: LiveSessionContext) {
    this.id = session.id
    this.#tenantId = session.tenantId
    this.#context = context
    this.#keeper = new AgentKeeper(session, context, () => this.#running)
  }

  get state(): SessionState {
    return this.#running || this.#queue.length > 0 ? 'running' : 'idle'
  }

  /** Whether nothing would be lost by forgetting it. */
  get dispensable(): boolean {
    return this.state === 'idle' && !this.#keeper.hasAgent
  }

  /** Starts the session's process in the background. */
  warm(): void {
    this.#keeper.warm()
  }

  /** The next turn runs with the session's configuration as it is stored then. */
  reconfigure(): void {
    this.#keeper.markStale()
  }

  /** Accepts a turn: stored when the promise resolves. A refused one changes nothing. */
  async submit(caller: Caller, request: TurnRequest, session: SessionRecord): Promise<TurnRecord> {
    if (this.#ended) throw new ServiceError('SESSION_ENDED', `Session ${this.id} has ended`)
    if (this.#running && request.onBusy === 'reject') {
      const turnId = this.#running.record.id
      throw new ServiceError('SESSION_BUSY', `Session ${this.id} is running turn ${turnId}`, { turnId })
    }
    const { maxQueuedTurns } = this.#context
    if (this.#running && this.#queue.length >= maxQueuedTurns) {
      throw new ServiceError(
        'TURN_QUEUE_FULL',
        `Session ${this.id} has ${maxQueuedTurns} turns waiting already`,
        {
          limit: maxQueuedTurns,
          waiting: this.#queue.length,
        },
      )
    }
    const now = Date.now()
    const turn = openTurn(newTurn(caller, this.id, request, now))
    const starts = !this.#running
    if (starts) this.#running = turn
    else if (request.onBusy === 'interrupt') this.#queue.unshift(turn)
    else this.#queue.push(turn)
    const activity = { lastActivityAt: now, expiresAt: now + this.#context.sessionTimeoutMs }
    const start = starts ? toStart(turn, session.claudeSessionId, now) : undefined
    if (start) Object.assign(turn.record, start.updateTurn)
    const owner = { tenantId: this.#tenantId, sessionId: this.id }
    try {
      await this.#context.log.commit({
        ...owner,
        at: now,
        session: activity,
        insertTurn: turn.record,
        events: [
          {
            type: 'turn.queued',
            turnId: turn.record.id,
            payload: { status: 'queued' },
          },
          ...(start?.events ?? []),
        ],
      })
    } catch (error) {
      this.#withdraw(turn)
      throw error
    }
    if (request.timeoutMs > 0) {
      turn.deadline = setTimeout(() => this.#stop(turn, 'timed_out'), request.timeoutMs)
    }
    if (starts) this.#work = this.#runAll(turn)
    else if (request.onBusy === 'interrupt' && this.#running) this.#stop(this.#running, 'interrupted')
    return { ...turn.record }
  }

  /** Takes in a turn that was waiting when the server stopped. */
  readmit(record: TurnRecord): void {
    const turn = openTurn(record)
    if (record.timeoutMs > 0) {
      const left = Math.max(0, record.createdAt + record.timeoutMs - Date.now())
      turn.deadline = setTimeout(() => this.#stop(turn, 'timed_out'), left)
    }
    this.#queue.push(turn)
    if (!this.#running) this.#work = this.#runQueue()
  }

  /**
   * Stops the running turn, or the one that is named, and resolves when it has ended.
   * @returns nothing in either list when there was nothing to stop
   */
  async interrupt(turnId: string | undefined, clearQueue: boolean): Promise<InterruptResponse> {
    const cancelled = this.#queue.filter(turn => clearQueue || turn.record.id === turnId)
    const running = this.#running
    const stopped = running && (turnId === undefined || running.record.id === turnId) ? running : undefined
    const ends = cancelled.map(turn => this.#cancel(turn))
    if (stopped) {
      ends.push(stopped.ended)
      this.#stop(stopped, 'interrupted')
    }
    await Promise.all(ends)
    return {
      interrupted: stopped ? [stopped.record.id] : [],
      cancelled: cancelled.map(turn => turn.record.id),
    }
  }

  /** Refuses new turns and ends those that are open. The process ends by itself afterwards. */
  async end(): Promise<void> {
    this.#ended = true
    await this.interrupt(undefined, true)
    await this.#work
    void this.#keeper.close()
  }

  /** Resolves when no turn runs. */
  async settled(): Promise<void> {
    await this.#work
  }

  async close(): Promise<void> {
    for (const turn of this.#queue) clearTimeout(turn.deadline)
    await this.#keeper.close()
  }

  #withdraw(turn: OpenTurn): void {
    this.#queue = this.#queue.filter(waiting => waiting !== turn)
    turn.markEnded()
    if (this.#running !== turn) return
    this.#running = undefined
    this.#work = this.#runQueue()
  }

  async #runQueue(): Promise<void> {
    const next = this.#context.mayStart() ? this.#queue.shift() : undefined
    if (!next) return this.#keeper.rest()
    this.#running = next
    const at = Date.now()
    const start = toStart(next, this.#keeper.claudeSessionId, at)
    Object.assign(next.record, start.updateTurn)
    await this.#keeper.writer.write(start)
    await this.#runAll(next)
  }

  /** Runs the turn, then those that wait. */
  async #runAll(turn: OpenTurn): Promise<void> {
    const outcome = await this.#run(turn)
    clearTimeout(turn.deadline)
    const at = Date.now()
    await this.#keeper.writer.write({
      ...toEnd(turn, outcome, at),
      session: { lastActivityAt: at, expiresAt: at + this.#context.sessionTimeoutMs },
    })
    turn.markEnded()
    this.#running = undefined
    await this.#runQueue()
  }

  async #run(turn: OpenTurn): Promise<TurnOutcome> {
    const stopped: TurnOutcome = { status: 'interrupted', response: null, usage: null, costUsd: null }
    if (turn.stop) return stopped
    try {
      const agent = await this.#keeper.obtain()
      if (turn.stop) return stopped
      return await agent.runTurn({ turnId: turn.record.id, prompt: turn.record.prompt })
    } catch (error) {
      this.#context.faults.error(
        { err: error, sessionId: this.id, turnId: turn.record.id },
        'a turn broke off',
      )
      const failure = { reason: 'unknown', message: 'The turn broke off for an unexpected reason' } as const
      return { status: 'failed', failure, unavailable: false, response: null, usage: null, costUsd: null }
    }
  }

  #stop(turn: OpenTurn, cause: StopCause): void {
    turn.stop ??= cause
    if (turn === this.#running) this.#keeper.interrupt()
    else void this.#cancel(turn)
  }

  async #cancel(turn: OpenTurn): Promise<void> {
    this.#queue = this.#queue.filter(waiting => waiting !== turn)
    clearTimeout(turn.deadline)
    await this.#keeper.writer.write(toEndWithoutOutcome(turn, 'cancelled', Date.now()))
    turn.markEnded()
  }
}

function newTurn(caller: Caller, sessionId: string, request: TurnRequest, now: number): TurnRecord {
  return {
    id: randomUUID(),
    sessionId,
    tenantId: caller.tenantId,
    createdBy: caller.keyId,
    status: 'queued',
    prompt: request.prompt,
    timeoutMs: request.timeoutMs,
    response: null,
    messageId: null,
    stopReason: null,
    error: null,
    usage: null,
    costUsd: null,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    firstSequence: null,
    lastSequence: null,
  }
}
