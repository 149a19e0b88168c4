import type { Query, SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Log } from '../../lib/log.ts'
import type { AgentListener, UsageShare } from '../../sessions/ports/index.ts'
import type { ActiveTurn } from '../turn/active-turn.ts'
import { BackgroundTasks } from '../turn/background-tasks.ts'
import { ObservedUsage } from '../turn/observed-usage.ts'

/** The time from an interrupt that Claude Code does not follow to the end of its process, in milliseconds. */
export const interruptDeadlineMs = 4_000

type ComputeUsage = (results: readonly SDKResultMessage[], observed: ObservedUsage) => UsageShare

/**
 * The work of a process besides its turn: background tasks, and the autonomous work that Claude Code does after a task
 * has ended.
 */
export class Workload {
  /** Whether the main conversation does autonomous work. */
  autonomousWork = false
  /** How often autonomous work has started. */
  #count = 0
  /** Whether the process marks frames with the prompts that they belong to. */
  marks = false
  readonly tasks: BackgroundTasks
  readonly #listener: Pick<AgentListener, 'onAutonomousWorkStart' | 'onAutonomousWorkEnd'>
  readonly #computeUsage: ComputeUsage
  #startedAt = 0
  /** Same as `#startedAt`, on the monotonic clock. */
  #begunAt = 0
  #observed = new ObservedUsage()

  /** @param computeUsage returns the usage of a piece of autonomous work */
  constructor(
    listener: Pick<AgentListener, 'onAutonomousWorkStart' | 'onAutonomousWorkEnd' | 'onTask'>,
    computeUsage: ComputeUsage,
  ) {
    this.#listener = listener
    this.#computeUsage = computeUsage
    this.tasks = new BackgroundTasks((task, turnId) => listener.onTask(task, turnId))
  }

  /**
   * @param turn the running turn
   * @returns whether the message belongs to that turn
   */
  observe(message: SDKMessage, turn: ActiveTurn | undefined): boolean {
    if ((message as { type: string }).type === 'command_lifecycle') this.marks = true
    const atWork = turn?.isAtWork ? turn : undefined
    this.tasks.observe(message, atWork?.turnId ?? null)
    if (this.autonomousWork) this.#observed.observe(message)
    if (isBeginning(message) && !atWork) this.#startAutonomousWork()
    else if (message.type === 'result') this.#endAutonomousWork([message])
    else if (isBeginning(message) || isIdle(message)) this.#endAutonomousWork([])
    if (!atWork) return false
    const owner = this.tasks.findTurn(message)
    return owner === undefined || owner === atWork.turnId
  }

  /**
   * Interrupts autonomous work; `giveUp` ends the process if Claude Code does not stop it in time.
   * @param live has its query only when the process has started
   */
  interrupt(live: { readonly query: Query }, log: Pick<Log, 'warn'>, giveUp: () => void): void {
    if (!this.autonomousWork) return
    live.query.interrupt().catch(error => log.warn({ err: error }, 'interrupt not acknowledged'))
    const count = this.#count
    setTimeout(() => {
      if (this.autonomousWork && this.#count === count) giveUp()
    }, interruptDeadlineMs).unref()
  }

  /** Handles the end of the process. */
  end(): void {
    this.#endAutonomousWork([])
  }

  #startAutonomousWork(): void {
    if (this.autonomousWork) return
    this.autonomousWork = true
    this.#count++
    this.#startedAt = Date.now()
    this.#begunAt = performance.now()
    this.#observed = new ObservedUsage()
    this.#listener.onAutonomousWorkStart()
  }

  #endAutonomousWork(results: readonly SDKResultMessage[]): void {
    if (!this.autonomousWork) return
    this.autonomousWork = false
    const took = this.#computeUsage(results, this.#observed)
    const durationMs = Math.round(performance.now() - this.#begunAt)
    const startedAt = this.#startedAt
    this.#listener.onAutonomousWorkEnd({ ...took, startedAt, endedAt: startedAt + durationMs })
  }
}

/** Whether the message starts work in the main conversation. */
export function isBeginning(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'init'
}

export function isIdle(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'session_state_changed' && message.state === 'idle'
}
