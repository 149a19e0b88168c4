import { toTimestamp } from '../../contract/primitives.ts'
import { failureCodeOf } from '../../contract/retry.ts'
import type { TurnFailure } from '../../contract/turns.ts'
import { toPromptMessage } from '../log/server-messages.ts'
import type { Change, TurnOutcome } from '../ports/index.ts'
import type { NewEvent, TurnRecord } from '../records.ts'
import { type OpenTurn, type TerminalStatus, terminalEventOf } from './turn.ts'
import { asIncomplete, figuresOf } from './turn-figures.ts'
import { entriesOfTurn } from './usage-entries.ts'

type TurnWrite = Required<Pick<Change, 'updateTurn' | 'events'>> & Pick<Change, 'usage'>

/** The start of a turn: its status, and the prompt as its first message. */
export function toStart(turn: OpenTurn, claudeSessionId: string, at: number): TurnWrite {
  const { id, prompt } = turn.record
  turn.advance('running')
  turn.begunAt = performance.now()
  turn.record.startedAt = at
  return {
    updateTurn: { id, status: 'running', startedAt: at },
    events: [
      { type: 'turn.started', turnId: id, payload: { status: 'running', startedAt: toTimestamp(at) } },
      toPromptMessage(id, id, prompt, claudeSessionId),
    ],
  }
}

/** The end of a turn that a process worked on. */
export function toEnd(turn: OpenTurn, outcome: TurnOutcome, at: number): TurnWrite {
  const status = outcome.status === 'interrupted' ? (turn.stop ?? 'interrupted') : outcome.status
  return endAs(turn, status, outcome, at)
}

/** The end of a turn without a process that could tell its outcome. */
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
  turn.advance(status)
  const error = givenError ?? (outcome?.status === 'failed' ? toTurnError(outcome) : null)
  const stopReason =
    outcome?.status === 'completed'
      ? outcome.stopReason
      : status === 'interrupted'
        ? ('interrupted' as const)
        : null
  // A lost turn may have cost more than was last reported.
  const { usage, costUsd, modelUsage = null } = outcome ?? asIncomplete(turn.record)
  const figures = { usage, costUsd }
  const booked = figuresOf(turn.record)
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
  const updateTurn = {
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
  }
  Object.assign(turn.record, updateTurn)
  // The status decides on both, the type and the fields.
  const end = { type: terminalEventOf[status], turnId: id, payload } as NewEvent
  if (startedAt === null) return { updateTurn, events: [end] }
  const activeMs = toDuration(turn.record) ?? 0
  const share = { usage, costUsd, modelUsage }
  const entries = entriesOfTurn(turn.record.createdBy, share, booked, { at, activeMs })
  return { updateTurn, events: [end], usage: entries }
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
