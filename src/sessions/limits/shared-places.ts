import type { Log } from '../../lib/log.ts'
import type { PlaceRequest, RunningPlaceStore } from '../ports/index.ts'

/** How often places are asked for that other nodes have. */
const pollMs = 500

/** The store with a life of this node. */
export interface PlaceHolder {
  store: RunningPlaceStore
  nodeId: string
}

interface Counter {
  held: number
  want: PlaceRequest
  refresh: () => void
  /** The request that the store has not answered yet. */
  asking: PlaceRequest | undefined
  isAdjusting: boolean
  adjusted: Promise<void>
  /** Whether the store may have another number than `held`. */
  isUnsure: boolean
  timer: NodeJS.Timeout | undefined
}

/**
 * The places for running things that this node holds, of all that nodes have together. Its wishes are numbers and not
 * steps, so that a statement whose outcome is not known can be repeated.
 */
export class SharedPlaces {
  readonly #holder: PlaceHolder
  readonly #log: Pick<Log, 'warn'>
  readonly #counters = new Map<string, Counter>()
  #isAway = false
  #isClosed = false

  constructor(holder: PlaceHolder, log: Pick<Log, 'warn'>) {
    this.#holder = holder
    this.#log = log
  }

  /** How many places of a counter can be used now; not those that are being given back. */
  held(name: string): number {
    const counter = this.#counters.get(name)
    return counter ? Math.min(counter.held, counter.asking?.wanted ?? counter.held) : 0
  }

  /**
   * Says what a counter needs now, whenever that changes. What is missing is asked for until it is there or not wanted
   * any more.
   *
   * @param refresh called when there are more places, and before they are asked for again
   * @returns resolves when the store has answered
   */
  want(name: string, want: PlaceRequest, refresh: () => void): Promise<void> {
    const known = this.#counters.get(name)
    if (!known && want.wanted === 0) return Promise.resolve()
    const counter = known ?? newCounter(want, refresh)
    this.#counters.set(name, counter)
    Object.assign(counter, { want, refresh })
    if (!counter.isAdjusting) counter.adjusted = this.#adjust(name, counter)
    return counter.adjusted
  }

  /** Asks for nothing more. What is held stays so until it is given back, or the node's life is over. */
  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#counters.values()) clearTimeout(timer)
  }

  async #adjust(name: string, counter: Counter): Promise<void> {
    clearTimeout(counter.timer)
    counter.isAdjusting = true
    while (counter.isUnsure || counter.want.wanted !== counter.held) {
      const asked = counter.want
      if (!(await this.#hold(name, counter, asked))) return this.#adjustLater(name, counter)
      // Others have the rest. A wish that has changed meanwhile is asked for at once.
      if (counter.want === asked && counter.held < asked.wanted) return this.#adjustLater(name, counter)
    }
    counter.isAdjusting = false
    if (counter.held === 0) this.#counters.delete(name)
  }

  async #hold(name: string, counter: Counter, asked: PlaceRequest): Promise<boolean> {
    const before = counter.held
    counter.asking = asked
    try {
      const { store, nodeId } = this.#holder
      counter.held = await store.hold(name, nodeId, asked)
      counter.isUnsure = false
      this.#isAway = false
    } catch (error) {
      counter.held = Math.min(before, asked.wanted)
      counter.isUnsure = true
      this.#noteAway(error)
      return false
    } finally {
      counter.asking = undefined
    }
    // The listener may change its wish; the loop sees that.
    if (counter.held > before) counter.refresh()
    return true
  }

  #adjustLater(name: string, counter: Counter): void {
    counter.isAdjusting = false
    if (this.#isClosed) return
    counter.timer = setTimeout(() => {
      counter.refresh()
      if (!counter.isAdjusting) counter.adjusted = this.#adjust(name, counter)
    }, pollMs)
    counter.timer.unref()
  }

  #noteAway(error: unknown): void {
    if (this.#isAway || this.#isClosed) return
    this.#isAway = true
    this.#log.warn({ err: error }, 'shared limits unavailable; turns of limited callers wait')
  }
}

function newCounter(want: PlaceRequest, refresh: () => void): Counter {
  return {
    ...{ held: 0, want, refresh, asking: undefined, isUnsure: false, timer: undefined },
    ...{ isAdjusting: false, adjusted: Promise.resolve() },
  }
}
