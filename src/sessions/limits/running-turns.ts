import { FairQueue } from '../../lib/fair-queue.ts'
import { counterOf, type LimitedCaller, type LimitLevel, type LimitsOf, levels } from './limits-of.ts'

/** Gives a place back. Idempotent. */
export type Permit = () => void

interface Counter {
  level: LimitLevel
  caller: LimitedCaller
  running: number
  readonly waiting: FairQueue<(permit: Permit | undefined) => void>
}

const unlimited: Permit = () => {}

/**
 * Bounds how many turns of a key and of a tenant run at once; turns beyond that wait. The keys of a tenant are served
 * in turn, and so are the sessions of a key. A turn waits for its key first and then for its tenant, so that keys at
 * their limit hold up no others.
 */
export class RunningTurns {
  readonly #limitsOf: LimitsOf
  readonly #counters = new Map<string, Counter>()
  #isClosed = false

  constructor(limitsOf: LimitsOf) {
    this.#limitsOf = limitsOf
  }

  /** How many turns of a caller wait, at the level where most do. */
  waitingOf(caller: LimitedCaller): number {
    return Math.max(
      ...levels.map(level => this.#counters.get(`${level} ${counterOf(level, caller)}`)?.waiting.size ?? 0),
    )
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
  }

  #takeAt(level: LimitLevel, caller: LimitedCaller): Permit | undefined {
    const limit = this.#limitsOf(caller)[level]?.runningTurns
    if (limit === undefined) return unlimited
    const counter = this.#counterOf(level, caller)
    if (counter.running >= limit || counter.waiting.size > 0) return undefined
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
        this.#forget(counter)
        settle(undefined)
      }
      signal.addEventListener('abort', onAbort)
    })
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
    const limit = this.#limitsOf(counter.caller)[counter.level]?.runningTurns ?? Number.POSITIVE_INFINITY
    while (counter.running < limit) {
      const settle = counter.waiting.take()
      if (!settle) break
      settle(this.#grant(counter))
    }
    this.#forget(counter)
  }

  #counterOf(level: LimitLevel, caller: LimitedCaller): Counter {
    const name = `${level} ${counterOf(level, caller)}`
    const { tenantId, keyId } = caller
    const known = this.#counters.get(name)
    const counter = known ?? { level, caller: { tenantId, keyId }, running: 0, waiting: new FairQueue() }
    this.#counters.set(name, counter)
    return counter
  }

  #forget(counter: Counter): void {
    if (counter.running > 0 || counter.waiting.size > 0) return
    this.#counters.delete(`${counter.level} ${counterOf(counter.level, counter.caller)}`)
  }
}

function all(permits: readonly Permit[]): Permit {
  return () => {
    for (const release of permits) release()
  }
}
