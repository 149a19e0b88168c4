import type { Logger } from 'pino'
import type { TurnRecord } from '../sessions/records.ts'

/** Logs the end of a turn, so that a failed one can be understood from the log alone. */
export function logTurn(log: Pick<Logger, 'info' | 'warn'>, turn: TurnRecord): void {
  const { id, sessionId, createdBy, status, error, stopReason, durationMs, costUsd, usage } = turn
  const level = status === 'failed' || status === 'lost' ? 'warn' : 'info'
  const fields = {
    sessionId,
    turnId: id,
    keyId: createdBy,
    outcome: status,
    ...(error && { reason: error.reason, errorCode: error.code, error: error.message }),
    ...(stopReason !== null && { stopReason }),
    ...(durationMs !== null && { durationMs }),
    ...(costUsd !== null && { costUsd }),
    ...(usage && { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
  }
  log[level](fields, 'turn ended')
}
