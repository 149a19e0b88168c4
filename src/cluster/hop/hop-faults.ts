import type { Log } from '../../lib/log.ts'
import type { NodeRecord } from '../../sessions/ports/index.ts'

/** How long the same fault of a node is not logged again, in milliseconds. */
const quietMs = 10_000
/** Refusals that are part of the protocol: the session has moved, or is about to. */
const ordinary = new Set(['elsewhere', 'draining'])

/** Logs why other nodes are not reached, or refuse what this node has signed: such faults look like slowness to clients. */
export class HopFaults {
  readonly #log: Pick<Log, 'warn'>
  /** By node and fault, in the time of `performance.now()`. */
  readonly #logged = new Map<string, number>()

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log
  }

  refused(node: Pick<NodeRecord, 'id' | 'url'>, reason: string): void {
    if (!ordinary.has(reason)) this.#warn(node, reason, 'request refused by another node')
  }

  unreachable(node: Pick<NodeRecord, 'id' | 'url'>, error: NodeJS.ErrnoException): void {
    this.#warn(node, error.code ?? error.message, 'node unreachable')
  }

  #warn({ id, url }: Pick<NodeRecord, 'id' | 'url'>, reason: string, message: string): void {
    const now = performance.now()
    for (const [fault, at] of this.#logged) if (now - at > quietMs) this.#logged.delete(fault)
    const fault = `${id} ${reason}`
    if (this.#logged.has(fault)) return
    this.#logged.set(fault, now)
    this.#log.warn({ otherNodeId: id, url, reason }, message)
  }
}
