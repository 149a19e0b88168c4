import { toTimestamp } from '../../contract/primitives.ts'
import { failureCodeOf } from '../../contract/retry.ts'
import type { Prompt, TurnFailure } from '../../contract/turns.ts'
import { type Alarm, afterDuration } from '../../lib/alarm.ts'
import type { Change, SteeredInput, TurnOutcome, UsageShare } from '../ports/index.ts'
import type { NewEvent, TurnRecord } from '../records.ts'
import { asIncomplete } from './turn-figures.ts'
import { type TerminalStatus, terminalEventOf } from './turn-states.ts'

/** Why a turn is being stopped; the first cause wins. */
export type StopCause = 'interrupted' | 'timed_out'

/** A turn that has been accepted and has not ended. */
export interface OpenTurn {
  readonly record: TurnRecord
  stop: StopCause | undefined
  /** Fires when it is to be stopped. */
  readonly stopping: AbortController
  deadline: Alarm | undefined
  /** As `performance.now()` has it, which no clock that is set can change. */
  readonly acceptedAt: number
  /** As `acceptedAt`; undefined: it has not started, or an earlier run of the server started it. */
  begunAt: number | undefined
  /** Id of the last assistant message of the main conversation. */
  messageId: string | null
  /** How often the model has been asked for it, as `maxTurns` counts. */
  agenticTurns: number
  /** The model's own id of what it said last. */
  lastSaid: string | undefined
  /** The text of the model's last message that has any. */
  said: string | null
  /** What it was given as more input. */
  steered: SteeredInput[]
  /** What processes that were given up have taken of it; undefined: there was none. */
  before: UsageShare | undefined
  /** Resolves when its end is stored, or when it turned out that it could not be accepted. */
  readonly ended: Promise<void>
  readonly markEnded: () => void
}

export function openTurn(record: TurnRecord): OpenTurn {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    record,
    stop: undefined,
    stopping: new AbortController(),
    deadline: undefined,
    // Of one that an earlier run of the server has accepted only the clock of the wall tells.
    acceptedAt: performance.now() - Math.max(0, Date.now() - record.createdAt),
    begunAt: undefined,
    messageId: null,
    agenticTurns: 0,
    lastSaid: undefined,
    said: null,
    steered: [],
    before: undefined,
    ended: promise,
    markEnded: resolve,
  }
}

/** Lets a turn be stopped when its time is over; 0: never. It may have been stopped while it was being stored. */
export function startDeadline(turn: OpenTurn, timeoutMs: number, stop: () => void): void {
  if (timeoutMs === 0 || turn.stop) return
  turn.deadline = afterDuration(timeoutMs - (performance.now() - turn.acceptedAt), stop)
}

/** The record of what the caller said, as a message of the turn. */
export function toUserMessage(turnId: string, id: string, prompt: Prompt, claudeSessionId: string): NewEvent {
  const message = {
    type: 'user',
    message: { role: 'user', content: prompt },
    parent_tool_use_id: null,
    uuid: id,
    session_id: claudeSessionId,
  }
  return { type: 'message', turnId, payload: { id, source: 'user', message } }
}

type TurnWrite = Required<Pick<Change, 'updateTurn' | 'events'>>

/** What starting the turn writes: its state, and the prompt as the first message of it. */
export function toStart(turn: OpenTurn, claudeSessionId: string, at: number): TurnWrite {
  const { id, prompt } = turn.record
  turn.begunAt = performance.now()
  return {
    updateTurn: { id, status: 'running', startedAt: at },
    events: [
      { type: 'turn.started', turnId: id, payload: { status: 'running', startedAt: toTimestamp(at) } },
      toUserMessage(id, id, prompt, claudeSessionId),
    ],
  }
}

/** What the end of a turn writes. */
export function toEnd(turn: OpenTurn, outcome: TurnOutcome, at: number): TurnWrite {
  const status = outcome.status === 'interrupted' ? (turn.stop ?? 'interrupted') : outcome.status
  return endAs(turn, status, outcome, at)
}

/** What ends a turn that no process worked on. */
export function toEndWithoutOutcome(
  turn: OpenTurn,
  status: TerminalStatus,
  at: number,
  error?: TurnFailure,
): TurnWrite {
  return endAs(turn, status, undefined, at, error)
}

function endAs(
  turn: OpenTurn,
  status: TerminalStatus,
  outcome: TurnOutcome | undefined,
  at: number,
  givenError?: TurnFailure,
): TurnWrite {
  const { id, startedAt } = turn.record
  const error = givenError ?? (outcome?.status === 'failed' ? toTurnError(outcome) : null)
  const stopReason =
    outcome?.status === 'completed'
      ? outcome.stopReason
      : status === 'interrupted'
        ? ('interrupted' as const)
        : null
  // Of one that was lost more may have been spent than was told.
  const { usage, costUsd, modelUsage = null } = outcome ?? asIncomplete(turn.record)
  const figures = { usage, costUsd }
  // A turn that went on in another process may have said all it had to in the first one.
  const response = (turn.before && outcome ? outcome.response || turn.said : outcome?.response) ?? null
  const { notice = null, ending = null } = outcome ?? {}
  const durationMs = measure(turn)
  const payload = {
    status,
    endedAt: toTimestamp(at),
    durationMs: toDuration({ startedAt, endedAt: at, durationMs }),
    ...(status === 'completed' && { response: response ?? '', stopReason, ...figures }),
    ...(status === 'failed' && { response, error, ...figures }),
    ...((status === 'interrupted' || status === 'cancelled') && { response, stopReason, ...figures }),
    ...(status === 'timed_out' && { response, ...figures }),
    ...(status === 'lost' && { error }),
    ...(outcome?.permissionDenials?.length && { permissionDenials: outcome.permissionDenials }),
    ...(outcome?.structuredOutput !== undefined && { structuredOutput: outcome.structuredOutput }),
    ...(notice !== null && { notice }),
    ...(ending && { ending }),
  }
  return {
    updateTurn: {
      id,
      status,
      endedAt: at,
      durationMs,
      response,
      stopReason,
      error,
      messageId: turn.messageId,
      ...figures,
      modelUsage,
      structuredOutput: outcome?.structuredOutput ?? null,
      permissionDenials: outcome?.permissionDenials ?? [],
      notice,
      ending,
    },
    events: [{ type: terminalEventOf[status], turnId: id, payload }],
  }
}

/** Milliseconds that no clock that is set can change; null: an earlier run of the server began to count. */
function measure({ record, begunAt, acceptedAt }: OpenTurn): number | null {
  if (begunAt === undefined && record.startedAt !== null) return null
  return Math.round(performance.now() - (begunAt ?? acceptedAt))
}

/** From start to end in milliseconds; null when the turn did not start or has not ended. */
export function toDuration(turn: Pick<TurnRecord, 'startedAt' | 'endedAt' | 'durationMs'>): number | null {
  const { startedAt, endedAt, durationMs } = turn
  if (startedAt === null || endedAt === null) return null
  return durationMs ?? Math.max(0, endedAt - startedAt)
}

function toTurnError({ failure, unavailable }: Extract<TurnOutcome, { status: 'failed' }>): TurnFailure {
  return {
    code: failureCodeOf(failure.reason, unavailable),
    reason: failure.reason,
    message: failure.message,
    ...(failure.retryAt !== undefined && { retryAt: toTimestamp(failure.retryAt) }),
  }
}
