import type { RequestHandler, Response } from 'express'
import { SlidingWindows } from '../lib/sliding-window.ts'
import {
  counterOf,
  type LimitLevel,
  type LimitsOf,
  levels,
  limitReached,
} from '../sessions/limits/limits-of.ts'
import type { SharedCounters } from '../sessions/limits/shared-counters.ts'
import type { Caller } from '../sessions/records.ts'
import { contextOf } from './request-context.ts'

const windowMs = 60_000

interface Count {
  level: LimitLevel
  limit: number
  /** After this request. */
  left: number
  /** The time until there is one left; of interest where there is none. */
  freesInMs: number
}

/**
 * Counts the requests of keys and tenants that have the limit `requestsPerMinute`, and says in the headers `RateLimit`
 * and `RateLimit-Policy` how many are left, beside the limit of the server.
 *
 * @param shared counts over all nodes; left out: this server is alone
 */
export function limitCallers(limitsOf: LimitsOf, shared?: SharedCounters): RequestHandler {
  const count = shared ? countOverNodes(limitsOf, shared) : countAlone(limitsOf)
  return (_req, res, next) => {
    const { identity } = contextOf(res)
    if (identity.kind !== 'known') return next()
    const counted = count(identity.caller)
    // A server alone does not wait.
    if (!(counted instanceof Promise)) return admit(res, counted, next)
    return counted.then(found => admit(res, found, next))
  }
}

interface Counted {
  counts: Count[]
  /** The one that refuses the request. */
  full: (Count & { used: number }) | undefined
}

function admit(res: Response, { counts, full }: Counted, next: () => void): void {
  for (const { level, limit, left, freesInMs } of counts) {
    const seconds = Math.max(1, Math.ceil((left > 0 ? windowMs : freesInMs) / 1000))
    const name = `"${level}-requests-per-minute"`
    res.appendHeader('RateLimit-Policy', `${name};q=${limit};w=${windowMs / 1000}`)
    res.appendHeader('RateLimit', `${name};r=${left};t=${seconds}`)
  }
  if (full) {
    const { level, limit, used, freesInMs } = full
    throw limitReached({ name: 'requestsPerMinute', level, limit, used, freesAt: Date.now() + freesInMs })
  }
  next()
}

function countAlone(limitsOf: LimitsOf): (caller: Caller) => Counted {
  const windows = new SlidingWindows(windowMs)
  return caller => {
    const limits = limitsOf(caller)
    const now = performance.now()
    const counted = levels.flatMap(level => {
      const limit = limits[level]?.requestsPerMinute
      if (limit === undefined) return []
      const window = windows.of(`${level} ${counterOf(level, caller)}`)
      return [{ level, limit, window, used: window.count(now) }]
    })
    const isFull = counted.some(({ used, limit }) => used >= limit)
    // A request that one level refuses does not count for the other.
    if (!isFull) for (const { window } of counted) window.add(now)
    const counts = counted.map(({ level, limit, window, used }) => {
      const left = Math.max(0, limit - used - (isFull ? 0 : 1))
      return { level, limit, used, left, freesInMs: left > 0 ? 0 : window.freesIn(limit, now) }
    })
    return { counts, full: counts.find(({ used, limit }) => isFull && used >= limit) }
  }
}

function countOverNodes(limitsOf: LimitsOf, shared: SharedCounters): (caller: Caller) => Promise<Counted> {
  return async caller => {
    const limits = limitsOf(caller)
    const counts: Count[] = []
    const undos: (() => void)[] = []
    for (const level of levels) {
      const limit = limits[level]?.requestsPerMinute
      if (limit === undefined) continue
      const name = `caller requests ${level} ${counterOf(level, caller)}`
      const { granted, left, freesInMs, undo } = await shared.take(name, windowMs, limit)
      const count = { level, limit, left, freesInMs }
      counts.push(count)
      undos.push(undo)
      if (granted) continue
      // A request that one level refuses does not count for the other.
      for (const one of undos) one()
      return { counts, full: { ...count, used: limit } }
    }
    return { counts, full: undefined }
  }
}
