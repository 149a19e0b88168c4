import type { TerminalEventType } from '../../contract/events.ts'
import type { TurnStatus } from '../../contract/turns.ts'

/**
 * Where a turn can go from each status. Terminal ones lead nowhere; the type makes the table complete.
 */
export const turnTransitions = {
  queued: ['running', 'cancelled', 'lost'],
  running: ['requires_action', 'completed', 'failed', 'interrupted', 'timed_out', 'lost'],
  requires_action: ['running', 'completed', 'failed', 'interrupted', 'timed_out', 'lost'],
  completed: [],
  failed: [],
  interrupted: [],
  timed_out: [],
  lost: [],
  cancelled: [],
} as const satisfies Record<TurnStatus, readonly TurnStatus[]>

export function canTransition(from: TurnStatus, to: TurnStatus): boolean {
  return (turnTransitions[from] as readonly TurnStatus[]).includes(to)
}

/** Whether a process works on it, or a person is waited for. */
export function isAtWork(status: TurnStatus): status is 'running' | 'requires_action' {
  return status === 'running' || status === 'requires_action'
}

export type TerminalStatus = Exclude<TurnStatus, 'queued' | 'running' | 'requires_action'>

export function isTerminal(status: TurnStatus): status is TerminalStatus {
  return turnTransitions[status].length === 0
}

/** The event that tells of a turn's end. */
export const terminalEventOf = {
  completed: 'turn.completed',
  failed: 'turn.failed',
  interrupted: 'turn.interrupted',
  cancelled: 'turn.interrupted',
  timed_out: 'turn.timed_out',
  lost: 'turn.lost',
} as const satisfies Record<TerminalStatus, TerminalEventType>
