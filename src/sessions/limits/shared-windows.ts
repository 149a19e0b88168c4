import type { Log } from '../../lib/log.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import { SlidingWindows } from '../../lib/sliding-window.ts'
import type { RateWindowStore, WindowGrant } from '../ports/index.ts'
import { Allowance } from './allowance.ts'
import type { CountedUse, CounterOptions, SharedCounters } from './shared-counters.ts'

/** How long a use waits for the store. */
const patienceMs = 250
/** How long uses are refused without asking again: other nodes may give something back. */
const refusalMs = 200
/** How often a store that does not answer is asked again, and how long for. */
const probeMs = 1_000
const probePatienceMs = 5_000
const closingMs = 1_000
/** As many as a node alone remembers. */
const mostCounters = 100_000

type Settle = (use: CountedUse | undefined) => void

interface Counter {
  readonly name: string
  readonly windowMs: number
  readonly allowance: Allowance
  readonly waiting: Set<Settle>
  /** Of the whole limit, by the last answer. */
  left: number
  refusedUntil: number
  freesAt: number
  hasBegun: boolean
  /** The request that is under way; undefined: none, or it is not waited for any more. */
  asking: object | undefined
  timer: NodeJS.Timeout | undefined
}

/**
 * Counts over all nodes, by the store. A node asks it once for many uses: it takes a part ahead, which counts as used,
 * and gives back what it has not used before the step of the window is over. When the store does not answer in time, the
 * node counts alone until it does.
 */
export class SharedWindows implements SharedCounters {
  readonly #store: () => RateWindowStore | undefined
  readonly #log: Pick<Log, 'warn'>
  readonly #counters = new Map<string, Counter>()
  /** The uses of this node, by the length of the window. */
  readonly #own = new Map<number, SlidingWindows>()
  #isAway = false
  #isProbing = false
  #isClosed = false
  #probesAt = 0

  /** @param store undefined: it is not open */
  constructor(store: () => RateWindowStore | undefined, log: Pick<Log, 'warn'>) {
    this.#store = store
    this.#log = log
  }

  async take(
    name: string,
    windowMs: number,
    limit: number,
    options: CounterOptions = {},
  ): Promise<CountedUse> {
    const store = this.#isClosed ? undefined : this.#store()
    if (!store) return this.#takeAlone(name, windowMs, limit)
    const counter = this.#find(name, windowMs)
    const now = performance.now()
    if (this.#isAway) {
      if (!this.#isProbing && now >= this.#probesAt) void this.#probe(store, counter, limit)
      return this.#takeAlone(name, windowMs, limit)
    }
    if (counter.waiting.size === 0) {
      if (counter.allowance.use(now)) return this.#granted(counter, limit)
      if (now < counter.refusedUntil) return refused(counter.freesAt - now)
    }
    const use = await this.#wait(store, counter, limit, options)
    return use ?? this.#takeAlone(name, windowMs, limit)
  }

  forget(name: string, windowMs: number): void {
    const id = toId(name, windowMs)
    if (!this.#counters.delete(id)) return
    this.#own.get(windowMs)?.forget(name)
    this.#store()
      ?.forget(id)
      .catch(error => this.#noteAway(error))
  }

  /** Gives back what was taken ahead. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    const given = [...this.#counters.values()].map(counter => this.#giveBack(counter))
    this.#counters.clear()
    await settlesWithin(Promise.all(given), closingMs)
  }

  /** @returns undefined when the store does not answer in time */
  #wait(
    store: RateWindowStore,
    counter: Counter,
    limit: number,
    options: CounterOptions,
  ): Promise<CountedUse | undefined> {
    return new Promise(resolve => {
      // An answer that has come already, while the node was busy, is read before the immediate.
      const late = setTimeout(() => setImmediate(() => this.#giveUp(counter, settle)), patienceMs)
      const settle: Settle = use => {
        clearTimeout(late)
        counter.waiting.delete(settle)
        resolve(use)
      }
      counter.waiting.add(settle)
      if (!counter.asking) void this.#ask(store, counter, limit, options)
    })
  }

  async #ask(
    store: RateWindowStore,
    counter: Counter,
    limit: number,
    { ahead = true, history }: CounterOptions,
  ): Promise<void> {
    const { allowance } = counter
    const counts = toId(counter.name, counter.windowMs)
    const request = {}
    counter.asking = request
    try {
      if (!counter.hasBegun && history) await store.begin(counts, counter.windowMs, await history())
      counter.hasBegun = true
      // Those that come while the store is asked wait for the next answer.
      while (counter.waiting.size > 0 && counter.asking === request) {
        const askedAt = performance.now()
        const spare = ahead ? Math.min(allowance.nextAhead(askedAt), limit) : 0
        const needed = counter.waiting.size
        const grant = await store.request({
          ...{ counter: counts, windowMs: counter.windowMs, limit, needed, spare },
        })
        if (counter.asking === request) this.#serve(counter, grant, askedAt, limit)
        else if (grant.granted > 0) await store.giveBack(counts, grant.step, grant.granted)
      }
    } catch (error) {
      if (counter.asking === request) this.#noteAway(error)
    } finally {
      if (counter.asking === request) {
        counter.asking = undefined
        settleAll(counter, undefined)
      }
    }
  }

  #serve(counter: Counter, grant: WindowGrant, askedAt: number, limit: number): void {
    const { granted, step, left, stepEndsInMs, freesInMs } = grant
    const now = performance.now()
    // Some may have been returned since the store was asked.
    void this.#giveBack(counter)
    const served = [...counter.waiting].slice(0, granted)
    counter.left = left
    counter.freesAt = now + freesInMs
    counter.allowance.grant(step, granted, served.length, askedAt, stepEndsInMs)
    for (const settle of served) settle(this.#granted(counter, limit))
    if (left === 0 && counter.waiting.size > 0) {
      counter.refusedUntil = now + Math.min(freesInMs, refusalMs)
      settleAll(counter, refused(freesInMs))
    }
    this.#watch(counter)
  }

  #granted(counter: Counter, limit: number): CountedUse {
    const { name, windowMs, allowance } = counter
    const now = performance.now()
    const { step } = allowance
    const left = Math.min(counter.left + allowance.left(now), limit - 1)
    this.#ownOf(windowMs).of(name).add(now)
    const undo = () => {
      this.#ownOf(windowMs).of(name).undo(now)
      if (allowance.return(step, performance.now())) return this.#watch(counter)
      this.#return(counter, step, 1)
    }
    return { granted: true, left, freesInMs: left > 0 ? 0 : Math.max(0, counter.freesAt - now), undo }
  }

  /** The window of this node alone. */
  #takeAlone(name: string, windowMs: number, limit: number): CountedUse {
    const window = this.#ownOf(windowMs).of(name)
    const now = performance.now()
    const used = window.count(now)
    if (used >= limit) return refused(window.freesIn(limit, now))
    window.add(now)
    const left = limit - used - 1
    return { granted: true, left, freesInMs: window.freesIn(limit, now), undo: () => window.undo(now) }
  }

  /** Gives back what is left when it lapses. */
  #watch(counter: Counter): void {
    const { allowance } = counter
    if (counter.timer || allowance.isEmpty) return
    const lapsesInMs = Math.max(0, allowance.lapsesAt - performance.now())
    counter.timer = setTimeout(() => void this.#giveBack(counter), lapsesInMs)
    counter.timer.unref()
  }

  async #giveBack(counter: Counter): Promise<void> {
    clearTimeout(counter.timer)
    counter.timer = undefined
    const { step } = counter.allowance
    const left = counter.allowance.empty()
    if (left > 0) await this.#return(counter, step, left)
  }

  /** After a failure the places count as used until their window is over. */
  async #return({ name, windowMs }: Counter, step: number, count: number): Promise<void> {
    await this.#store()
      ?.giveBack(toId(name, windowMs), step, count)
      .catch(() => undefined)
  }

  #giveUp(counter: Counter, settle: Settle): void {
    if (!counter.waiting.has(settle)) return
    this.#noteAway(undefined)
    // Its answer is not waited for any more; what it grants is given back.
    counter.asking = undefined
    settleAll(counter, undefined)
  }

  #noteAway(error: unknown): void {
    this.#probesAt = performance.now() + probeMs
    if (this.#isAway || this.#isClosed) return
    this.#isAway = true
    this.#log.warn({ err: error, patienceMs }, 'shared limits unavailable; this node counts alone')
  }

  /** Asks for nothing, to learn whether the store answers again. */
  async #probe(store: RateWindowStore, { name, windowMs }: Counter, limit: number): Promise<void> {
    this.#isProbing = true
    const asked = store.request({ counter: toId(name, windowMs), windowMs, limit, needed: 0, spare: 0 })
    const isBack = await settlesWithin(asked, probePatienceMs).catch(() => false)
    this.#isProbing = false
    this.#probesAt = performance.now() + probeMs
    if (!isBack) return
    this.#isAway = false
    this.#log.warn({}, 'shared limits available again')
  }

  #find(name: string, windowMs: number): Counter {
    const id = toId(name, windowMs)
    const counter = this.#counters.get(id) ?? newCounter(name, windowMs)
    this.#counters.delete(id)
    this.#counters.set(id, counter)
    const [oldest] = this.#counters.keys()
    if (this.#counters.size > mostCounters && oldest !== undefined) this.#counters.delete(oldest)
    return counter
  }

  #ownOf(windowMs: number): SlidingWindows {
    const known = this.#own.get(windowMs)
    const windows = known ?? new SlidingWindows(windowMs, mostCounters)
    if (!known) this.#own.set(windowMs, windows)
    return windows
  }
}

/** Windows of different lengths have steps of different lengths. */
function toId(name: string, windowMs: number): string {
  return `${windowMs} ${name}`
}

function newCounter(name: string, windowMs: number): Counter {
  return {
    ...{ name, windowMs, allowance: new Allowance(), waiting: new Set(), left: 0 },
    ...{ refusedUntil: 0, freesAt: 0, hasBegun: false, asking: undefined, timer: undefined },
  }
}

function settleAll(counter: Counter, use: CountedUse | undefined): void {
  for (const settle of [...counter.waiting]) settle(use)
}

function refused(freesInMs: number): CountedUse {
  return { granted: false, left: 0, freesInMs, undo: () => {} }
}
