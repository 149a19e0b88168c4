import { isDeepStrictEqual } from 'node:util'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { AgentLauncher } from '../ports/index.ts'
import type { ProcessPool } from './process-pool.ts'
import { SpareDemand } from './spare-demand.ts'
import { type Spare, type SpareSpec, startSpareProcess } from './spare-process.ts'

/** Spare processes are started after this long without a new session, so that they do not slow down first turns. */
const quietMs = 1_000
/** Under constant arrivals they are started this long after the first session that asked for one. */
const longestDelayMs = 3_000
/** Processes are started one after the other; a start that takes longer does not hold up the next. */
const startBoundMs = 5_000
/** How often surplus spare processes are ended. */
const reviewMs = 15_000

interface Parts {
  launcher: AgentLauncher
  pool: ProcessPool
  /** How long a process may be idle, in milliseconds. */
  idleTimeoutMs: number
}

/**
 * Keeps processes ready for the next sessions: of the kinds and in the numbers that recent sessions asked for (see
 * `SpareDemand`), as far as the pool has room. A session that asks for something else starts its own.
 */
export class SpareProcesses {
  readonly #parts: Parts
  readonly #demand: SpareDemand
  readonly #spares = new Set<Spare>()
  #isPrepared = false
  #timer: NodeJS.Timeout | undefined
  #startBy: number | undefined
  #starting: Promise<void> | undefined
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#demand = new SpareDemand(parts.idleTimeoutMs)
  }

  /** Hands out a spare process of that kind, if there is one; the caller owns it then. */
  take(wanted: SpareSpec): Spare | undefined {
    for (const spare of this.#spares) {
      if (!spare.agent.alive || !isDeepStrictEqual(spare.spec, wanted)) continue
      this.#spares.delete(spare)
      spare.slot.markBusy()
      return spare
    }
    return undefined
  }

  /** Takes back a process that was not needed. */
  giveBack(spare: Spare): void {
    if (this.#closed || !spare.agent.alive) {
      void spare.retire()
      return
    }
    this.#spares.add(spare)
    spare.slot.markSpare()
  }

  /** Whether the kind of the next session is known. */
  get isPrepared(): boolean {
    return this.#isPrepared
  }

  /** Keeps a process ready until the first session comes. */
  prepare(spec: SpareSpec): void {
    this.#demand.expect(spec)
    this.#schedule()
  }

  /** A session of that kind has been created. */
  noteArrival(spec: SpareSpec): void {
    this.#demand.note(spec, performance.now())
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await Promise.all([...this.#spares].map(spare => spare.retire()))
    await this.#starting
  }

  #schedule(): void {
    if (this.#closed) return
    this.#isPrepared = true
    const now = performance.now()
    this.#startBy ??= now + longestDelayMs
    this.#arm(Math.min(quietMs, Math.max(0, this.#startBy - now)), () => {
      this.#startBy = undefined
      this.#starting ??= this.#startWanted().finally(() => {
        this.#starting = undefined
      })
    })
  }

  #arm(delayMs: number, work: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#endUnwanted()
      work()
      const isIdle = this.#spares.size === 0 && !this.#starting
      if (!this.#closed && !isIdle) this.#arm(reviewMs, () => {})
    }, delayMs)
    this.#timer.unref()
  }

  /** Starts one after the other, which leaves the other processors to the turns. */
  async #startWanted(): Promise<void> {
    for (let spec = this.#findLacking(); spec && !this.#closed; spec = this.#findLacking()) {
      const spare = await startSpareProcess(this.#parts.launcher, this.#parts.pool, spec)
      if (!spare) return
      this.#spares.add(spare)
      void spare.agent.exited.then(() => this.#onExit(spare))
      if (this.#closed) await spare.retire()
      else await settlesWithin(spare.ready, startBoundMs)
      // Another one would not start either.
      if (spare.agent.startFailure) return
    }
  }

  #findLacking(): SpareSpec | undefined {
    const wanted = this.#demand.wanted(performance.now())
    return wanted.find(({ spec, count }) => this.#of(spec).length < count)?.spec
  }

  #endUnwanted(): void {
    const now = performance.now()
    for (const spare of [...this.#spares]) {
      if (this.#of(spare.spec).length <= this.#demand.count(spare.spec, now)) continue
      this.#spares.delete(spare)
      void spare.retire()
    }
  }

  #of(spec: SpareSpec): Spare[] {
    return [...this.#spares].filter(spare => spare.agent.alive && isDeepStrictEqual(spare.spec, spec))
  }

  #onExit(spare: Spare): void {
    if (this.#spares.delete(spare)) spare.slot.release()
  }
}
