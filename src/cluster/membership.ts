import { hash } from 'node:crypto'
import type { Log } from '../lib/log.ts'
import type { NodeRecord, NodeStore } from '../sessions/ports/index.ts'

/** How often a node looks who lives, in milliseconds. */
export const defaultPeriodMs = 1_000

export interface MembershipParts {
  nodes: NodeStore
  /** The life of this node. */
  id: string
  faults: Pick<Log, 'warn'>
  periodMs?: number | undefined
}

/** Which nodes live, as the database says; at most a period old. */
export class Membership {
  readonly id: string
  readonly #nodes: NodeStore
  readonly #faults: Pick<Log, 'warn'>
  readonly #periodMs: number
  #living = new Map<string, NodeRecord>()
  /** Of nodes that live: fire when they are dead. */
  readonly #ends = new Map<string, AbortController>()
  readonly #listeners = new Set<() => Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isClosed = false

  constructor({ nodes, id, faults, periodMs = defaultPeriodMs }: MembershipParts) {
    this.id = id
    this.#nodes = nodes
    this.#faults = faults
    this.#periodMs = periodMs
  }

  /** Looks for the first time, and then each period. */
  async open(): Promise<void> {
    await this.refresh()
    this.#schedule()
  }

  /** Does something after each look; a failure is logged. */
  onLook(listener: () => Promise<void>): void {
    this.#listeners.add(listener)
  }

  find(id: string): NodeRecord | undefined {
    return this.#living.get(id)
  }

  get living(): NodeRecord[] {
    return [...this.#living.values()]
  }

  /**
   * Whether this node does what one node has to do for all: the life that began first does. While that changes hands, two
   * nodes may for a moment.
   */
  get isFirst(): boolean {
    const [first] = [...this.#living.keys()].sort()
    return first === this.id
  }

  /** Fires when the node is dead, or is not known. */
  endOf(id: string): AbortSignal {
    return this.#ends.get(id)?.signal ?? AbortSignal.abort()
  }

  /**
   * The node with the most free slots among those that have a place; this one, if others have no more.
   *
   * @param volume null: any node has it
   */
  choose(volume: string | null): NodeRecord | undefined {
    const own = (node: NodeRecord) => Number(node.id === this.id)
    return this.#candidates(volume).sort(
      (a, b) => b.slotsFree - a.slotsFree || own(b) - own(a) || (a.id < b.id ? -1 : 1),
    )[0]
  }

  /**
   * The node that a session without an owner falls to: the same for all that see the same nodes, in the proportion of
   * their free slots (weighted rendezvous hashing).
   */
  assign(sessionId: string, volume: string | null): NodeRecord | undefined {
    const scored = this.#candidates(volume).map(node => {
      const digest = Number.parseInt(hash('sha256', `${sessionId} ${node.id}`).slice(0, 12), 16)
      return { node, score: -(node.slotsFree + 1) / Math.log((digest + 1) / (2 ** 48 + 1)) }
    })
    return scored.sort((a, b) => b.score - a.score)[0]?.node
  }

  /** Looks now; calls share one look. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#looking?.catch(() => {})
  }

  #candidates(volume: string | null): NodeRecord[] {
    return this.living.filter(
      ({ state, volumes }) => state === 'active' && (volume === null || volumes.includes(volume)),
    )
  }

  async #look(): Promise<void> {
    await this.#nodes.buryExpired()
    const living = await this.#nodes.listNodes()
    this.#living = new Map(living.map(node => [node.id, node]))
    for (const [id, end] of this.#ends) {
      if (this.#living.has(id)) continue
      this.#ends.delete(id)
      end.abort()
    }
    for (const id of this.#living.keys()) {
      if (!this.#ends.has(id)) this.#ends.set(id, new AbortController())
    }
  }

  #schedule(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#round().finally(() => this.#schedule()), this.#periodMs)
    this.#timer.unref()
  }

  async #round(): Promise<void> {
    try {
      await this.refresh()
      if (this.isFirst) await this.#nodes.forgetDead()
      for (const listener of this.#listeners) if (!this.#isClosed) await listener()
    } catch (error) {
      this.#faults.warn({ err: error }, 'a look at the nodes of the cluster failed')
    }
  }
}
