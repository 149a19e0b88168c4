import { ServiceError } from '../contract/errors.ts'
import type { SendMessageResponse } from '../contract/messages.ts'
import { failureCodeOf } from '../contract/retry.ts'
import type { TurnRecord } from '../sessions/records.ts'
import { toDuration } from '../sessions/turns/turn-changes.ts'
import { toFindings } from './wire.ts'

/**
 * Returns the response to the caller of an ended turn, for all ways of waiting.
 *
 * @throws ServiceError if the turn has no answer
 */
export function toAnswer(turn: TurnRecord, claudeSessionId: string): SendMessageResponse {
  if (turn.status !== 'completed' && turn.status !== 'interrupted') throw toFailure(turn)
  return {
    messageId: turn.messageId,
    response: turn.response ?? '',
    sessionId: claudeSessionId,
    claudeSessionId,
    turnId: turn.id,
    stopReason: turn.stopReason ?? (turn.status === 'completed' ? 'end_turn' : 'interrupted'),
    usage: turn.usage,
    costUsd: turn.costUsd,
    durationMs: toDuration(turn) ?? 0,
    ...toFindings(turn),
  }
}

/** The 408 of a turn, possibly before the turn has ended. */
export function timedOut({ id, timeoutMs }: TurnRecord): ServiceError<'REQUEST_TIMEOUT'> {
  return new ServiceError('REQUEST_TIMEOUT', `The turn did not finish within ${timeoutMs} ms`, {
    turnId: id,
    timeout: timeoutMs,
  })
}

function toFailure(turn: TurnRecord): ServiceError {
  const { id: turnId, status, error } = turn
  if (status === 'timed_out' || endedByTimeoutInQueue(turn)) return timedOut(turn)
  if (status === 'cancelled') {
    const message = 'The turn was cancelled before it started'
    return new ServiceError('MESSAGE_SEND_FAILED', message, { turnId, reason: 'cancelled' })
  }
  if (status === 'lost') {
    const message = error?.message ?? 'The server ended while the turn ran; its outcome is unknown'
    return new ServiceError('MESSAGE_SEND_FAILED', message, { turnId, reason: 'lost' })
  }
  const reason = error?.reason ?? 'unknown'
  const message = error?.message ?? 'The turn failed'
  // Derived from the reason, because rows of earlier versions have only the general code.
  const code = failureCodeOf(reason, error?.code === 'AGENT_UNAVAILABLE')
  return new ServiceError(code, message, {
    turnId,
    reason,
    ...(error?.retryAt && { retryAt: error.retryAt }),
  })
}

/** Whether the turn timed out. A turn that never ran is cancelled when its time is over, not `timed_out`. */
function endedByTimeoutInQueue({ status, timeoutMs, createdAt, endedAt, durationMs }: TurnRecord): boolean {
  if (status !== 'cancelled' || timeoutMs === 0 || endedAt === null) return false
  return (durationMs ?? endedAt - createdAt) >= timeoutMs
}
