import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ClusterNode, type ClusterOptions, killNode, startNode } from './cluster.ts'
import { urlOf } from './cluster-watch.ts'
import { endsLater } from './lifetime.ts'

/** A node that is killed, stopped and started again, under one name. */
export class RestlessNode {
  readonly name: string
  readonly #options: ClusterOptions
  #starts = 0
  #node: ClusterNode | undefined
  /** Whether something is being done to it. */
  isDisturbed = false

  constructor(name: string, options: ClusterOptions) {
    this.name = name
    this.#options = options
  }

  /** Undefined while it is down; a node that is stopped seems to be there. */
  get node(): ClusterNode | undefined {
    return this.#node
  }

  async start(): Promise<ClusterNode> {
    const { database, home } = this.#options
    const cache = join(home, 'compiled')
    mkdirSync(cache, { recursive: true })
    const node = await startNode(this.name, {
      ...this.#options,
      database: { ...database, url: urlOf(database.url, `${this.name}-${++this.#starts}`) },
      env: { ...this.#options.env, NODE_COMPILE_CACHE: cache },
    })
    endsLater(() => node.cli.child.kill('SIGCONT'))
    this.#node = node
    return node
  }

  /** `kill -9`, and a new start after a while. */
  kill(downMs: number): Promise<void> {
    return this.#disturb(async node => {
      this.#node = undefined
      await killNode(node)
      await pause(downMs)
      await this.start()
    })
  }

  /** Everything of its main process stands still; its warden and the processes of sessions do not. */
  stop(stoppedMs: number): Promise<void> {
    return this.#disturb(async ({ cli }) => {
      cli.child.kill('SIGSTOP')
      await pause(stoppedMs)
      cli.child.kill('SIGCONT')
    })
  }

  /** The orderly end, and a new start. */
  roll(): Promise<void> {
    return this.#disturb(async ({ cli }) => {
      cli.child.kill('SIGTERM')
      const code = await cli.ended
      this.#node = undefined
      if (code !== 0) throw new Error(`${this.name} ended with ${code}: ${cli.stderr()}`)
      await this.start()
    })
  }

  async #disturb(work: (node: ClusterNode) => Promise<void>): Promise<void> {
    if (!this.#node || this.isDisturbed) throw new Error(`${this.name} is disturbed already`)
    this.isDisturbed = true
    try {
      await work(this.#node)
    } finally {
      this.isDisturbed = false
    }
  }
}
