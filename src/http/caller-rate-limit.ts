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
    const counted = levels.flatMap(level => {
      const limit = limits[level]?.requestsPerMinute
      if (limit === undefined) return []
      const window = windows.of(`${level} ${counterOf(level, caller)}`)
      return [{ level, limit, window, used: window.count(now) }]
    })
    const full = counted.find(({ used, limit }) => used >= limit)
    // A request that one level refuses does not count for the other.
    if (!full) for (const { window } of counted) window.add(now)
    for (const { level, limit, window, used } of counted) {
      const left = Math.max(0, limit - used - (full ? 0 : 1))
      const freesInMs = left > 0 ? windowMs : window.freesIn(limit, now)
      const name = `"${level}-requests-per-minute"`
      res.appendHeader('RateLimit-Policy', `${name};q=${limit};w=${windowMs / 1000}`)
      res.appendHeader('RateLimit', `${name};r=${left};t=${Math.max(1, Math.ceil(freesInMs / 1000))}`)
    }
    if (full) {
      const { level, limit, window, used } = full
      const freesAt = Date.now() + window.freesIn(limit, now)
      throw limitReached({ name: 'requestsPerMinute', level, limit, used, freesAt })
    }
    next()
  }
}
