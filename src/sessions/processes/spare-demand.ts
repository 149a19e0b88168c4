import { isDeepStrictEqual } from 'node:util'
import type { SpareSpec } from './spare-process.ts'

/**
 * Sessions that come within this time of each other each need a spare process of their own: from the first of them
 * it takes a quiet second and the start of a process until there is another.
 */
const windowMs = 2_000
/** How long the largest number of arrivals counts in full; after that it halves in each such period. */
const memoryMs = 60_000
/** Beyond this number of kinds, the one whose last session is longest ago is forgotten. */
const maxKinds = 16

interface Kind {
  spec: SpareSpec
  /** Of the last minute. */
  arrivals: number[]
  peak: number
  peakAt: number
}

/**
 * Computes how many spare processes recent sessions would have needed: for each kind of session that was created
 * again within a minute, as many as were created at once; for the kind of the newest session at least one, for as
 * long as a process may be idle. Times are in milliseconds.
 */
export class SpareDemand {
  readonly #keepMs: number
  /** Ordered by their last session, the newest last. */
  #kinds: Kind[] = []
  #keepUntil = 0

  /** @param keepMs how long one process is kept for the kind of the newest session */
  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  /** Asks for one process of that kind until the first session comes. */
  expect(spec: SpareSpec): void {
    this.#touch(spec)
    this.#keepUntil = Number.POSITIVE_INFINITY
  }

  /** Counts a new session of that kind. */
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

  /** The kinds of which processes are wanted, that of the newest session first. */
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
