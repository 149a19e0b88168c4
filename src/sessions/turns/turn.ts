import type { TerminalEventType } from '../../contract/events.ts'
import type { TurnStatus } from '../../contract/turns.ts'
import { type Alarm, afterDuration } from '../../lib/alarm.ts'
import type { Permit } from '../limits/running-turns.ts'
import type { SteeredInput, UsageShare } from '../ports/index.ts'
import { SessionFenced, type TurnRecord } from '../records.ts'
import type { TurnTimes } from '../reports/figures.ts'

/*
 * A turn is one prompt and everything until Claude is done with it.
 *
 *   queued -> running <-> requires_action -> completed | failed | interrupted | timed_out | lost
 *   queued -> cancelled
 *
 * `queued` from its acceptance until it has a process. `running` while a process works on it, `requires_action`
 * while a permission request of it is open (with a process, or suspended without one). The other statuses are
 * terminal. A turn that never ran cannot be interrupted or time out: it is cancelled. Only a start of the server
 * loses turns: it finds some that a previous run had begun.
 *
 * `OpenTurn.advance` is the only place where the status of a turn changes, and it consults the table. The database
 * holds the same rule: a unique index admits one turn at work per session.
 */

/** Where a turn can go from each status; the type makes the table complete. */
export const turnTransitions = {
  queued: ['running', 'cancelled'],
  running: ['requires_action', 'completed', 'failed', 'interrupted', 'timed_out', 'lost'],
  requires_action: ['running', 'completed', 'failed', 'interrupted', 'timed_out', 'lost'],
  completed: [],
  failed: [],
  interrupted: [],
  timed_out: [],
  lost: [],
  cancelled: [],
} as const satisfies Record<TurnStatus, readonly TurnStatus[]>

export type TerminalStatus = Exclude<TurnStatus, 'queued' | 'running' | 'requires_action'>

/** The event that reports a turn's end. */
export const terminalEventOf = {
  completed: 'turn.completed',
  failed: 'turn.failed',
  interrupted: 'turn.interrupted',
  cancelled: 'turn.interrupted',
  timed_out: 'turn.timed_out',
  lost: 'turn.lost',
} as const satisfies Record<TerminalStatus, TerminalEventType>

export function canTransition(from: TurnStatus, to: TurnStatus): boolean {
  return (turnTransitions[from] as readonly TurnStatus[]).includes(to)
}

/** Whether the turn has begun and not ended. */
export function isAtWork(status: TurnStatus): status is 'running' | 'requires_action' {
  return status === 'running' || status === 'requires_action'
}

export function isTerminal(status: TurnStatus): status is TerminalStatus {
  return turnTransitions[status].length === 0
}

/** Why a turn is being stopped. */
export type StopCause = 'interrupted' | 'timed_out'

/** The end of a turn, as its callers see it. */
export interface TurnEnd {
  turn: TurnRecord
  /** Claude Code's id of the conversation that the turn was in. */
  claudeSessionId: string
}

/** A turn that has been accepted and has not ended. */
export class OpenTurn {
  readonly record: TurnRecord
  /** On the monotonic clock (`performance.now()`), in milliseconds. */
  readonly acceptedAt: number
  /** As `acceptedAt`; undefined: not started, or started by a previous run of the server. */
  begunAt: number | undefined
  /** Id of the last assistant message of the main conversation. */
  messageId: string | null = null
  /** Requests to the model, as `maxTurns` counts them. */
  agenticTurns = 0
  /** The model's own id of its last message. */
  lastSaid: string | undefined
  /** Text of the model's last message that has any. */
  said: string | null = null
  /** Input given to it while it ran. */
  steered: SteeredInput[] = []
  /** Its place among the running turns of limited callers; undefined: it does not run, or waits for one. */
  permit: Permit | undefined
  /** Taken by its earlier processes; undefined: there was none. */
  before: UsageShare | undefined
  /** Resolves when the end is stored; rejects with `SessionFenced` when another owner continues; never for a turn that could not be accepted or outlives the server. */
  readonly ended: Promise<TurnEnd>
  /** Resolves when the turn is over for this run of the server: ended, suspended by a shutdown, or not accepted. */
  readonly left: Promise<void>
  /** Resolves when it is stored, with false when it could not be: nothing may be written of it before. */
  readonly accepted: Promise<boolean>
  #cause: StopCause | undefined
  #firstDeltaMs: number | undefined
  #deadline: Alarm | undefined
  readonly #stopping = new AbortController()
  readonly #end = Promise.withResolvers<TurnEnd>()
  readonly #leave = Promise.withResolvers<void>()
  readonly #accept = Promise.withResolvers<boolean>()

  constructor(record: TurnRecord) {
    this.record = record
    this.ended = this.#end.promise
    this.left = this.#leave.promise
    // Most turns are waited for by nothing.
    this.ended.catch(() => {})
    this.accepted = this.#accept.promise
    // For a turn of a previous run of the server only the wall clock knows.
    this.acceptedAt = performance.now() - Math.max(0, Date.now() - record.createdAt)
  }

  /** @throws Error for a step that the table does not have */
  advance(to: TurnStatus): void {
    const { id, status } = this.record
    if (!canTransition(status, to)) throw new Error(`Turn ${id} cannot go from ${status} to ${to}`)
    this.record.status = to
  }

  get times(): TurnTimes {
    const queuedMs = this.begunAt === undefined ? undefined : this.begunAt - this.acceptedAt
    return { queuedMs, firstDeltaMs: this.#firstDeltaMs }
  }

  /** Records when its first delta came. */
  noteDelta(): void {
    this.#firstDeltaMs ??= performance.now() - this.acceptedAt
  }

  /** Why it is being stopped; undefined: it is not. */
  get stop(): StopCause | undefined {
    return this.#cause
  }

  /** Fires when it is being stopped. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Asks for its end; the first cause counts. */
  requestStop(cause: StopCause): void {
    this.#cause ??= cause
    this.#stopping.abort()
  }

  /** Calls back when its time is over; 0: never. It may have been stopped while it was being stored. */
  startDeadline(timeoutMs: number, onTimeout: () => void): void {
    if (timeoutMs === 0 || this.#cause) return
    this.#deadline = afterDuration(timeoutMs - (performance.now() - this.acceptedAt), onTimeout)
  }

  /** Lets another turn of its key and tenant run. */
  releasePermit(): void {
    this.permit?.()
    this.permit = undefined
  }

  cancelDeadline(): void {
    this.#deadline?.cancel()
  }

  markAccepted(): void {
    this.#accept.resolve(true)
  }

  /** Its end is stored. */
  markEnded(claudeSessionId: string): void {
    this.#end.resolve({ turn: { ...this.record }, claudeSessionId })
    this.#leave.resolve()
  }

  /** The session belongs to another owner. */
  markFenced(): void {
    this.#end.reject(new SessionFenced(this.record.sessionId))
    this.markLeft()
  }

  /** It was not accepted, or stays open beyond this run of the server. */
  markLeft(): void {
    this.#accept.resolve(false)
    this.#leave.resolve()
  }
}
