import type { AgentFailure, TurnOutcome, UsageShare } from '../../sessions/ports/index.ts'
import type { ActiveTurn } from '../turn/active-turn.ts'

export const silent: AgentFailure = {
  reason: 'process_unresponsive',
  message: 'The Claude Code process produced no output for too long',
}

/** Reasons that lie in the session or its directories. */
const ofSession = new Set(['setting_not_supported', 'isolation_failed', 'workspace_too_large'])

const goneBefore: AgentFailure = {
  reason: 'process_died',
  message: 'The Claude Code process ended before the turn started',
}

export function failedToStart(failure: AgentFailure) {
  const unavailable = isUnavailable(failure)
  return { status: 'failed', failure, unavailable, response: null, usage: null, costUsd: null } as const
}

/** Whether Claude Code cannot work at all, rather than only with the session's settings. */
export function isUnavailable({ reason }: AgentFailure): boolean {
  return !ofSession.has(reason)
}

export function interrupted(turn: ActiveTurn): TurnOutcome {
  const { said: response, notice } = turn
  return { status: 'interrupted', response, notice, usage: null, costUsd: null }
}

/** The outcome of a turn whose process has ended. */
export function outcomeOfEnd(
  turn: ActiveTurn,
  started: boolean,
  failure: AgentFailure,
  figures: UsageShare,
): TurnOutcome {
  const { said: response, notice } = turn
  if (turn.interruptRequested) return { ...interrupted(turn), ...figures }
  if (!started) return failedToStart(failure)
  return { ...failedToStart(failure), unavailable: false, response, notice, ...figures }
}

/** The outcome of a turn for which there is no process any more. */
export function outcomeWithoutProcess(startFailure: AgentFailure | undefined): TurnOutcome {
  if (startFailure) return failedToStart(startFailure)
  return { ...failedToStart(goneBefore), unavailable: false }
}
