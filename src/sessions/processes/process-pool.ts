/** Someone who holds a place in the pool; `retire` is called when the place is needed and its process idle. */
export interface SlotHolder {
  /** Gives up the process at once and resolves when it is gone. */
  retire(): Promise<void>
}

/** The right to have one process. Held from before it starts until it is gone. */
export interface Slot {
  /** Resolves when the place is really free: a process that had to make room is gone by then. */
  readonly free: Promise<void>
  /** Somebody else has the process from now on. */
  handOver(holder: SlotHolder): void
  /** The process works: it is not taken away. */
  markBusy(): void
  /**
   * The process waits for its next turn: it may have to make room.
   * @param reluctantly only when no other can: something runs in it
   */
  markIdle(reluctantly?: boolean): void
  /** The process is gone. Idempotent. */
  release(): void
}

interface Waiter {
  holder: SlotHolder
  take: (place: Slot | undefined) => void
}

/**
 * Bounds how many processes live at once. An idle one makes room for a turn that has none, the one that was used
 * least recently first. Turns that find all of them at work wait: callers take turns with each other, and each
 * caller's are served in the order in which they came, so that one who sends many does not hold up the others.
 */
export class ProcessPool {
  readonly #size: number
  #taken = 0
  /** Least recently used first. */
  readonly #idle = new Map<Slot, () => Promise<void>>()
  /** Idle ones in which something runs; they make room when no other is left. */
  readonly #occupied = new Map<Slot, () => Promise<void>>()
  /** Callers in the order in which they are served next. */
  readonly #waiting = new Map<string, Waiter[]>()
  #closed = false

  constructor(size: number) {
    this.#size = size
  }

  /** How many wait for a place. */
  get waiting(): number {
    let count = 0
    for (const waiters of this.#waiting.values()) count += waiters.length
    return count
  }

  /** How many places nobody holds. */
  get free(): number {
    return this.#size - this.#taken
  }

  /** How many places are held. */
  get taken(): number {
    return this.#taken
  }

  /** A place that is free now, without anyone making room for it. */
  takeFree(holder: SlotHolder): Slot | undefined {
    if (this.#closed || this.#taken >= this.#size || this.#waiting.size > 0) return undefined
    return this.#grant(holder, Promise.resolve())
  }

  /** A place that is free, or that an idle process makes free. */
  take(holder: SlotHolder): Slot | undefined {
    if (this.#waiting.size > 0) return undefined
    return this.takeFree(holder) ?? this.#takeOver(holder)
  }

  /** Waits for a place. Resolves to undefined when the signal fires or the pool is closed before. */
  wait(holder: SlotHolder, caller: string, signal: AbortSignal): Promise<Slot | undefined> {
    if (this.#closed || signal.aborted) return Promise.resolve(undefined)
    return new Promise(resolve => {
      const waiters = this.#waiting.get(caller) ?? []
      const waiter: Waiter = {
        holder,
        take: place => {
          signal.removeEventListener('abort', leave)
          resolve(place)
        },
      }
      const leave = () => {
        waiters.splice(waiters.indexOf(waiter), 1)
        if (waiters.length === 0) this.#waiting.delete(caller)
        waiter.take(undefined)
      }
      signal.addEventListener('abort', leave)
      waiters.push(waiter)
      this.#waiting.set(caller, waiters)
      this.#serve()
    })
  }

  /** Nobody gets a place any more; those who wait are told so. */
  close(): void {
    this.#closed = true
    const all = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    for (const waiter of all) waiter.take(undefined)
  }

  #serve(): void {
    while (!this.#closed && this.#waiting.size > 0) {
      if (this.#taken >= this.#size && this.#idle.size + this.#occupied.size === 0) return
      const waiter = this.#nextWaiter()
      if (!waiter) return
      const place =
        this.#taken < this.#size
          ? this.#grant(waiter.holder, Promise.resolve())
          : this.#takeOver(waiter.holder)
      waiter.take(place)
    }
  }

  /** The first of the caller whose turn it is, who then goes to the end of the line. */
  #nextWaiter(): Waiter | undefined {
    for (const [caller, waiters] of this.#waiting) {
      this.#waiting.delete(caller)
      const waiter = waiters.shift()
      if (waiters.length > 0) this.#waiting.set(caller, waiters)
      if (waiter) return waiter
    }
    return undefined
  }

  #takeOver(holder: SlotHolder): Slot | undefined {
    for (const [place, retire] of [...this.#idle, ...this.#occupied]) {
      this.#forget(place)
      const free = retire()
      // Granted before it is released, so that nobody else is served with it in between.
      const granted = this.#grant(holder, free)
      place.release()
      return granted
    }
    return undefined
  }

  #forget(place: Slot): void {
    this.#idle.delete(place)
    this.#occupied.delete(place)
  }

  #grant(holder: SlotHolder, free: Promise<void>): Slot {
    this.#taken++
    let released = false
    let owner = holder
    const place: Slot = {
      free,
      handOver: next => {
        owner = next
      },
      markBusy: () => this.#forget(place),
      markIdle: (reluctantly = false) => {
        if (released) return
        this.#forget(place)
        const makeRoom = reluctantly ? this.#occupied : this.#idle
        makeRoom.set(place, () => owner.retire())
        this.#serve()
      },
      release: () => {
        if (released) return
        released = true
        this.#taken--
        this.#forget(place)
        this.#serve()
      },
    }
    return place
  }
}
