import type { ConsoleLogins } from '../access/console-logins.ts'
import type { KeyRegistry } from '../access/key-registry.ts'
import { RevisionWatch } from '../cluster/revision-watch.ts'
import { Sweeps } from '../cluster/sweeps.ts'
import type { HttpCluster } from '../http/options.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/sealed-text.ts'
import type { SessionsCluster } from '../sessions/cluster.ts'
import type { Store } from '../sessions/ports/index.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** The place of a node in its cluster, as the parts that nodes share need it. */
export interface ClusterPlace extends SessionsCluster {
  /** The life of this node. */
  nodeId: string
  /** How old the memory of this node may be. Default: 1 s. */
  revisionsMs?: number
}

/** The parts of a node that are right only together with the other nodes: memory of the store, and sweeps. */
export class SharedParts {
  readonly #store: Pick<Store, 'tickets'>
  readonly #place: ClusterPlace
  readonly #watch: RevisionWatch
  readonly #faults: Pick<Log, 'error'>
  #sweeps: Sweeps | undefined
  #sealer: Sealer | undefined

  constructor(store: Pick<Store, 'revisions' | 'tickets'>, place: ClusterPlace, faults: Pick<Log, 'error'>) {
    this.#store = store
    this.#place = place
    this.#faults = faults
    this.#watch = new RevisionWatch({
      store: store.revisions,
      periodMs: place.revisionsMs,
      onFault: error => faults.error({ err: error }, 'reload of shared state failed'),
    })
  }

  /** Resolves when the memory of this node has all that was stored before the call. */
  readonly refresh = (): Promise<void> => this.#watch.check()

  /** How tickets are redeemed at any node. */
  get tickets(): HttpCluster['tickets'] {
    if (!this.#sealer) throw new Error('the shared parts are not open yet')
    return { store: this.#store.tickets, sealer: this.#sealer }
  }

  /** Begins to follow the other nodes, once the memory was filled. @returns a function that ends it */
  start(parts: {
    keys: KeyRegistry
    logins: ConsoleLogins
    sessions: Pick<Sessions, 'webhooks' | 'push'>
    sealer: Sealer
  }): () => Promise<void> {
    const { keys, logins, sessions, sealer } = parts
    this.#sealer = sealer
    this.#watch.add('keys', keys)
    this.#watch.add('logins', logins)
    this.#watch.add('webhooks', sessions.webhooks.memory)
    if (sessions.push.memory) this.#watch.add('push', sessions.push.memory)
    this.#watch.start()
    this.#sweeps = new Sweeps({
      isFirst: () => this.#place.isFirst(),
      sweeps: [() => logins.sweep(), () => this.#store.tickets.removeExpiredTickets(Date.now())],
      onFault: error => this.#faults.error({ err: error }, 'sweep failed'),
    })
    this.#sweeps.start()
    return () => this.#close()
  }

  async #close(): Promise<void> {
    await this.#sweeps?.close()
    await this.#watch.close()
  }
}

/** The view of the HTTP layer on parts that are opened later. */
export function toHttpCluster(find: () => SharedParts | undefined): HttpCluster {
  const shared = () => {
    const found = find()
    if (!found) throw new Error('the shared parts are not open yet')
    return found
  }
  return {
    refresh: async () => shared().refresh(),
    get tickets() {
      return shared().tickets
    },
  }
}
