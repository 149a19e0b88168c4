import type { Log } from '../../lib/log.ts'
import type { LimitStore } from '../ports/index.ts'
import { SharedPlaces } from './shared-places.ts'
import { SharedWindows } from './shared-windows.ts'

/** How often ended counters are removed from the store. */
const sweepMs = 60_000

/** The store of a node, once it is open. */
export interface NodeLimits {
  store: LimitStore
  /** The life of this node. */
  nodeId: string
}

/** The counts of a node together with the others: uses within windows of time, and what runs at the same time. */
export class SharedLimits {
  readonly counters: SharedWindows
  readonly places: SharedPlaces
  readonly #timer: NodeJS.Timeout

  /** @param find undefined: the store is not open */
  constructor(find: () => NodeLimits | undefined, log: Pick<Log, 'warn'>) {
    this.counters = new SharedWindows(() => find()?.store.windows, log)
    this.places = new SharedPlaces(() => {
      const found = find()
      return found && { store: found.store.places, nodeId: found.nodeId }
    }, log)
    this.#timer = setInterval(() => {
      const store = find()?.store
      // The next sweep finds what is left.
      Promise.all([store?.windows.removeEnded(), store?.places.removeFree()]).catch(() => undefined)
    }, sweepMs)
    this.#timer.unref()
  }

  /** Gives back what was taken ahead; to be called while the store is open. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.places.close()
    await this.counters.close()
  }
}
