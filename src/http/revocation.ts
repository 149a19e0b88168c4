import type { Response } from 'express'
import { ServiceError } from '../contract/errors.ts'
import { contextOf } from './request-context.ts'

/** How long a stream may outlive its key, in milliseconds. */
const periodMs = 500

/** The body may have arrived slowly, and the key been revoked meanwhile. */
export function refuseRevoked(res: Response): void {
  const { identity } = contextOf(res)
  if (identity.kind === 'known' && !identity.isValid()) throw keyNoLongerValid()
}

export function keyNoLongerValid(): ServiceError<'INVALID_API_KEY'> {
  return new ServiceError('INVALID_API_KEY', 'The API key is no longer valid')
}

/**
 * Ends responses whose key is no longer valid: streams with their last event, waits with `INVALID_API_KEY`.
 *
 * @param open the unfinished responses
 * @returns a function that stops watching
 */
export function endRevoked(open: ReadonlySet<Response>): () => void {
  const timer = setInterval(() => {
    for (const res of open) {
      const context = contextOf(res)
      const { identity } = context
      if (identity.kind === 'known' && !identity.isValid()) {
        context.callOff(keyNoLongerValid())
      }
    }
  }, periodMs)
  timer.unref()
  return () => clearInterval(timer)
}
