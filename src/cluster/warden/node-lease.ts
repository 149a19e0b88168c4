import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../lib/log.ts'
import { monotonicMs } from '../../lib/monotonic.ts'
import { settlesWithin } from '../../lib/settles-within.ts'
import { type LeaseTimes, leaseTimes } from './lease-times.ts'
import { WardenProcess } from './warden-process.ts'
import type { FromWarden, LostReason, WardenOrder } from './warden-protocol.ts'

/** The limit for the start of the first warden, in milliseconds. */
const startBoundMs = 20_000

/** The right of this life of a node to run sessions. */
export interface NodeLease {
  /** Whether work may begin at this moment. */
  readonly isGood: boolean
  /** Aborts when the lease is lost; the processes of the node have been ended by then. */
  readonly lost: AbortSignal
  /** The warden at this moment; undefined while there is none. */
  readonly wardenPid: number | undefined
  /** The orderly end: the warden leaves and ends nothing. Idempotent. */
  close(): Promise<void>
}

export interface LeaseParts {
  order: Omit<WardenOrder, 'kind' | 'deadline'>
  /** The program of the warden. */
  entry: string
  /** Lets the life begin in the database; called once, when the warden is there. */
  join(): Promise<void>
  slotsFree(): number
  /** Ends all processes of the node. @returns false if some could not be ended */
  killTrees(): Promise<boolean>
  log: Pick<Log, 'warn' | 'error'>
}

/**
 * Starts the warden of a node and resolves when the lease is good.
 *
 * @throws Error when the warden cannot be started, or cannot renew the lease
 */
export async function keepLease(parts: LeaseParts): Promise<NodeLease> {
  const lease = new Keeper(parts)
  try {
    await lease.open()
  } catch (error) {
    await lease.close()
    throw error
  }
  return lease
}

/**
 * The node's side of its lease. It knows the deadline by itself: it needs no warden to give the lease up in time. A
 * warden that ends is replaced as long as the lease is good.
 */
class Keeper implements NodeLease {
  readonly #parts: LeaseParts
  readonly #times: LeaseTimes
  readonly #lost = new AbortController()
  readonly #isReady = Promise.withResolvers<void>()
  readonly #isRenewed = Promise.withResolvers<void>()
  #warden: WardenProcess | undefined
  #deadline: number | undefined
  #lapse: NodeJS.Timeout | undefined
  #beating: NodeJS.Timeout | undefined
  #isOver = false
  #closing: Promise<void> | undefined

  constructor(parts: LeaseParts) {
    this.#parts = parts
    this.#times = leaseTimes(parts.order.leaseMs)
  }

  get isGood(): boolean {
    return !this.#isOver && this.#deadline !== undefined && monotonicMs() < this.#deadline
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get wardenPid(): number | undefined {
    return this.#warden?.pid
  }

  async open(): Promise<void> {
    const warden = this.#start()
    const failed = warden.exited.then(end => {
      throw new Error(`the warden did not start (${end})`)
    })
    failed.catch(() => undefined)
    await within(startBoundMs, Promise.race([this.#isReady.promise, failed]), 'the warden did not start')
    await this.#parts.join()
    this.#beat()
    this.#beating = setInterval(() => this.#beat(), this.#times.beatMs).unref()
    const { leaseMs } = this.#parts.order
    await within(leaseMs, Promise.race([this.#isRenewed.promise, failed]), 'the lease could not be renewed')
    warden.unref()
    void this.#replaceWhenGone(warden)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#end()
    await this.#warden?.dismiss()
  }

  #start(): WardenProcess {
    const order: WardenOrder = { kind: 'order', ...this.#parts.order, deadline: this.#deadline }
    const warden = new WardenProcess(this.#parts.entry, order, message => this.#hear(message))
    this.#warden = warden
    return warden
  }

  #beat(): void {
    this.#warden?.send({ kind: 'beat', at: monotonicMs(), slotsFree: this.#parts.slotsFree() })
  }

  #hear(message: FromWarden): void {
    const { log, order } = this.#parts
    if (message.kind === 'ready') this.#isReady.resolve()
    else if (message.kind === 'lost') void this.#lose(message.reason)
    else if (message.kind === 'trouble') {
      log.warn({ nodeId: order.nodeId, reason: message.message }, 'lease renewal failed')
    } else if (!this.#isOver) {
      this.#deadline = Math.max(this.#deadline ?? 0, message.deadline)
      this.#watchDeadline()
      this.#isRenewed.resolve()
    }
  }

  /** A warden that ends again and again is started less and less often, until the deadline. */
  async #replaceWhenGone(first: WardenProcess): Promise<void> {
    const { log, order } = this.#parts
    let pauseMs = 0
    for (let warden: WardenProcess | undefined = first; ; ) {
      const startedAt = monotonicMs()
      const end = await warden?.exited
      if (this.#isOver) return
      if (warden) log.warn({ nodeId: order.nodeId, end }, 'warden ended unexpectedly')
      this.#warden = undefined
      const isYoung = monotonicMs() - startedAt < order.leaseMs
      pauseMs = isYoung ? Math.max(2 * pauseMs, order.leaseMs / 50) : 0
      await pause(pauseMs, undefined, { ref: false })
      if (this.#isOver) return
      warden = this.#restart()
    }
  }

  #restart(): WardenProcess | undefined {
    try {
      const warden = this.#start()
      warden.unref()
      this.#beat()
      return warden
    } catch (error) {
      this.#parts.log.warn({ err: error, nodeId: this.#parts.order.nodeId }, 'warden start failed')
      return undefined
    }
  }

  #watchDeadline(): void {
    clearTimeout(this.#lapse)
    const left = (this.#deadline ?? 0) - monotonicMs()
    this.#lapse = setTimeout(() => (this.isGood ? this.#watchDeadline() : this.#lose('late')), left).unref()
  }

  /** The warden ends the processes too; it may be stopped or gone. */
  async #lose(reason: LostReason): Promise<void> {
    if (this.#isOver) return
    this.#end()
    const { log, order, killTrees } = this.#parts
    const areGone = await killTrees().catch(error => {
      log.error({ err: error, nodeId: order.nodeId }, 'processes could not be ended')
      return false
    })
    log.error({ nodeId: order.nodeId, reason, areGone }, 'lease lost')
    this.#lost.abort(new Error(`the lease of the node is lost (${reason})`))
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#lapse)
    clearInterval(this.#beating)
  }
}

async function within<T>(boundMs: number, work: Promise<T>, fault: string): Promise<T> {
  if (!(await settlesWithin(work, boundMs))) throw new Error(`${fault} in time`)
  return work
}
