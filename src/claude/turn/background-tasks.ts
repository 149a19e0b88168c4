import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentTask } from '../../sessions/ports/index.ts'

/** The number of remembered tasks, to attribute late frames. */
const rememberedTasks = 1_000

interface KnownTask {
  readonly task: AgentTask
  /** The turn in which the task was started; null: none. */
  readonly turnId: string | null
  inBackground: boolean
}

type Level = Extract<SDKMessage, { type: 'system'; subtype: 'background_tasks_changed' }>
type Started = Extract<SDKMessage, { type: 'system'; subtype: 'task_started' }>
type Notification = Extract<SDKMessage, { type: 'system'; subtype: 'task_notification' }>

/**
 * The background tasks of a process. Claude Code reports the whole set whenever it changes, and also the start and end
 * of each task. The set is authoritative, because it includes tasks that began in the foreground.
 */
export class BackgroundTasks {
  readonly #known = new Map<string, KnownTask>()
  readonly #onTask: (task: AgentTask, turnId: string | null) => void

  /** @param onTask called when a task starts to run in the background, and when it ends */
  constructor(onTask: (task: AgentTask, turnId: string | null) => void) {
    this.#onTask = onTask
  }

  /** The number of tasks that run in the background. */
  get running(): number {
    let count = 0
    for (const known of this.#known.values()) if (isRunning(known)) count++
    return count
  }

  /** @param turnId the turn of the main conversation */
  observe(message: SDKMessage, turnId: string | null): void {
    if (message.type !== 'system') return
    if (message.subtype === 'task_started') this.#start(message, turnId)
    else if (message.subtype === 'background_tasks_changed') this.#compare(message, turnId)
    else if (message.subtype === 'task_notification') this.#end(message)
  }

  /**
   * Returns the turn in which the task of a frame was started, for frames of tasks and subagents.
   * @returns undefined for frames of the main conversation, and of unknown tasks
   */
  findTurn(message: SDKMessage): string | null | undefined {
    const id =
      'agent_id' in message && typeof message.agent_id === 'string'
        ? message.agent_id
        : 'task_id' in message && typeof message.task_id === 'string'
          ? message.task_id
          : undefined
    return id === undefined ? undefined : this.#known.get(id)?.turnId
  }

  #start(message: Started, turnId: string | null): void {
    if (message.ambient) return
    const { task_id: id, parent_task_id: parent } = message
    const before = this.#known.get(id)
    const task: AgentTask = {
      taskId: id,
      type: message.task_type ?? before?.task.type ?? 'unknown',
      description: message.description,
      toolUseId: message.tool_use_id ?? null,
      agent: message.subagent_type ?? null,
      status: 'running',
      summary: null,
    }
    const inBackground = message.is_backgrounded === true || isRunning(before)
    const owner = parent === undefined ? turnId : this.#turnOf(parent, turnId)
    this.#remember({ task, turnId: before?.turnId ?? owner, inBackground })
  }

  #compare(message: Level, turnId: string | null): void {
    const live = new Set(message.tasks.map(({ task_id }) => task_id))
    for (const {
      task_id: id,
      ambient,
      task_type: type,
      description,
      parent_task_id: parent,
    } of message.tasks) {
      const known = this.#known.get(id)
      if (ambient || isRunning(known)) continue
      const task = known
        ? { ...known.task, status: 'running' as const, summary: null }
        : ({
            taskId: id,
            type,
            description,
            toolUseId: null,
            agent: null,
            status: 'running',
            summary: null,
          } as const)
      const owner = known ? known.turnId : parent === undefined ? turnId : this.#turnOf(parent, turnId)
      this.#remember({ task, turnId: owner, inBackground: true })
    }
    for (const known of this.#known.values()) {
      if (isRunning(known) && !live.has(known.task.taskId)) this.#settle(known, 'stopped', null)
    }
  }

  #end({ task_id: id, status, summary }: Notification): void {
    const known = this.#known.get(id)
    if (known?.task.status === 'running') this.#settle(known, status, summary || null)
  }

  #settle(known: KnownTask, status: AgentTask['status'], summary: string | null): void {
    known.task.status = status
    known.task.summary = summary
    if (known.inBackground) this.#onTask({ ...known.task }, known.turnId)
  }

  #remember(known: KnownTask): void {
    this.#known.delete(known.task.taskId)
    this.#known.set(known.task.taskId, known)
    if (known.inBackground) this.#onTask({ ...known.task }, known.turnId)
    if (this.#known.size <= rememberedTasks) return
    for (const [id, { task }] of this.#known) {
      if (task.status === 'running') continue
      this.#known.delete(id)
      return
    }
  }

  #turnOf(taskId: string, otherwise: string | null): string | null {
    const parent = this.#known.get(taskId)
    return parent ? parent.turnId : otherwise
  }
}

/** Whether the task runs in the background. */
function isRunning(known: KnownTask | undefined): boolean {
  return known?.inBackground === true && known.task.status === 'running'
}
