import { setTimeout as pause } from 'node:timers/promises'
import { type ClusterNode, type ClusterOptions, killNode, startNode } from './cluster.ts'
import { urlOf } from './cluster-watch.ts'
import { endsLater } from './lifetime.ts'

/** How much of the log of a node is kept for a fault, in characters. */
const tailLength = 3_000

/** A node that is killed, stopped and started again, under one name. */
export class RestlessNode {
  readonly name: string
  readonly #options: ClusterOptions
  #starts = 0
  #node: ClusterNode | undefined
  /** Whether something is being done to it. */
  isDisturbed = false
  /** Ends that nobody has asked for. */
  readonly faults: string[] = []

  constructor(name: string, options: ClusterOptions) {
    this.name = name
    this.#options = options
  }

  /** Undefined while it is down; a node that is stopped seems to be there. */
  get node(): ClusterNode | undefined {
    return this.#node
  }

  async start(): Promise<ClusterNode> {
    const { database } = this.#options
    const node = await startNode(this.name, {
      ...this.#options,
      database: { ...database, url: urlOf(database.url, `${this.name}-${++this.#starts}`) },
    })
    endsLater(() => node.cli.child.kill('SIGCONT'))
    this.#node = node
    void node.cli.ended.then(code => {
      // One that is killed was given up before; the orderly end has the code 0.
      if (this.#node !== node || code === 0 || node.cli.child.signalCode === 'SIGTERM') return
      this.#node = undefined
      this.faults.push(`${this.name} ended with ${code}: ${node.cli.stderr().slice(-tailLength)}`)
    })
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
      await cli.ended
      await this.start()
    })
  }

  /** One that has ended by itself is started again. */
  async revive(): Promise<void> {
    if (this.#node || this.isDisturbed) return
    this.isDisturbed = true
    await this.start().finally(() => {
      this.isDisturbed = false
    })
  }

  async #disturb(work: (node: ClusterNode) => Promise<void>): Promise<void> {
    if (!this.#node || this.isDisturbed) return this.revive()
    this.isDisturbed = true
    try {
      await work(this.#node)
    } finally {
      this.isDisturbed = false
    }
  }
}
