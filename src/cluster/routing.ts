import { setTimeout as pause } from 'node:timers/promises'
import { ServiceError } from '../contract/errors.ts'
import type { ClaimStore, NodeRecord } from '../sessions/ports/index.ts'
import type { Membership } from './membership.ts'
import type { Ownership } from './ownership.ts'
import type { Volumes } from './volumes.ts'

/** How long to wait before it is looked again who owns a session, in milliseconds. */
const pauseMs = 100

/**
 * A need of a request on the node that answers it: `owner`, the session's process or the right to write; `view`, the
 * owner's view, or that of the store where no node can own the session; `end`, any node, because the session's directory
 * is of no use any more.
 */
export type Need = 'owner' | 'view' | 'end'

export interface RoutingParts {
  claims: ClaimStore
  membership: Membership
  ownership: Ownership
  volumes: Volumes
  /** Fires when this node counts as dead. */
  lost: AbortSignal
  /** How long a session may be without an owner, in milliseconds. */
  boundMs: number
}

/** Finds the node where a session's requests are answered, and claims sessions that have none. */
export class Routing {
  readonly #claims: ClaimStore
  readonly #membership: Membership
  readonly #ownership: Ownership
  readonly #volumes: Volumes
  readonly #lost: AbortSignal
  readonly #boundMs: number
  /** The owners that were found last, by session. */
  readonly #owners = new Map<string, string>()

  constructor({ claims, membership, ownership, volumes, lost, boundMs }: RoutingParts) {
    this.#lost = lost
    this.#boundMs = boundMs
    this.#claims = claims
    this.#membership = membership
    this.#ownership = ownership
    this.#volumes = volumes
  }

  /**
   * Returns the node of a session; undefined: this one, which also answers for sessions that do not exist. A node that
   * counts as dead names none: its next life is to be asked.
   *
   * @throws ServiceError WORKSPACE_UNAVAILABLE, NODE_UNAVAILABLE
   */
  async locate(
    tenantId: string,
    sessionId: string,
    need: Need,
    signal: AbortSignal,
  ): Promise<NodeRecord | undefined> {
    for (const begunAt = performance.now(); ; ) {
      if (this.#lost.aborted || this.#ownership.holds(sessionId)) return undefined
      const known = this.#membership.find(this.#owners.get(sessionId) ?? '')
      if (known && known.id !== this.#membership.id) return known
      const placement = await this.#claims.findPlacement(tenantId, sessionId)
      if (!placement) return undefined
      const { owner, volume, isActive } = placement
      if (owner !== null && owner !== this.#membership.id) {
        const node = this.#membership.find(owner) ?? (await this.#lookFor(owner))
        if (node) return this.#remember(sessionId, node)
      } else {
        // Of a session that is over, no node needs the directory.
        const others = need === 'end' || !isActive ? this.#membership.choose(null) : undefined
        const node = this.#membership.choose(volume) ?? others
        if (owner === null && node && node.id !== this.#membership.id) return node
        if ((owner !== null || node) && (await this.#ownership.claim(tenantId, sessionId))) return undefined
        if (!node && need === 'view') return undefined
        if (!node) throw unavailable()
      }
      if (performance.now() - begunAt > this.#boundMs) throw nodeUnavailable()
      await this.#wait(signal)
    }
  }

  /** The node that a new session in this directory should be made on; undefined: this one. */
  place(directory: string): NodeRecord | undefined {
    const volume = this.#volumes.of(directory)
    if (volume === this.#volumes.own) return undefined
    const node = this.#membership.choose(volume)
    return node?.id === this.#membership.id ? undefined : node
  }

  /** The owner that was found last has turned out wrong. */
  forget(sessionId: string): void {
    this.#owners.delete(sessionId)
  }

  async #lookFor(id: string): Promise<NodeRecord | undefined> {
    await this.#membership.refresh()
    return this.#membership.find(id)
  }

  #remember(sessionId: string, node: NodeRecord): NodeRecord {
    this.#owners.delete(sessionId)
    this.#owners.set(sessionId, node.id)
    const [oldest] = this.#owners.keys()
    if (this.#owners.size > 10_000 && oldest !== undefined) this.#owners.delete(oldest)
    return node
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await pause(pauseMs, undefined, { signal }).catch(() => {
      throw nodeUnavailable()
    })
  }
}

/** No node answered in time. */
export function nodeUnavailable(): ServiceError<'NODE_UNAVAILABLE'> {
  return new ServiceError(
    'NODE_UNAVAILABLE',
    'The node of the session does not answer, and no other has taken over yet',
  )
}

function unavailable(): ServiceError<'WORKSPACE_UNAVAILABLE'> {
  return new ServiceError('WORKSPACE_UNAVAILABLE', 'No node that has the directory of the session is running')
}
