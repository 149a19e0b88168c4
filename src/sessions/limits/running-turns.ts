import { FairQueue } from '../../lib/fair-queue.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import { counterOf, type LimitedCaller, type LimitLevel, type LimitsOf, levels } from './limits-of.ts'

/** Gives a place back. Idempotent. */
export type Permit = () => void

interface Counter {
  level: LimitLevel
  caller: LimitedCaller
  running: number
  readonly waiting: FairQueue<(permit: Permit | undefined) => void>
  /** Places that other nodes left for turns which are about to be accepted; each has a time. */
  readonly prepared: NodeJS.Timeout[]
}

/** The places of this node, where several have them together: see `SharedPlaces`. */
interface Places {
  held(name: string): number
  want(
    name: string,
    want: { used: number; wanted: number; limit: number },
    refresh: () => void,
  ): Promise<void>
}

const unlimited: Permit = () => {}
const adjusted = Promise.resolve()
/** How long the acceptance of a turn waits for an answer about its place, and then the place for the turn. */
const preparationMs = 250

/**
 * Bounds how many turns of a key and of a tenant run at once; turns beyond that wait. The keys of a tenant are served
 * in turn, and so are the sessions of a key. A turn waits for its key first and then for its tenant, so that keys at
 * their limit hold up no others. Where nodes count together, a place is taken from the store first; fair is then each
 * node by itself.
 */
export class RunningTurns {
  readonly #limitsOf: LimitsOf
  readonly #counters = new Map<string, Counter>()
  readonly #places: Places | undefined
  #isClosed = false

  /** @param places undefined: this server alone counts */
  constructor(limitsOf: LimitsOf, places?: Places) {
    this.#limitsOf = limitsOf
    this.#places = places
  }

  /** To be waited for before `take`: it can only take places that this node has. */
  async prepare(caller: LimitedCaller): Promise<void> {
    const places = this.#places
    if (!places || this.#isClosed) return
    const limits = this.#limitsOf(caller)
    const limited = levels.filter(level => limits[level]?.runningTurns !== undefined)
    await Promise.all(
      limited.map(async level => {
        const counter = this.#counterOf(level, caller)
        // Others would be served before.
        if (counter.waiting.size > 0) return
        const timer = setTimeout(() => {
          counter.prepared.splice(counter.prepared.indexOf(timer), 1)
          this.#adjust(counter)
          this.#forget(counter)
        }, 2 * preparationMs)
        counter.prepared.push(timer.unref())
        await settlesWithin(this.#adjust(counter), preparationMs)
      }),
    )
  }

  /** How many turns of a caller wait, at the level where most do. */
  waitingOf(caller: LimitedCaller): number {
    return Math.max(...levels.map(level => this.#counters.get(nameOf({ level, caller }))?.waiting.size ?? 0))
  }

  /** Takes a place without waiting; undefined: there is none, or others wait already. */
  take(caller: LimitedCaller): Permit | undefined {
    const limits = this.#limitsOf(caller)
    if (!limits.key?.runningTurns && !limits.tenant?.runningTurns) return unlimited
    const held: Permit[] = []
    for (const level of levels) {
      const permit = this.#takeAt(level, caller)
      if (!permit) {
        for (const release of held) release()
        return undefined
      }
      held.push(permit)
    }
    return all(held)
  }

  /** Waits for a place. Resolves to undefined when the signal fires before. */
  async wait(caller: LimitedCaller, sessionId: string, signal: AbortSignal): Promise<Permit | undefined> {
    const held: Permit[] = []
    for (const level of levels) {
      const permit = this.#takeAt(level, caller) ?? (await this.#waitAt(level, caller, sessionId, signal))
      if (!permit) {
        for (const release of held) release()
        return undefined
      }
      held.push(permit)
    }
    return all(held)
  }

  /** Gives no more places; turns that wait are told so. */
  close(): void {
    this.#isClosed = true
    const waiting = [...this.#counters.values()].flatMap(counter => counter.waiting.clear())
    for (const settle of waiting) settle(undefined)
    for (const counter of this.#counters.values()) {
      for (const timer of counter.prepared.splice(0)) clearTimeout(timer)
      this.#adjust(counter)
    }
  }

  #takeAt(level: LimitLevel, caller: LimitedCaller): Permit | undefined {
    const limit = this.#limitsOf(caller)[level]?.runningTurns
    if (limit === undefined) return unlimited
    const counter = this.#counterOf(level, caller)
    if (counter.waiting.size > 0 || !this.#hasPlace(counter, limit)) return undefined
    clearTimeout(counter.prepared.shift())
    return this.#grant(counter)
  }

  #waitAt(
    level: LimitLevel,
    caller: LimitedCaller,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<Permit | undefined> {
    if (signal.aborted || this.#isClosed) return Promise.resolve(undefined)
    const counter = this.#counterOf(level, caller)
    return new Promise(resolve => {
      const settle = (permit: Permit | undefined) => {
        signal.removeEventListener('abort', onAbort)
        resolve(permit)
      }
      const leave = counter.waiting.add([caller.keyId, sessionId], settle)
      const onAbort = () => {
        leave()
        this.#adjust(counter)
        this.#forget(counter)
        settle(undefined)
      }
      signal.addEventListener('abort', onAbort)
      this.#adjust(counter)
    })
  }

  #hasPlace(counter: Counter, limit: number): boolean {
    if (counter.running >= limit) return false
    return (
      !this.#places ||
      limit === Number.POSITIVE_INFINITY ||
      this.#places.held(nameOf(counter)) > counter.running
    )
  }

  /** Wants places for what runs and waits, and gives back the others. */
  #adjust(counter: Counter): Promise<void> {
    const places = this.#places
    if (!places) return adjusted
    const limit = this.#limitOf(counter)
    const { running, waiting, prepared } = counter
    const isLimited = limit !== Number.POSITIVE_INFINITY
    const wanted = Math.max(running, Math.min(limit, running + waiting.size + prepared.length))
    const want = isLimited ? { used: running, wanted, limit } : { used: 0, wanted: 0, limit: 0 }
    return places.want(nameOf(counter), want, () => this.#serve(counter))
  }

  #grant(counter: Counter): Permit {
    counter.running++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      counter.running--
      this.#serve(counter)
    }
  }

  /** Serves by the limit as it is now: it may have been changed or removed. */
  #serve(counter: Counter): void {
    const limit = this.#limitOf(counter)
    while (this.#hasPlace(counter, limit)) {
      const settle = counter.waiting.take()
      if (!settle) break
      settle(this.#grant(counter))
    }
    this.#adjust(counter)
    this.#forget(counter)
  }

  #limitOf({ caller, level }: Counter): number {
    return this.#limitsOf(caller)[level]?.runningTurns ?? Number.POSITIVE_INFINITY
  }

  #counterOf(level: LimitLevel, caller: LimitedCaller): Counter {
    const name = nameOf({ level, caller })
    const { tenantId, keyId } = caller
    const known = this.#counters.get(name)
    const counter = known ?? {
      ...{ level, caller: { tenantId, keyId }, running: 0, waiting: new FairQueue(), prepared: [] },
    }
    this.#counters.set(name, counter)
    return counter
  }

  #forget(counter: Counter): void {
    if (counter.running > 0 || counter.waiting.size > 0 || counter.prepared.length > 0) return
    this.#counters.delete(nameOf(counter))
  }
}

function nameOf({ level, caller }: Pick<Counter, 'level' | 'caller'>): string {
  return `${level} ${counterOf(level, caller)}`
}

function all(permits: readonly Permit[]): Permit {
  return () => {
    for (const release of permits) release()
  }
}
