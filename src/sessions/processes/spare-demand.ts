import { isDeepStrictEqual } from 'node:util'
import type { SpareSpec } from './spare-process.ts'

/**
 * Sessions that come within this time of each other each need a spare process of their own: from the first of them
 * it takes a quiet second and the start of a process until there is another.
 */
const windowMs = 2_000
/** How long the largest number of arrivals counts in full; then half of it is forgotten in each such time. */
const memoryMs = 60_000
/** More kinds of sessions than these are not told apart: the one that came least recently is forgotten. */
const maxKinds = 16

interface Kind {
  spec: SpareSpec
  /** Of the last minute. */
  arrivals: number[]
  peak: number
  peakAt: number
}

/**
 * How many spare processes recent sessions would have needed. Of each kind of session that has come back within a
 * minute, as many as came at once; of the kind that came last at least one, for as long as a process may be idle.
 * Times are in milliseconds.
 */
export class SpareDemand {
  readonly #keepMs: number
  /** The one that came last is the last. */
  #kinds: Kind[] = []
  #keepUntil = 0

  /** @param keepMs how long one process is kept for the kind of session that came last */
  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  /** A first session of that kind is expected, whenever it comes. */
  expect(spec: SpareSpec): void {
    this.#touch(spec)
    this.#keepUntil = Number.POSITIVE_INFINITY
  }

  /** A session has come that a process of that kind is right for. */
  note(spec: SpareSpec, now: number): void {
    const kind = this.#touch(spec)
    this.#keepUntil = now + this.#keepMs
    kind.arrivals = [...kind.arrivals.filter(at => now - at <= memoryMs), now]
    const atOnce = kind.arrivals.filter(at => now - at <= windowMs).length
    if (kind.arrivals.length < 2 || atOnce < levelOf(kind, now)) return
    kind.peak = atOnce
    kind.peakAt = now
  }

  /** How many processes of that kind are wanted. */
  count(spec: SpareSpec, now: number): number {
    return this.wanted(now).find(kind => isDeepStrictEqual(kind.spec, spec))?.count ?? 0
  }

  /** The kinds of which processes are wanted, the one that came last first. */
  wanted(now: number): { spec: SpareSpec; count: number }[] {
    const last = this.#kinds.at(-1)
    return this.#kinds
      .map(kind => ({
        spec: kind.spec,
        count: Math.max(Math.round(levelOf(kind, now)), kind === last && now < this.#keepUntil ? 1 : 0),
      }))
      .filter(({ count }) => count > 0)
      .reverse()
  }

  #touch(spec: SpareSpec): Kind {
    const known = this.#kinds.find(kind => isDeepStrictEqual(kind.spec, spec))
    const kind = known ?? { spec, arrivals: [], peak: 0, peakAt: 0 }
    this.#kinds = [...this.#kinds.filter(other => other !== kind), kind].slice(-maxKinds)
    return kind
  }
}

function levelOf({ peak, peakAt }: Kind, now: number): number {
  return peak * 0.5 ** Math.max(0, (now - peakAt - memoryMs) / memoryMs)
}
