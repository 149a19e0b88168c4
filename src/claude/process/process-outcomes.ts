import type { AgentFailure, TurnOutcome } from '../../sessions/ports/index.ts'
import type { ActiveTurn } from '../turn/active-turn.ts'

export const silent: AgentFailure = {
  reason: 'process_unresponsive',
  message: 'The Claude Code process produced no output for too long',
}

export const goneBefore: AgentFailure = {
  reason: 'process_died',
  message: 'The Claude Code process ended before the turn started',
}

export function failedToStart(failure: AgentFailure) {
  const unavailable = isUnavailable(failure)
  return { status: 'failed', failure, unavailable, response: null, usage: null, costUsd: null } as const
}

/** Whether Claude Code cannot work at all, rather than only with the session's settings. */
export function isUnavailable({ reason }: AgentFailure): boolean {
  return reason !== 'setting_not_supported'
}

export function interrupted(turn: ActiveTurn): TurnOutcome {
  const { said: response, notice } = turn
  return { status: 'interrupted', response, notice, usage: null, costUsd: null }
}
