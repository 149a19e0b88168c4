/** The weight of a process before any has been measured, and where memory cannot be measured, in bytes. */
const assumedBytes = 300 * 1024 * 1024
/**
 * From one sample to the next, in milliseconds. Reading a dozen processes takes the machine some 80 ms of processor
 * time; between samples a conversation grows by megabytes, not by hundreds.
 */
const sampleMs = 5_000
/** An idle process hardly changes; its share of common pages does when others come and go. */
const idleSampleMs = 30_000
/** A younger process is still loading: it will take more than is measured. */
const settlingMs = 4_000
/** The share of the newest process in the running mean of new processes. */
const newestShare = 0.25
/**
 * Per cent of the last ten seconds in which some process waited for memory. A machine with enough memory stays below
 * one; at ten it reads back pages that it has just thrown away, and another process would make all of them slower.
 * systemd-oomd kills at sixty.
 */
const pressureLimit = 10

/** Where the figures come from. Neither rejects. */
export interface MemoryGauge<Owner> {
  /** The bytes of each owner's process; an owner whose process is not known is left out. */
  measure(owners: readonly Owner[]): Promise<ReadonlyMap<Owner, number>>
  /** Per cent, as `pressureLimit`; undefined: not known. */
  readPressure(): Promise<number | undefined>
}

interface Weight<Owner> {
  owner(): Owner
  enteredAt: number
  /** Undefined before the first sample. */
  bytes: number | undefined
  /** Undefined: the next sample includes it. */
  sampledAt: number | undefined
  isIdle: boolean
  /** Whether it has run a turn, and so has loaded all that it needs. */
  hasWorked: boolean
  isSettled: boolean
}

/**
 * Weighs the processes in the slots of a pool against a budget. Samples are taken beside all else, a few seconds
 * apart; decisions use the last ones and wait for nothing.
 */
export class SlotMemory<Owner> {
  readonly #budgetBytes: number
  readonly #gauge: MemoryGauge<Owner>
  readonly #onSample: () => void
  readonly #weights = new Map<object, Weight<Owner>>()
  /** The weight of a process that has just started: that of the last ones. */
  #newBytes: number | undefined
  #pressure = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** @param onSample called after each sample */
  constructor(budgetBytes: number, gauge: MemoryGauge<Owner>, onSample: () => void) {
    this.#budgetBytes = budgetBytes
    this.#gauge = gauge
    this.#onSample = onSample
  }

  get isUnderPressure(): boolean {
    return this.#pressure >= pressureLimit
  }

  /** Whether `count` more processes fit into the budget once those in the slots `without` are gone. */
  fits(count: number, without: ReadonlySet<object> = new Set()): boolean {
    return this.#sum(without) + count * this.#estimate <= this.#budgetBytes
  }

  /** The size of a process when it was last sampled; 0: not yet. */
  bytesOf(slot: object): number {
    return this.#weights.get(slot)?.bytes ?? 0
  }

  get totalBytes(): number {
    let sum = 0
    for (const { bytes = 0 } of this.#weights.values()) sum += bytes
    return sum
  }

  enter(slot: object, owner: () => Owner): void {
    const enteredAt = performance.now()
    const unknown = {
      bytes: undefined,
      sampledAt: undefined,
      isIdle: false,
      hasWorked: false,
      isSettled: false,
    }
    this.#weights.set(slot, { owner, enteredAt, ...unknown })
    if (!this.#timer) this.#arm()
  }

  /** A process that becomes idle is in the next sample, then seldom. */
  mark(slot: object, use: 'busy' | 'idle' | 'spare'): void {
    const weight = this.#weights.get(slot)
    const isIdle = use !== 'busy'
    if (!weight || weight.isIdle === isIdle) return
    weight.isIdle = isIdle
    weight.sampledAt = undefined
    weight.hasWorked ||= use === 'idle'
    // As long as no process has been weighed, the first that has worked is, before it is evicted.
    if (isIdle && weight.hasWorked && this.#newBytes === undefined && this.#timer) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      void this.#sample()
    }
  }

  leave(slot: object): void {
    this.#weights.delete(slot)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  get #estimate(): number {
    return this.#newBytes ?? assumedBytes
  }

  #sum(without: ReadonlySet<object> = new Set()): number {
    let sum = 0
    for (const [slot, { bytes = 0, isSettled }] of this.#weights) {
      if (!without.has(slot)) sum += isSettled ? bytes : Math.max(bytes, this.#estimate)
    }
    return sum
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#closed || this.#weights.size === 0) return
    this.#timer = setTimeout(() => void this.#sample(), sampleMs)
    this.#timer.unref()
  }

  async #sample(): Promise<void> {
    const now = performance.now()
    const due = [...this.#weights.values()].filter(
      ({ isIdle, isSettled, sampledAt }) =>
        !isIdle || !isSettled || sampledAt === undefined || now - sampledAt >= idleSampleMs,
    )
    const owners = due.map(weight => weight.owner())
    const [sizes, pressure] = await Promise.all([this.#gauge.measure(owners), this.#gauge.readPressure()])
    this.#pressure = pressure ?? 0
    for (const [index, weight] of due.entries()) {
      const owner = owners[index]
      const bytes = owner && sizes.get(owner)
      if (bytes !== undefined) this.#note(weight, bytes, now)
    }
    this.#arm()
    if (!this.#closed) this.#onSample()
  }

  #note(weight: Weight<Owner>, bytes: number, now: number): void {
    weight.bytes = bytes
    weight.sampledAt = now
    if (weight.isSettled || (!weight.hasWorked && now - weight.enteredAt < settlingMs)) return
    weight.isSettled = true
    this.#newBytes = bytes * newestShare + (this.#newBytes ?? bytes) * (1 - newestShare)
  }
}
