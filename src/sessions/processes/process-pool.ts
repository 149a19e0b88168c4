import { FairQueue } from '../../lib/fair-queue.ts'
import type { Agent } from '../ports/index.ts'
import type { SessionsFigures, SlotFigures } from '../reports/figures.ts'
import { type MemoryGauge, SlotMemory } from './slot-memory.ts'

/** So many processes may live whatever they weigh, so that one large conversation does not block all others. */
const leastProcesses = 2

/** The holder of a slot. */
export interface SlotHolder {
  /** The process in the slot, if it lives. */
  readonly liveAgent: Agent | undefined
  /** Ends the process at once and resolves when it is gone; called when an idle process is evicted. */
  retire(): Promise<void>
}

/** The right to have one process. Held from before it starts until it is gone. */
export interface Slot {
  /** Whether it has not been released. */
  readonly isHeld: boolean
  /** Resolves when the process may start: those that were evicted for it are gone by then. */
  readonly free: Promise<void>
  /** Gives the slot with its process to another holder. */
  handOver(holder: SlotHolder): void
  /** The process works: it is not evicted. */
  markBusy(): void
  /**
   * The process waits for its next turn: it may be evicted.
   * @param reluctantly only when no other can be: something runs in it
   */
  markIdle(reluctantly?: boolean): void
  /** The process belongs to no session yet: it is evicted before all others. */
  markSpare(): void
  /** The process is gone. Idempotent. */
  release(): void
}

export interface PoolOptions {
  /** Undefined: memory alone bounds the pool. */
  maxProcesses?: number | undefined
  /** Undefined: the number alone bounds the pool. */
  memory?: { budgetBytes: number; gauge: MemoryGauge<SlotHolder> } | undefined
}

/** Tenants are served in turn, so are the keys of a tenant and the sessions of a key. */
export interface Applicant {
  tenantId: string
  keyId: string
  sessionId: string
}

interface Waiter {
  holder: SlotHolder
  /** See `ProcessPool.wait`. */
  own: Slot | undefined
  take: (slot: Slot | undefined) => void
}

/**
 * Bounds how many processes live at once: by their memory, and by their number. Turns that find no room evict idle
 * processes, the least recently used first. Turns that find all of them at work wait: tenants are served in turn, so
 * are the keys of a tenant and the sessions of a key, so that none of them holds up the others. A process that works
 * is never ended, whatever it weighs.
 */
export class ProcessPool {
  readonly #maxProcesses: number
  readonly #memory: SlotMemory<SlotHolder> | undefined
  #taken = 0
  /** Slots that may be evicted, least recently used first. */
  readonly #spare = new Set<GrantedSlot>()
  readonly #idle = new Set<GrantedSlot>()
  /** Idle ones in which something runs. */
  readonly #occupied = new Set<GrantedSlot>()
  /** Evicted slots whose processes are not gone yet. */
  readonly #leaving = new Map<GrantedSlot, Promise<void>>()
  readonly #waiting = new FairQueue<Waiter>()
  #evictions = 0
  #closed = false

  constructor({ maxProcesses = Number.POSITIVE_INFINITY, memory }: PoolOptions) {
    this.#maxProcesses = maxProcesses
    this.#memory = memory && new SlotMemory(memory.budgetBytes, memory.gauge, () => this.#onSample())
  }

  /** How many turns wait for a slot. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Whether one more may wait where at most `limit` do. Where so many wait already, keys with less than an equal share
   * of their tenant's equal share still may: otherwise the first caller to fill the queue would keep all others out.
   */
  admitsWaiting({ tenantId, keyId }: Pick<Applicant, 'tenantId' | 'keyId'>, limit: number): boolean {
    const waiting = this.#waiting
    if (waiting.size < limit) return true
    const sharersOf = (path: string[], name: string) =>
      waiting.widthOf(path) + (waiting.sizeOf([...path, name]) === 0 ? 1 : 0)
    const share = limit / sharersOf([], tenantId) / sharersOf([tenantId], keyId)
    return waiting.sizeOf([tenantId, keyId]) < share
  }

  /** How many slots are held. */
  get taken(): number {
    return this.#taken
  }

  /** How many processes were ended to free their slots. */
  get evictions(): number {
    return this.#evictions
  }

  slots(): SessionsFigures['slots'] {
    const idle = this.#figuresOf([...this.#idle, ...this.#occupied])
    const spare = this.#figuresOf([...this.#spare])
    const evicted = this.#figuresOf([...this.#leaving.keys()])
    const known = idle.bytes + spare.bytes + evicted.bytes
    const busy = {
      count: this.#taken - idle.count - spare.count,
      bytes: Math.max(0, (this.#memory?.totalBytes ?? 0) - known),
    }
    return { busy, idle, spare, evicted }
  }

  #figuresOf(slots: readonly GrantedSlot[]): SlotFigures {
    return {
      count: slots.length,
      bytes: slots.reduce((sum, slot) => sum + (this.#memory?.bytesOf(slot) ?? 0), 0),
    }
  }

  /** Whether so many slots can be granted without evicting a process. */
  hasRoomFor(count: number): boolean {
    if (this.#closed || this.#waiting.size > 0) return false
    return this.#admits(count, new Set())
  }

  /** Grants a slot for which no process has to be evicted. */
  takeFree(holder: SlotHolder): Slot | undefined {
    return this.hasRoomFor(1) ? this.#grant(holder, []) : undefined
  }

  /** Grants a slot, evicting idle processes where there is no room. */
  take(holder: SlotHolder): Slot | undefined {
    if (this.#closed || this.#waiting.size > 0) return undefined
    const evictions = this.#findEvictions()
    return evictions && this.#grant(holder, evictions)
  }

  /**
   * Waits for a slot. Resolves to undefined when the signal fires or the pool is closed before.
   * @param own a slot that the holder still has and is about to offer to others; it gets this one back if none of them
   *   has it when its turn comes
   */
  wait(
    holder: SlotHolder,
    { tenantId, keyId, sessionId }: Applicant,
    signal: AbortSignal,
    own?: Slot,
  ): Promise<Slot | undefined> {
    if (this.#closed || signal.aborted) return Promise.resolve(undefined)
    return new Promise(resolve => {
      const take = (slot: Slot | undefined) => {
        signal.removeEventListener('abort', onAbort)
        resolve(slot)
      }
      const leave = this.#waiting.add([tenantId, keyId, sessionId], { holder, own, take })
      const onAbort = () => {
        leave()
        take(undefined)
      }
      signal.addEventListener('abort', onAbort)
      this.#serve()
    })
  }

  /** Grants no more slots; waiting turns are told so. */
  close(): void {
    this.#closed = true
    this.#memory?.close()
    for (const waiter of this.#waiting.clear()) waiter.take(undefined)
  }

  #serve(): void {
    for (let next = this.#waiting.peek(); next && !this.#closed; next = this.#waiting.peek()) {
      const { holder, own } = next
      const evictions = own?.isHeld ? [] : this.#findEvictions()
      if (!evictions) return
      this.#waiting.take()
      next.take(own?.isHeld ? own : this.#grant(holder, evictions))
    }
  }

  /** The slots to evict so that one more process fits; undefined: evicting all idle ones is not enough. */
  #findEvictions(): GrantedSlot[] | undefined {
    const evictable = [...this.#spare, ...this.#idle, ...this.#occupied]
    const evicted = new Set<GrantedSlot>()
    while (!this.#admits(1, evicted)) {
      const next = evictable[evicted.size]
      if (!next) return undefined
      evicted.add(next)
    }
    return [...evicted]
  }

  #admits(count: number, evicted: ReadonlySet<GrantedSlot>): boolean {
    const after = this.#taken - evicted.size + count
    if (after > this.#maxProcesses) return false
    if (after <= leastProcesses || !this.#memory) return true
    // The brake: no process beyond those that there are.
    if (this.#memory.isUnderPressure && after > this.#taken) return false
    return this.#memory.fits(count, new Set([...evicted, ...this.#leaving.keys()]))
  }

  #grant(holder: SlotHolder, evictions: readonly GrantedSlot[]): Slot {
    const evicted = evictions.map(slot => this.#evict(slot))
    this.#taken++
    const awaited = this.#mustWaitForLeaving() ? [...this.#leaving.values()] : evicted
    const slot = new GrantedSlot(holder, Promise.all(awaited).then(nothing), {
      onBusy: () => this.#rank(slot, undefined),
      onIdle: reluctantly => this.#rank(slot, reluctantly ? this.#occupied : this.#idle),
      onSpare: () => this.#rank(slot, this.#spare),
      onRelease: () => this.#onRelease(slot),
    })
    this.#memory?.enter(slot, () => slot.holder)
    // Only now, so that no other turn is served with them in between.
    for (const gone of evictions) gone.release()
    return slot
  }

  /** Whether the new process fits only when processes that were evicted earlier are gone. */
  #mustWaitForLeaving(): boolean {
    if (this.#leaving.size === 0) return false
    const isOverCount = this.#taken + this.#leaving.size > this.#maxProcesses
    return isOverCount || (this.#memory !== undefined && !this.#memory.fits(1))
  }

  /** Ends the process of an idle slot. The caller releases the slot; its weight counts until the process is gone. */
  #evict(slot: GrantedSlot): Promise<void> {
    this.#forget(slot)
    this.#evictions++
    const gone = slot.holder.retire()
    this.#leaving.set(slot, gone)
    const onGone = () => {
      this.#leaving.delete(slot)
      this.#memory?.leave(slot)
    }
    gone.then(onGone, onGone)
    return gone
  }

  /** Conversations grow: idle processes are evicted until the rest fits the budget. */
  #onSample(): void {
    for (const slot of [...this.#spare, ...this.#idle]) {
      if (this.#taken <= leastProcesses || this.#memory?.fits(0, new Set(this.#leaving.keys()))) break
      void this.#evict(slot)
      slot.release()
    }
    // The pressure may have fallen, and processes may weigh less than when they started.
    this.#serve()
  }

  #rank(slot: GrantedSlot, rank: Set<GrantedSlot> | undefined): void {
    this.#forget(slot)
    rank?.add(slot)
    this.#memory?.mark(slot, rank === undefined ? 'busy' : rank === this.#spare ? 'spare' : 'idle')
    if (rank) this.#serve()
  }

  #onRelease(slot: GrantedSlot): void {
    this.#taken--
    this.#forget(slot)
    if (!this.#leaving.has(slot)) this.#memory?.leave(slot)
    this.#serve()
  }

  #forget(slot: GrantedSlot): void {
    for (const rank of [this.#spare, this.#idle, this.#occupied]) rank.delete(slot)
  }
}

interface SlotEvents {
  onBusy(): void
  onIdle(reluctantly: boolean): void
  onSpare(): void
  onRelease(): void
}

class GrantedSlot implements Slot {
  readonly free: Promise<void>
  holder: SlotHolder
  readonly #events: SlotEvents
  #released = false

  constructor(holder: SlotHolder, free: Promise<void>, events: SlotEvents) {
    this.holder = holder
    this.free = free
    this.#events = events
  }

  get isHeld(): boolean {
    return !this.#released
  }

  handOver(holder: SlotHolder): void {
    this.holder = holder
  }

  markBusy(): void {
    if (!this.#released) this.#events.onBusy()
  }

  markIdle(reluctantly = false): void {
    if (!this.#released) this.#events.onIdle(reluctantly)
  }

  markSpare(): void {
    if (!this.#released) this.#events.onSpare()
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#events.onRelease()
  }
}

function nothing(): void {}
