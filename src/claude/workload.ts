import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, UsageShare } from '../sessions/ports.ts'
import type { ActiveTurn } from './active-turn.ts'
import { BackgroundTasks } from './background-tasks.ts'
import { ObservedUsage } from './observed-usage.ts'

type Weigh = (results: readonly SDKResultMessage[], observed: ObservedUsage) => UsageShare

/**
 * What a process works on beside the turn that it was given: tasks in the background, and what Claude Code goes on
 * with by itself when one of them has ended.
 */
export class Workload {
  /** Whether the main conversation works on something that nobody has sent. */
  ownWork = false
  /** How often it has begun to. */
  ownWorks = 0
  /** Whether the process says which prompts its frames belong to. */
  marks = false
  readonly tasks: BackgroundTasks
  readonly #listener: Pick<AgentListener, 'onOwnWorkStart' | 'onOwnWorkEnd'>
  readonly #weigh: Weigh
  #startedAt = 0
  /** As `#startedAt`, by the clock that is not set. */
  #begunAt = 0
  #observed = new ObservedUsage()

  /** @param weigh says what a piece of own work took */
  constructor(listener: Pick<AgentListener, 'onOwnWorkStart' | 'onOwnWorkEnd' | 'onTask'>, weigh: Weigh) {
    this.#listener = listener
    this.#weigh = weigh
    this.tasks = new BackgroundTasks((task, turnId) => listener.onTask(task, turnId))
  }

  /**
   * @param turn the turn that runs
   * @returns whether the message is of that turn
   */
  observe(message: SDKMessage, turn: ActiveTurn | undefined): boolean {
    if ((message as { type: string }).type === 'command_lifecycle') this.marks = true
    const atWork = turn?.isAtWork ? turn : undefined
    this.tasks.observe(message, atWork?.turnId ?? null)
    if (this.ownWork) this.#observed.observe(message)
    if (isBeginning(message) && !atWork) this.#startOwnWork()
    else if (message.type === 'result') this.#endOwnWork([message])
    else if (isBeginning(message) || isIdle(message)) this.#endOwnWork([])
    if (!atWork) return false
    const owner = this.tasks.findTurn(message)
    return owner === undefined || owner === atWork.turnId
  }

  /** The process has gone. */
  end(): void {
    this.#endOwnWork([])
  }

  #startOwnWork(): void {
    if (this.ownWork) return
    this.ownWork = true
    this.ownWorks++
    this.#startedAt = Date.now()
    this.#begunAt = performance.now()
    this.#observed = new ObservedUsage()
    this.#listener.onOwnWorkStart()
  }

  #endOwnWork(results: readonly SDKResultMessage[]): void {
    if (!this.ownWork) return
    this.ownWork = false
    const took = this.#weigh(results, this.#observed)
    const durationMs = Math.round(performance.now() - this.#begunAt)
    const startedAt = this.#startedAt
    this.#listener.onOwnWorkEnd({ ...took, startedAt, endedAt: startedAt + durationMs })
  }
}

/** Whether the main conversation begins to work on something. */
export function isBeginning(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'init'
}

export function isIdle(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'session_state_changed' && message.state === 'idle'
}
