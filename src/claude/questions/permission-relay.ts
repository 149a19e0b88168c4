import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { AgentListener } from '../../sessions/ports/index.ts'
import type { Watchdog } from '../process/watchdog.ts'
import { type AskPermission, ProposedPlans } from './permission-callbacks.ts'
import { reportChangedInput } from './tool-hooks.ts'

/** Passes the permission requests of Claude Code on to the listener, and the answers back. */
export class PermissionRelay {
  readonly #plans = new ProposedPlans()
  readonly #listener: AgentListener
  readonly #watchdog: Watchdog
  readonly #reportFigures: () => Promise<void>

  /** @param reportFigures reports the usage so far: the process may end before the answer comes */
  constructor(listener: AgentListener, watchdog: Watchdog, reportFigures: () => Promise<void>) {
    this.#listener = listener
    this.#watchdog = watchdog
    this.#reportFigures = reportFigures
  }

  observe(message: SDKMessage): void {
    this.#plans.note(message)
  }

  /** Pauses the watchdog: while a person is asked, silence of the process is expected. */
  readonly ask: AskPermission = async (question, signal) => {
    this.#watchdog.pause()
    try {
      await this.#reportFigures()
      const answer = await this.#listener.onPermission(this.#plans.complete(question), signal)
      await reportChangedInput(question, answer, this.#listener)
      return answer
    } finally {
      this.#watchdog.resume()
    }
  }
}
