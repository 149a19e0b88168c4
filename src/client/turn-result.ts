import { ApiError } from './errors.ts'
import type { Turn } from './generated-api.ts'

/**
 * Returns the turn if it has an answer, also one that an interrupt has cut short.
 *
 * @throws ApiError if the turn failed
 */
export function toAnswered(turn: Turn): Turn {
  const { turnId, status, error } = turn
  if (status === 'completed' || status === 'interrupted') return turn
  if (error) {
    const { code, message, reason, retryable, retry, retryAt } = error
    const retryAfterMs = retryAt === undefined ? undefined : Math.max(0, Date.parse(retryAt) - Date.now())
    const details = { turnId, reason, ...(retryAt !== undefined && { retryAt }) }
    throw new ApiError(message, { code, status: null, details, retryable, retry, retryAfterMs })
  }
  if (status === 'timed_out') throw failure('REQUEST_TIMEOUT', 'The turn timed out', { turnId })
  if (status === 'cancelled') {
    const message = 'The turn was cancelled before it started'
    throw failure('MESSAGE_SEND_FAILED', message, { turnId, reason: 'cancelled' })
  }
  throw failure('MESSAGE_SEND_FAILED', `The turn is ${status}`, { turnId, reason: 'unknown' })
}

function failure(code: ApiError['code'], message: string, details: Record<string, unknown>): ApiError {
  return new ApiError(message, { code, status: null, details, retryable: true, retry: 'new_key' })
}
