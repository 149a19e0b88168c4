import type { Applicant, ProcessPool, Slot, SlotHolder } from './process-pool.ts'
import { holdsSlot, nextStatus, type ProcessEvent, type ProcessStatus } from './process-states.ts'

export type CallerOfTurn = Pick<Applicant, 'tenantId' | 'keyId'>

/** The state of a session's process, and its slot in the pool, which follows from the state. */
export class ProcessSlot {
  readonly #pool: ProcessPool
  readonly #sessionId: string
  readonly #holder: SlotHolder
  readonly #isReluctant: () => boolean
  #status: ProcessStatus = 'absent'
  #slot: Slot | undefined
  /** Whether the next turn waits while others may have the slot. */
  isOffered = false

  /** @param isReluctant whether something runs in an idle process, so that it is evicted last */
  constructor(pool: ProcessPool, sessionId: string, holder: SlotHolder, isReluctant: () => boolean) {
    this.#pool = pool
    this.#sessionId = sessionId
    this.#holder = holder
    this.#isReluctant = isReluctant
  }

  get status(): ProcessStatus {
    return this.#status
  }

  get isHeld(): boolean {
    return this.#slot !== undefined
  }

  /** Resolves when the process may start. */
  get free(): Promise<void> | undefined {
    return this.#slot?.free
  }

  /** Takes a step of the table; slot and eviction follow the state. */
  move(event: ProcessEvent): void {
    this.#status = nextStatus(this.#status, event)
    if (this.#status === 'idle') this.#slot?.markIdle(this.#isReluctant())
    else if (holdsSlot[this.#status]) this.#slot?.markBusy()
    // The slot of a closed one is free when its process has gone.
    else if (this.#status !== 'closed') {
      this.#slot?.release()
      this.#slot = undefined
    }
  }

  /** Takes over a slot, if there is one. */
  admit(slot: Slot | undefined): boolean {
    if (!slot) return false
    this.#slot = slot
    this.move('admit')
    return true
  }

  /** Gives the slot to the caller, who releases it. */
  detach(): Slot | undefined {
    const slot = this.#slot
    this.#slot = undefined
    return slot
  }

  /** Takes a slot without waiting. @param mayEvict whether an idle process may be evicted for it */
  take(mayEvict: boolean): boolean {
    return this.admit(mayEvict ? this.#pool.take(this.#holder) : this.#pool.takeFree(this.#holder))
  }

  /** Waits for a slot. False when the signal fired or the pool was closed before. */
  async wait(caller: CallerOfTurn, signal: AbortSignal): Promise<boolean> {
    this.#receive(await this.#pool.wait(this.#holder, this.#toApplicant(caller), signal))
    return this.isHeld
  }

  /** Whether others wait for a slot while this one could be theirs between two turns. */
  get isAwaited(): boolean {
    const isBetweenTurns = this.#status === 'busy' || this.#status === 'admitted'
    return isBetweenTurns && this.#slot !== undefined && this.#pool.waiting > 0
  }

  /**
   * Offers the slot to others that wait, and waits with them for the next one; it stays where none of them gets it.
   * @param rest leaves the process idle, unless it has something to do
   * @returns as `wait`
   */
  async renew(caller: CallerOfTurn, signal: AbortSignal, rest: () => void): Promise<boolean> {
    // In line before the slot is offered: those who wait already must not be served twice before this turn.
    const renewed = this.#pool.wait(this.#holder, this.#toApplicant(caller), signal, this.#slot)
    this.isOffered = true
    rest()
    const slot = await renewed
    this.isOffered = false
    if (slot !== this.#slot) this.#receive(slot)
    return slot !== undefined && this.isHeld
  }

  #receive(slot: Slot | undefined): void {
    // A turn and a question may both have waited.
    if (this.#slot || this.#status === 'closed') slot?.release()
    else this.admit(slot)
  }

  #toApplicant({ tenantId, keyId }: CallerOfTurn): Applicant {
    return { tenantId, keyId, sessionId: this.#sessionId }
  }
}
