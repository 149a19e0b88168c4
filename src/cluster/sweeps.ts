const defaultPeriodMs = 60_000

export interface SweepsParts {
  /** Whether this node does what one node does for all. */
  isFirst(): boolean
  /** Each may be run by two nodes at once. */
  sweeps: readonly (() => Promise<unknown>)[]
  onFault(error: unknown): void
  /** Default: 1 minute. */
  periodMs?: number | undefined
}

/** Removes what only clusters have to remove, on one node. */
export class Sweeps {
  readonly #parts: SweepsParts
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(parts: SweepsParts) {
    this.#parts = parts
  }

  start(): void {
    const { periodMs = defaultPeriodMs } = this.#parts
    this.#timer ??= setInterval(() => void this.run(), periodMs).unref()
  }

  /** Calls share one run. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    const { isFirst, sweeps, onFault } = this.#parts
    for (const sweep of sweeps) {
      if (!isFirst()) return
      await sweep().catch(onFault)
    }
  }
}
