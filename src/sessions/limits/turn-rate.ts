import { SlidingWindows } from '../../lib/sliding-window.ts'
import type { UsageLedger } from '../ports/index.ts'
import {
  counterOf,
  type LimitedCaller,
  type LimitLevel,
  type LimitsOf,
  levels,
  limitReached,
} from './limits-of.ts'
import type { SharedCounters } from './shared-counters.ts'

const hourMs = 60 * 60 * 1000

/**
 * Counts the prompts that limited callers have sent within an hour. The turns of a previous run of the server are read
 * from the store when a caller sends its first prompt; from then on they are counted here, or by all nodes together.
 */
export class TurnRate {
  readonly #limitsOf: LimitsOf
  readonly #ledger: Pick<UsageLedger, 'countAccepted'>
  readonly #windows = new SlidingWindows(hourMs)
  readonly #loading = new Map<string, Promise<void>>()
  readonly #shared: SharedCounters | undefined

  /** @param shared undefined: this server alone counts */
  constructor(limitsOf: LimitsOf, ledger: Pick<UsageLedger, 'countAccepted'>, shared?: SharedCounters) {
    this.#shared = shared
    this.#limitsOf = limitsOf
    this.#ledger = ledger
  }

  /** To be waited for before `take`. */
  async prepare(caller: LimitedCaller): Promise<void> {
    if (this.#shared) return
    const limits = this.#limitsOf(caller)
    for (const level of levels) {
      const counter = counterOf(level, caller)
      if (limits[level]?.turnsPerHour === undefined || this.#windows.has(counter)) continue
      const keyId = level === 'key' ? caller.keyId : undefined
      const loading =
        this.#loading.get(counter) ??
        this.#load(counter, caller.tenantId, keyId).finally(() => this.#loading.delete(counter))
      this.#loading.set(counter, loading)
      await loading
    }
  }

  /**
   * Counts a prompt, before the first wait of whatever accepts it: so no two can take the last place.
   * @returns takes it back; a promise of it only where nodes count together
   * @throws ServiceError CALLER_LIMIT_REACHED
   */
  take(caller: LimitedCaller): (() => void) | Promise<() => void> {
    if (this.#shared) return this.#takeOfAll(caller, this.#shared)
    const limits = this.#limitsOf(caller)
    const now = performance.now()
    const counted = levels.filter(level => limits[level]?.turnsPerHour !== undefined)
    // A prompt that is not counted is in the store alone, where the next limit finds it.
    for (const level of levels) if (!counted.includes(level)) this.#windows.forget(counterOf(level, caller))
    for (const level of counted) {
      const limit = limits[level]?.turnsPerHour ?? 0
      const window = this.#windows.of(counterOf(level, caller))
      const used = window.count(now)
      if (used < limit) continue
      const freesAt = Date.now() + window.freesIn(limit, now)
      throw limitReached({ name: 'turnsPerHour', level, limit, used, freesAt })
    }
    for (const level of counted) this.#windows.of(counterOf(level, caller)).add(now)
    return () => {
      for (const level of counted) this.#windows.of(counterOf(level, caller)).undo(now)
    }
  }

  async #takeOfAll(caller: LimitedCaller, shared: SharedCounters): Promise<() => void> {
    const limits = this.#limitsOf(caller)
    const undos: (() => void)[] = []
    const undo = () => {
      for (const one of undos) one()
    }
    for (const level of levels) {
      const limit = limits[level]?.turnsPerHour
      const name = `turns ${level} ${counterOf(level, caller)}`
      // As without nodes: the next limit finds in the store what is not counted now.
      if (limit === undefined) {
        shared.forget(name, hourMs)
        continue
      }
      const history = () => this.#readHistory(level, caller)
      const { granted, left, freesInMs, ...use } = await shared.take(name, hourMs, limit, {
        ...{ ahead: false, history },
      })
      if (!granted) {
        undo()
        const freesAt = Date.now() + freesInMs
        throw limitReached({ name: 'turnsPerHour', level, limit, used: limit - left, freesAt })
      }
      undos.push(use.undo)
    }
    return undo
  }

  async #readHistory(level: LimitLevel, { tenantId, keyId }: LimitedCaller) {
    const clock = Date.now()
    const ofKey = level === 'key' ? keyId : undefined
    const found = await this.#ledger.countAccepted(tenantId, ofKey, clock - hourMs)
    return found.map(({ at, count }) => ({ ageMs: clock - at, count }))
  }

  async #load(counter: string, tenantId: string, keyId: string | undefined): Promise<void> {
    const found = await this.#ledger.countAccepted(tenantId, keyId, Date.now() - hourMs)
    const window = this.#windows.of(counter)
    const [now, clock] = [performance.now(), Date.now()]
    // A clock that was set back: they were accepted now at the latest.
    for (const { at, count } of found) window.add(now - Math.max(0, clock - at), count)
  }
}
