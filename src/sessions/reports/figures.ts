import type { TurnRecord } from '../records.ts'

/** Milliseconds of a turn in this run of the server; undefined: it did not come so far. */
export interface TurnTimes {
  /** From acceptance until it began. */
  queuedMs: number | undefined
  /** From acceptance until the first delta. */
  firstDeltaMs: number | undefined
}

/** Receives the events that logs and metrics are made of. */
export interface SessionsObserver {
  /** Called with each turn whose end is stored. */
  onTurnEnded(turn: TurnRecord, times: TurnTimes): void
  /** Called with each write of a session's change. */
  onCommit(durationMs: number, outcome: 'stored' | 'failed'): void
}

/** The processes in one state, and their memory in bytes as last sampled. */
export interface SlotFigures {
  count: number
  bytes: number
}

/** `evicted`: processes that are ending to free their slots. */
export const slotStates = ['busy', 'idle', 'spare', 'evicted'] as const

/** The state of turns, processes and readers at one moment. */
export interface SessionsFigures {
  runningTurns: number
  /** Turns that wait for earlier ones of their session. */
  queuedTurns: number
  /** Turns that wait for a slot. */
  waitingTurns: number
  slots: Readonly<Record<(typeof slotStates)[number], SlotFigures>>
  /** Since the start of the server. */
  evictions: number
  readers: number
  /** Readers that were disconnected because they were too slow, since the start of the server. */
  disconnects: number
}
