import { monotonicMs } from '../../lib/monotonic.ts'
import type { NodeStore } from '../../sessions/ports/index.ts'
import { type LeaseTimes, leaseTimes } from './lease-times.ts'
import type { FromWarden, LostReason, WardenOrder } from './warden-protocol.ts'

export interface WardenParts {
  nodes: Pick<NodeStore, 'renew' | 'leave'>
  /** Ends all processes of the node. @returns false if some could not be ended */
  killTrees(): Promise<boolean>
  /** Tells the node; it may be gone. */
  tell(message: FromWarden): void
}

/**
 * Renews the lease of a node for as long as the node's main thread is alive, and ends the node's processes when the node
 * is gone or the lease is lost: always before another node can claim their sessions. A database that does not answer
 * does not end anything before the deadline.
 */
export class Warden {
  readonly #order: WardenOrder
  readonly #parts: WardenParts
  readonly #times: LeaseTimes
  #deadline: number | undefined
  #beat: { at: number; slotsFree: number } | undefined
  #lapse: NodeJS.Timeout | undefined
  #next: NodeJS.Timeout | undefined
  #isRenewing = false
  #isLost = false
  #isOver = false

  constructor(order: WardenOrder, parts: WardenParts) {
    this.#order = order
    this.#parts = parts
    this.#times = leaseTimes(order.leaseMs)
    this.#deadline = order.deadline
    this.#watchDeadline()
  }

  /** Takes a sign of life of the node. The first one begins the renewals. */
  beat(beat: { at: number; slotsFree: number }): void {
    this.#beat = beat
    // A renewal that is due was waiting for it.
    if (!this.#isRenewing && !this.#next) void this.#renew()
  }

  /** The orderly end: nothing is renewed or ended any more. */
  leave(): void {
    this.#isOver = true
    clearTimeout(this.#lapse)
    clearTimeout(this.#next)
  }

  /** Ends the processes of a node that is gone without a goodbye. */
  async abandon(): Promise<void> {
    if (this.#isOver) return
    this.leave()
    // Also after a loss: the node may have been about to start another process.
    if (await this.#endTrees()) await this.#bury()
  }

  async #renew(): Promise<void> {
    const sentAt = monotonicMs()
    if (this.#isOver || this.#isLost || !this.#beat) return
    if (sentAt - this.#beat.at > this.#times.silentMs) return
    // The timer may be late, because this process was stopped.
    if (this.#deadline !== undefined && sentAt >= this.#deadline) return void this.#lose('late')
    const { nodeId, leaseMs } = this.#order
    this.#isRenewing = true
    try {
      const isAlive = await this.#parts.nodes.renew(nodeId, leaseMs, this.#beat.slotsFree)
      if (this.#isOver || this.#isLost) return
      if (!isAlive) return void this.#lose('dead')
      this.#deadline = sentAt + this.#times.heldMs
      this.#watchDeadline()
      this.#parts.tell({ kind: 'renewed', deadline: this.#deadline })
      this.#renewLater(sentAt + this.#times.renewalMs)
    } catch (error) {
      if (this.#isOver || this.#isLost) return
      this.#parts.tell({ kind: 'trouble', message: (error as Error).message })
      this.#renewLater(monotonicMs() + this.#times.retryMs)
    } finally {
      this.#isRenewing = false
    }
  }

  #renewLater(at: number): void {
    this.#next = setTimeout(
      () => {
        this.#next = undefined
        void this.#renew()
      },
      Math.max(0, at - monotonicMs()),
    )
  }

  #watchDeadline(): void {
    clearTimeout(this.#lapse)
    if (this.#deadline === undefined) return
    this.#lapse = setTimeout(() => {
      if (monotonicMs() < (this.#deadline ?? 0)) this.#watchDeadline()
      else void this.#lose('late')
    }, this.#deadline - monotonicMs())
  }

  /** Then waits for the end of the node. */
  async #lose(reason: LostReason): Promise<void> {
    if (this.#isLost) return
    this.#isLost = true
    clearTimeout(this.#lapse)
    clearTimeout(this.#next)
    const areGone = await this.#endTrees()
    this.#parts.tell({ kind: 'lost', reason, areGone })
    if (areGone) await this.#bury()
  }

  async #endTrees(): Promise<boolean> {
    try {
      return await this.#parts.killTrees()
    } catch (error) {
      this.#parts.tell({ kind: 'trouble', message: (error as Error).message })
      return false
    }
  }

  /** Ends the life of the node, whose processes are gone: so others need not wait for its lease. */
  async #bury(): Promise<void> {
    await this.#parts.nodes.leave(this.#order.nodeId).catch(() => undefined)
  }
}
