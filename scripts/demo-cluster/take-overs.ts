import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '../../test/support/client.ts'
import type { DemoCluster } from './cluster.ts'
import type { DemoNode } from './node.ts'

/** How often it is looked who lives and who owns what, in milliseconds. */
const periodMs = 200
/** How long a request may take before it is sent again, in milliseconds. */
const requestMs = 5_000

/**
 * Reports which node owns which session, and what becomes of the sessions of a node that is gone. A node whose process
 * has ended is started again afterwards, as a supervisor would.
 */
export class TakeOvers {
  readonly #cluster: DemoCluster
  readonly #say: (text: string) => void
  /** The last owners that were seen, by session. */
  readonly #owners = new Map<string, string>()
  readonly #absent = new Set<string>()
  #isClosed = false
  #running: Promise<void> | undefined

  constructor(cluster: DemoCluster, say: (text: string) => void) {
    this.#cluster = cluster
    this.#say = say
  }

  open(): void {
    this.#running = this.#watch()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      await this.#look().catch((error: Error) => this.#say(`a look at the nodes failed: ${error.message}`))
      await pause(periodMs)
    }
  }

  async #look(): Promise<void> {
    const { nodes, ownership } = this.#cluster
    const living = new Set(await ownership.listNodes())
    for (const node of nodes) {
      const isGone = !node.program.isRunning || !living.has(node.name)
      if (isGone && !this.#absent.has(node.name)) {
        this.#absent.add(node.name)
        await this.#follow(node)
      } else if (!isGone && this.#absent.delete(node.name)) {
        this.#say(`node ${node.name} is back, pid ${node.program.pid}`)
      }
    }
    await this.#reportOwners(await ownership.listSessions())
  }

  async #reportOwners(
    sessions: Awaited<ReturnType<DemoCluster['ownership']['listSessions']>>,
  ): Promise<void> {
    for (const { id, node } of sessions) {
      const before = this.#owners.get(id)
      if (node === null || node === before) continue
      this.#owners.set(id, node)
      this.#say(`session ${id} is on node ${node}${before === undefined ? '' : ` (it was on ${before})`}`)
    }
  }

  /** Asks for each session of a node that is gone, until another node answers. */
  async #follow({ name, program }: DemoNode): Promise<void> {
    const startedAt = program.endedAt ?? performance.now()
    const lost = [...this.#owners].filter(([, node]) => node === name).map(([id]) => id)
    const what = program.isRunning ? 'does not renew its lease' : `has ended (${await program.ended})`
    this.#say(`node ${name} ${what}; it owned ${count(lost.length)}`)
    await Promise.all(lost.map(id => this.#untilAnswered(id)))
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    const sessions = await this.#cluster.ownership.listSessions()
    const heirs = new Set(
      sessions.flatMap(({ id, node }) => (node !== null && lost.includes(id) ? [node] : [])),
    )
    for (const { id, node } of sessions) if (node !== null && lost.includes(id)) this.#owners.set(id, node)
    if (lost.length > 0) {
      const by = [...heirs].sort().join(' and ')
      const are = lost.length === 1 ? 'is' : 'are'
      this.#say(`node ${name} is gone: its ${count(lost.length)} ${are} answered by ${by} after ${seconds} s`)
    }
    this.#startAgain(name)
  }

  #startAgain(name: string): void {
    const node = this.#cluster.nodes.find(one => one.name === name)
    if (!node || node.program.isRunning || this.#isClosed) return
    this.#say(`node ${name} is started again`)
    node.restart().catch((error: Error) => this.#say(`node ${name} did not start: ${error.message}`))
  }

  async #untilAnswered(sessionId: string): Promise<void> {
    const { base, key } = this.#cluster
    const client = createClient(base, key)
    while (!this.#isClosed) {
      const signal = AbortSignal.timeout(requestMs)
      const answer = await client
        .send('GET', `/sessions/${sessionId}`, undefined, { signal })
        .catch(() => undefined)
      await answer?.body?.cancel()
      // A session that has ended or was removed has an answer too.
      if (answer && answer.status < 500) return
      await pause(periodMs)
    }
  }
}

function count(sessions: number): string {
  return sessions === 1 ? '1 session' : `${sessions} sessions`
}
