import type { SessionWriter } from '../log/session-writer.ts'
import type { AgentTask, AutonomousWork } from '../ports/index.ts'
import type { TaskRecord } from '../records.ts'
import { entriesOfWork } from '../turns/usage-entries.ts'

interface Owner {
  tenantId: string
  sessionId: string
}

/**
 * The work of the session's process outside turns: background tasks, which are stored, and autonomous work.
 */
export class BackgroundWork {
  /** Whether the main conversation does autonomous work. */
  autonomousWork = false
  /** The key that pays for autonomous work: that of the last turn. */
  chargedTo: string
  readonly #owner: Owner
  readonly #writer: SessionWriter
  readonly #running = new Map<string, TaskRecord>()
  #waiting: (() => void)[] = []

  constructor(owner: Owner, createdBy: string, writer: SessionWriter) {
    this.#owner = owner
    this.chargedTo = createdBy
    this.#writer = writer
  }

  /** How many tasks run. */
  get tasks(): number {
    return this.#running.size
  }

  /** Whether a task of that id runs. */
  has(taskId: string): boolean {
    return this.#running.has(taskId)
  }

  note({ taskId, ...task }: AgentTask, turnId: string | null): void {
    const now = Date.now()
    const record: TaskRecord = {
      ...this.#owner,
      ...task,
      id: taskId,
      turnId,
      startedAt: this.#running.get(taskId)?.startedAt ?? now,
      endedAt: task.status === 'running' ? null : now,
    }
    if (task.status === 'running') this.#running.set(taskId, record)
    else this.#running.delete(taskId)
    void this.#writer.write({ saveTasks: [record], events: [] })
  }

  startAutonomousWork(): void {
    this.autonomousWork = true
  }

  /** @param work the usage of the work, which is stored */
  endAutonomousWork(work: AutonomousWork): void {
    const usage = entriesOfWork(this.chargedTo, work, Date.now())
    void this.#writer.write({ addAutonomousWork: [work], usage, events: [] })
    this.#beQuiet()
  }

  #beQuiet(): void {
    this.autonomousWork = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves when Claude Code does nothing by itself. */
  whenQuiet(): Promise<void> {
    if (!this.autonomousWork) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** The process is gone, and with it all that ran in it. Resolves when that is written. */
  async lose(): Promise<void> {
    this.#beQuiet()
    if (this.#running.size === 0) return
    const endedAt = Date.now()
    const saveTasks = [...this.#running.values()].map(task => ({ ...task, status: 'lost' as const, endedAt }))
    this.#running.clear()
    await this.#writer.write({ saveTasks, events: [] })
  }
}
