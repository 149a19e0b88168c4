import type { RequestHandler } from 'express'
import { SlidingWindows } from '../lib/sliding-window.ts'
import { counterOf, type LimitsOf, levels, limitReached } from '../sessions/limits/limits-of.ts'
import { contextOf } from './request-context.ts'

const windowMs = 60_000

/**
 * Counts the requests of keys and tenants that have the limit `requestsPerMinute`, and says in the headers `RateLimit`
 * and `RateLimit-Policy` how many are left, beside the limit of the server.
 */
export function limitCallers(limitsOf: LimitsOf): RequestHandler {
  const windows = new SlidingWindows(windowMs)
  return (_req, res, next) => {
    const { identity } = contextOf(res)
    if (identity.kind !== 'known') return next()
    const { caller } = identity
    const limits = limitsOf(caller)
    const now = performance.now()
    for (const level of levels) {
      const limit = limits[level]?.requestsPerMinute
      if (limit === undefined) continue
      const window = windows.of(`${level} ${counterOf(level, caller)}`)
      const used = window.count(now)
      const isFull = used >= limit
      if (!isFull) window.add(now)
      const left = Math.max(0, limit - used - 1)
      const freesInMs = left > 0 ? windowMs : window.freesIn(limit, now)
      const name = `"${level}-requests-per-minute"`
      res.appendHeader('RateLimit-Policy', `${name};q=${limit};w=${windowMs / 1000}`)
      res.appendHeader('RateLimit', `${name};r=${left};t=${Math.max(1, Math.ceil(freesInMs / 1000))}`)
      if (isFull) {
        const freesAt = Date.now() + freesInMs
        throw limitReached({ name: 'requestsPerMinute', level, limit, used, freesAt })
      }
    }
    next()
  }
}
