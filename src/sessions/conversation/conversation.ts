import type { McpAction } from '../../contract/conversation.ts'
import { notFound } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import type { TaskQuery } from '../ports/index.ts'
import type { Caller, TaskRecord, TurnRecord } from '../records.ts'
import type { Submitting } from '../turns/submitting.ts'
import type { Submission } from '../turns/turn-request.ts'
import type { Question } from './agent-lending.ts'
import { type Compaction, readCompaction } from './compaction.ts'

export interface CompactRequest {
  instructions: string | undefined
  timeoutMs: number
  onBusy: 'queue' | 'reject'
}

/**
 * Operations on a session's conversation other than prompts. They ask the session's process, which is started if
 * there is none.
 *
 * All that ask it reject with ServiceError SESSION_NOT_FOUND, SESSION_EXPIRED, SESSION_ENDED, SESSION_BUSY,
 * TURN_QUEUE_FULL, AGENT_UNAVAILABLE.
 */
export class Conversation {
  readonly #core: Core
  readonly #submitting: Submitting

  constructor(core: Core, submitting: Submitting) {
    this.#core = core
    this.#submitting = submitting
  }

  listCommands(caller: Caller, sessionId: string) {
    return this.#ask(caller, sessionId, questions => questions.listCommands())
  }

  listAgents(caller: Caller, sessionId: string) {
    return this.#ask(caller, sessionId, questions => questions.listAgents())
  }

  describeContext(caller: Caller, sessionId: string, detail: 'full' | 'summary') {
    return this.#ask(caller, sessionId, questions => questions.describeContext(detail))
  }

  listMcpServers(caller: Caller, sessionId: string) {
    return this.#ask(caller, sessionId, questions => questions.listMcpServers())
  }

  /**
   * @returns the server as it is afterwards, also when it could not be reached
   * @throws ServiceError MCP_SERVER_NOT_FOUND
   */
  async changeMcpServer(caller: Caller, sessionId: string, name: string, action: McpAction) {
    const server = await this.#ask(caller, sessionId, questions => questions.changeMcpServer(name, action))
    if (!server) throw notFound('MCP_SERVER_NOT_FOUND', name)
    return server
  }

  /** Reads the store only, also of a session that is over. */
  async listTasks(caller: Caller, sessionId: string, query: Omit<TaskQuery, 'sessionId'>) {
    await this.#core.known.get(caller, sessionId)
    return this.#core.store.tasks.listTasks(caller.tenantId, { sessionId, ...query })
  }

  /**
   * Resolves with the task as it is then. Idempotent, also when the session is over.
   * @throws ServiceError TASK_NOT_FOUND
   */
  async stopTask(caller: Caller, sessionId: string, taskId: string): Promise<TaskRecord> {
    await this.#core.known.get(caller, sessionId)
    const task = await this.#getTask(caller, sessionId, taskId)
    if (task.status !== 'running') return task
    await this.#core.live.find(sessionId)?.stopTask(taskId)
    return this.#getTask(caller, sessionId, taskId)
  }

  /** Submits a turn that compacts the conversation. */
  compact(caller: Caller, sessionId: string, request: CompactRequest): Promise<Submission> {
    const { instructions, timeoutMs, onBusy } = request
    const prompt = instructions === undefined ? '/compact' : `/compact ${instructions}`
    return this.#submitting.submit(caller, sessionId, { prompt, commands: true, timeoutMs, onBusy })
  }

  /** Returns the effect of the ended turn on the conversation. */
  findCompaction(caller: Caller, turn: TurnRecord): Promise<Compaction> {
    return readCompaction(this.#core, caller.tenantId, turn)
  }

  async #ask<T>(caller: Caller, sessionId: string, question: Question<T>): Promise<T> {
    const session = await this.#core.known.getActive(caller, sessionId)
    return this.#core.live.of(session).ask(caller, question)
  }

  async #getTask(caller: Caller, sessionId: string, taskId: string): Promise<TaskRecord> {
    const task = await this.#core.store.tasks.findTask(caller.tenantId, sessionId, taskId)
    if (!task) throw notFound('TASK_NOT_FOUND', taskId)
    return task
  }
}
