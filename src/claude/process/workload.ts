import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener, UsageShare } from '../../sessions/ports/index.ts'
import type { ActiveTurn } from '../turn/active-turn.ts'
import { BackgroundTasks } from '../turn/background-tasks.ts'
import { ObservedUsage } from '../turn/observed-usage.ts'

type Weigh = (results: readonly SDKResultMessage[], observed: ObservedUsage) => UsageShare

/**
 * What a process works on beside the turn that it was given: tasks in the background, and what Claude Code goes on
 * with by itself when one of them has ended.
 */
export class Workload {
  /** Whether the main conversation works on something that nobody has sent. */
  autonomousWork = false
  /** How often it has begun to. */
  ownWorks = 0
  /** Whether the process says which prompts its frames belong to. */
  marks = false
  readonly tasks: BackgroundTasks
  readonly #listener: Pick<AgentListener, 'onAutonomousWorkStart' | 'onAutonomousWorkEnd'>
  readonly #weigh: Weigh
  #startedAt = 0
  /** As `#startedAt`, by the clock that is not set. */
  #begunAt = 0
  #observed = new ObservedUsage()

  /** @param weigh says what a piece of own work took */
  constructor(
    listener: Pick<AgentListener, 'onAutonomousWorkStart' | 'onAutonomousWorkEnd' | 'onTask'>,
    weigh: Weigh,
  ) {
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
    if (this.autonomousWork) this.#observed.observe(message)
    if (isBeginning(message) && !atWork) this.#startAutonomousWork()
    else if (message.type === 'result') this.#endAutonomousWork([message])
    else if (isBeginning(message) || isIdle(message)) this.#endAutonomousWork([])
    if (!atWork) return false
    const owner = this.tasks.findTurn(message)
    return owner === undefined || owner === atWork.turnId
  }

  /** The process has gone. */
  end(): void {
    this.#endAutonomousWork([])
  }

  #startAutonomousWork(): void {
    if (this.autonomousWork) return
    this.autonomousWork = true
    this.ownWorks++
    this.#startedAt = Date.now()
    this.#begunAt = performance.now()
    this.#observed = new ObservedUsage()
    this.#listener.onAutonomousWorkStart()
  }

  #endAutonomousWork(results: readonly SDKResultMessage[]): void {
    if (!this.autonomousWork) return
    this.autonomousWork = false
    const took = this.#weigh(results, this.#observed)
    const durationMs = Math.round(performance.now() - this.#begunAt)
    const startedAt = this.#startedAt
    this.#listener.onAutonomousWorkEnd({ ...took, startedAt, endedAt: startedAt + durationMs })
  }
}

/** Whether the main conversation begins to work on something. */
export function isBeginning(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'init'
}

export function isIdle(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'session_state_changed' && message.state === 'idle'
}
