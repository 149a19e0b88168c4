import type { Log } from '../../lib/log.ts'
import type { LimitStore } from '../ports/index.ts'
import { SharedPlaces } from './shared-places.ts'
import { SharedWindows } from './shared-windows.ts'

/** How often ended counters are removed from the store. */
const sweepMs = 60_000

/** The limits that a life of a node counts together with the others: uses within windows of time, and running turns. */
export class SharedLimits {
  readonly counters: SharedWindows
  readonly places: SharedPlaces
  readonly #timer: NodeJS.Timeout

  constructor({ windows, places }: LimitStore, nodeId: string, log: Pick<Log, 'warn'>) {
    this.counters = new SharedWindows(() => windows, log)
    this.places = new SharedPlaces({ store: places, nodeId }, log)
    this.#timer = setInterval(() => {
      // The next sweep finds what is left.
      Promise.all([windows.removeEnded(), places.removeFree()]).catch(() => undefined)
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
