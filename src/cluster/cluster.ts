import type { IncomingMessage, RequestListener } from 'node:http'
import type { Log } from '../lib/log.ts'
import type { NodeRecord, Store } from '../sessions/ports/index.ts'
import { withFences } from './fenced-store.ts'
import type { Envelope } from './hop/envelope.ts'
import { type ForwardedAnswer, type ForwardedRequest, Forwarding } from './hop/forwarding.ts'
import { HopClient } from './hop/hop-client.ts'
import { HopListener } from './hop/hop-listener.ts'
import { Membership } from './membership.ts'
import { Ownership, type SessionKeeper } from './ownership.ts'
import { type Need, Routing } from './routing.ts'
import { Volumes } from './volumes.ts'

export interface NodeOptions {
  name: string
  listen: { host: string; port: number }
  url: string | undefined
  secret: string
  leaseMs: number
  volumes: readonly string[]
  /** Where all nodes have snapshots of directories; undefined: directories stay where they are. */
  snapshotsDir: string | undefined
  tls: { certFile: string; keyFile: string } | undefined
  caFile: string | undefined
}

export interface ClusterParts {
  /** The id of this life of the node, which the store was opened with. */
  id: string
  store: Store
  options: NodeOptions
  version: string
  /** The volume of sessions that take their directory along; undefined: none do. */
  portable: string | undefined
  faults: Pick<Log, 'warn' | 'error'>
  /** Whether the lease of this node is good. */
  mayAct(): boolean
  /** How many more processes this node could start. */
  slotsFree(): number
  /** How long running turns may take when a node is stopped, in milliseconds. */
  drainTimeoutMs: number
  /** The size of the largest body of a request. */
  maxBodyBytes: number
  /** Answers requests that other nodes have forwarded. */
  answer: RequestListener
}

/** This node among those that share its database. */
export class Cluster {
  readonly membership: Membership
  /** The store as this node may use it. */
  readonly store: Store
  readonly #parts: ClusterParts
  readonly #ownership: Ownership
  readonly #routing: Routing
  readonly #volumes: Volumes
  readonly #listener: HopListener
  readonly #client: HopClient
  readonly #forwarding: Forwarding
  readonly #lost = new AbortController()

  constructor(parts: ClusterParts) {
    const { id, store, options, mayAct, faults } = parts
    const { claims, nodes } = store
    this.#parts = parts
    const volumes = new Volumes(options.name, options.volumes, parts.portable)
    const membership = new Membership({ nodes, id, faults })
    const ownership = new Ownership({ claims, membership, volumes: volumes.names, mayAct, faults })
    this.membership = membership
    this.#ownership = ownership
    this.#volumes = volumes
    const boundMs = 2 * options.leaseMs + parts.drainTimeoutMs + 5_000
    const lost = this.#lost.signal
    this.#routing = new Routing({ claims, membership, ownership, volumes, lost, boundMs })
    this.store = withFences(store, ownership, volumes)
    this.#listener = new HopListener({ ...parts, ...options, membership, ownership })
    this.#client = new HopClient({ ...options, id, faults, endOf: other => membership.endOf(other) })
    this.#forwarding = new Forwarding({
      routing: this.#routing,
      client: this.#client,
      self: () => membership.find(id),
      boundMs,
    })
  }

  /** Listens, and joins the other nodes. */
  async join(): Promise<void> {
    const { id, version, options, slotsFree, store } = this.#parts
    const { listen, leaseMs, tls } = options
    const port = await this.#listener.open(listen)
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
    const url = options.url ?? `${tls ? 'https' : 'http'}://${host}:${port}`
    await store.nodes.join(
      { id, url, version, slotsFree: slotsFree(), volumes: this.#volumes.names },
      leaseMs,
    )
    await this.membership.open()
  }

  /** From now on this node takes sessions. */
  open(keeper: SessionKeeper): void {
    this.#ownership.open(keeper)
  }

  /** The facts of a request that another node has forwarded; undefined: it comes from a client. */
  arrivalOf(req: IncomingMessage): Envelope | undefined {
    return this.#listener.arrivalOf(req)
  }

  /** See `Routing.locate`. */
  locate(
    tenantId: string,
    sessionId: string,
    need: Need,
    signal: AbortSignal,
  ): Promise<NodeRecord | undefined> {
    return this.#routing.locate(tenantId, sessionId, need, signal)
  }

  /** See `Routing.place`. */
  place(directory: string): NodeRecord | undefined {
    return this.#routing.place(directory)
  }

  /** See `Forwarding.forward`. */
  forward(node: NodeRecord, request: ForwardedRequest): Promise<ForwardedAnswer> {
    return this.#forwarding.forward(node, request)
  }

  /**
   * Takes no more sessions, and gives back those that have nothing to do.
   *
   * @param atWork ids of the others, which are given back one by one: see `release`
   */
  async drain(atWork: readonly string[]): Promise<void> {
    this.#listener.drain()
    if (this.#lost.signal.aborted) return
    await this.#parts.store.nodes.drain(this.#parts.id)
    await this.#ownership.drain(atWork)
  }

  /** See `Ownership.release`. */
  release(sessionId: string): Promise<void> {
    return this.#ownership.release(sessionId)
  }

  /** The lease was lost: nothing can be written any more, and all processes have been ended. */
  lose(): void {
    this.#lost.abort()
    this.#listener.drain()
    this.#ownership.loseAll()
  }

  /** Leaves the other nodes; nothing is written any more. */
  async leave(): Promise<void> {
    await this.membership.close()
    await this.#parts.store.nodes.leave(this.#parts.id)
  }

  async close(): Promise<void> {
    await this.membership.close()
    this.#client.close()
    await this.#listener.close()
  }
}
