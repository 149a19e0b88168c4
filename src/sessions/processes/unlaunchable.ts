import type { AgentFailure, TurnOutcome } from '../ports/index.ts'

const nothing = { usage: null, costUsd: null, response: null } as const

/** No process can be started for the turn, for a reason outside the server; has the outcome of the turn. */
export class Unlaunchable extends Error {
  override readonly name = 'Unlaunchable'
  readonly outcome: TurnOutcome

  constructor(message: string, outcome: TurnOutcome, options?: ErrorOptions) {
    super(message, options)
    this.outcome = outcome
  }

  static because(failure: AgentFailure, options?: ErrorOptions): Unlaunchable {
    return new Unlaunchable(
      failure.message,
      { ...nothing, status: 'failed', failure, unavailable: false },
      options,
    )
  }

  /** Nothing may be spent any more. */
  static overBudget(): Unlaunchable {
    const figures = { usage: null, costUsd: 0, response: null }
    return new Unlaunchable('the budget is used up', {
      ...figures,
      status: 'completed',
      stopReason: 'budget',
    })
  }
}
