import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener } from '../sessions/ports.ts'
import type { ActiveTurn } from './active-turn.ts'
import { BackgroundTasks } from './background-tasks.ts'

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
  readonly #listener: Pick<AgentListener, 'onOwnWork'>

  constructor(listener: Pick<AgentListener, 'onOwnWork' | 'onTask'>) {
    this.#listener = listener
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
    if (isBeginning(message)) this.#setOwnWork(atWork === undefined)
    else if (message.type === 'result' || isIdle(message)) this.#setOwnWork(false)
    if (!atWork) return false
    const owner = this.tasks.findTurn(message)
    return owner === undefined || owner === atWork.turnId
  }

  #setOwnWork(active: boolean): void {
    if (active === this.ownWork) return
    this.ownWork = active
    if (active) this.ownWorks++
    this.#listener.onOwnWork(active)
  }
}

/** Whether the main conversation begins to work on something. */
export function isBeginning(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'init'
}

export function isIdle(message: SDKMessage): boolean {
  return message.type === 'system' && message.subtype === 'session_state_changed' && message.state === 'idle'
}
