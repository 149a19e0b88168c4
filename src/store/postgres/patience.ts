import { setTimeout as pause } from 'node:timers/promises'
import { ServiceError } from '../../contract/errors.ts'
import { isConnectionError } from './driver.ts'
import { withValidPlans } from './statements.ts'

/** How long a request waits for a database that is away, in milliseconds. */
export const patienceMs = 15_000
/** How long an open stream does, which has no status code to answer with any more. */
export const streamPatienceMs = 600_000
const firstPauseMs = 50
const longestPauseMs = 1_000

/**
 * Tries again while the database cannot be reached; only for what may be done twice.
 * @throws ServiceError STORE_UNAVAILABLE when it stays away
 */
export async function insist<T>(attempt: () => Promise<T>, waitMs = patienceMs): Promise<T> {
  const deadline = performance.now() + waitMs
  for (const delay of pauses()) {
    try {
      return await withValidPlans(attempt)
    } catch (error) {
      if (!isConnectionError(error)) throw error
      if (performance.now() + delay > deadline) throw unavailable(error)
      await pause(delay)
    }
  }
  throw unavailable()
}

/** Longer and longer, without end. */
export function* pauses(): Generator<number> {
  for (let delay = firstPauseMs; ; delay = Math.min(2 * delay, longestPauseMs)) yield delay
}

export function unavailable(cause?: unknown): ServiceError<'STORE_UNAVAILABLE'> {
  const error = new ServiceError('STORE_UNAVAILABLE', 'The database cannot be reached')
  error.cause = cause
  return error
}
