import { ServiceError } from '../../contract/errors.ts'
import type { SessionState } from '../../contract/sessions.ts'
import { askAgent, askLiveAgent, type Question } from '../conversation/agent-lending.ts'
import type { StateField } from '../processes/followed-state.ts'
import { SessionProcess } from '../processes/session-process.ts'
import type { SessionProcessContext } from '../processes/session-process-context.ts'
import type { Spare } from '../processes/spare-process.ts'
import type { Caller, SessionRecord } from '../records.ts'
import { TurnQueue, type TurnQueueContext } from '../turns/turn-queue.ts'

export type OpenSessionContext = SessionProcessContext & TurnQueueContext

/** A session that has turns or a process: its queue and its process. */
export class OpenSession {
  readonly id: string
  readonly turns: TurnQueue
  readonly process: SessionProcess
  readonly #context: OpenSessionContext
  /** Resolves when the process of a session that was ended has gone and everything it said is stored. */
  gone: Promise<void> = Promise.resolve()

  constructor(session: SessionRecord, context: OpenSessionContext) {
    this.id = session.id
    this.#context = context
    this.process = new SessionProcess(session, context, () => this.turns.current)
    this.turns = new TurnQueue(session, context, this.process)
  }

  get state(): SessionState {
    if (this.process.requests.count > 0) return 'requires_action'
    return this.turns.current || this.process.background.autonomousWork ? 'running' : 'idle'
  }

  get backgroundTasks(): number {
    return this.process.background.tasks
  }

  /** Whether nothing would be lost by forgetting it. */
  get dispensable(): boolean {
    return !this.turns.isAtWork && !this.process.isNeeded
  }

  /** Starts the session's process in the background: the spare one, or one of its own if a slot is free. */
  warm(spare: Spare | undefined): void {
    if (spare) this.process.adopt(spare)
    this.process.warm()
  }

  /** Changes the session's record for a caller: see `FollowedState.change`. */
  change<T>(fields: readonly StateField[], work: () => Promise<T>): Promise<T> {
    return this.process.state.change(fields, work)
  }

  /** Asks the process something beside the turns: see `askAgent`. */
  async ask<T>(caller: Caller, question: Question<T>): Promise<T> {
    await this.turns.whenUndisturbed()
    if (!this.#context.mayStart()) throw new ServiceError('SHUTTING_DOWN', 'The server is shutting down')
    const turnId = this.turns.current?.record.id
    const refuseWhenEnded = () => this.turns.refuseWhenEnded()
    return askAgent({ ...this.#context, process: this.process, turnId, refuseWhenEnded }, caller, question)
  }

  /** Resolves when the end of the task is stored; without a process nothing happens. */
  async stopTask(taskId: string): Promise<void> {
    await askLiveAgent(this.process, questions => questions.stopTask(taskId))
    await this.process.writer.flush()
  }

  /** Suspends a turn that only waits for a person beyond the shutdown of the server; false: there is none. */
  async outliveServer(): Promise<boolean> {
    return this.turns.current !== undefined && this.process.requests.suspension.outliveServer()
  }

  /** Refuses new turns and ends the open ones. The process ends by itself afterwards. */
  async end(): Promise<void> {
    await this.turns.end()
    this.gone = this.#closeProcess()
  }

  /** Stops everything at once, and stores nothing: the session belongs to another owner. */
  async forsake(): Promise<void> {
    this.turns.forsake()
    await this.process.abandon()
    await this.process.close()
  }

  async close(): Promise<void> {
    this.turns.close()
    await this.#closeProcess()
    await this.process.saveFiles()
  }

  async #closeProcess(): Promise<void> {
    await this.process.close()
    await this.turns.titling.settled()
  }
}
