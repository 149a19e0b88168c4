import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { inject } from 'vitest'
import type { ClusterNode } from './cluster.ts'
import { type Attempts, type ClusterReader, insist, readSession } from './cluster-clients.ts'
import { checkInvariants, type Invariant, type Witnessed } from './cluster-invariants.ts'
import { RestlessNode } from './cluster-nodes.ts'
import { listClaudes, readBeats, watchProcesses } from './cluster-processes.ts'
import { promptKinds, scriptPrompts } from './cluster-prompts.ts'
import { type ClusterWatch, watchCluster } from './cluster-watch.ts'
import { endsLater } from './lifetime.ts'
import { temporaryDirectory, until } from './open-sessions.ts'
import { createDatabase } from './postgres/shared-server.ts'
import { random } from './random.ts'
import { cheapStart, claudeEnvironment, openModel } from './real-claude.ts'

export interface StormOptions {
  seed: number
  leaseMs: number
  /** How long long turns take, in milliseconds: longer than a lease. */
  longMs: number
  /** Default: one of its own. `path` is the address that the nodes use. */
  database?: { url: string; path: string }
  nodeCount?: number
}

/** How many unfinished turns a session has at most. */
const mostOpen = 4

/** Three nodes, their clients, and what these have seen. */
export class ClusterStorm {
  readonly nodes: readonly RestlessNode[]
  readonly watch: ClusterWatch
  readonly readers: ClusterReader[] = []
  readonly acknowledged: { key: string; turnId: string; sessionId: string }[] = []
  /** How often something was done. */
  readonly counts: Record<string, number> & {
    retries: number
    doubled: number
    answered: number
    interrupts: number
  } = { retries: 0, doubled: 0, answered: 0, interrupts: 0 }
  readonly #options: StormOptions
  readonly #prompts: ReturnType<typeof scriptPrompts>
  readonly #processes: ReturnType<typeof watchProcesses>
  readonly #sending = new Set<Promise<unknown>>()
  readonly #reading: Promise<void>[] = []
  readonly #leaving = new AbortController()
  readonly #permitting: Promise<void>[] = []
  readonly #random: ReturnType<typeof random>
  #facts = 0

  private constructor(
    options: StormOptions,
    nodes: RestlessNode[],
    watch: ClusterWatch,
    prompts: ReturnType<typeof scriptPrompts>,
    home: string,
  ) {
    this.#processes = watchProcesses(`${home}/`)
    this.#options = options
    this.nodes = nodes
    this.watch = watch
    this.#prompts = prompts
    this.#random = random(options.seed + 1_000)
    endsLater(() => this.#leave())
  }

  static async open(options: StormOptions): Promise<ClusterStorm> {
    const { url, path } = options.database ?? (await ownDatabase())
    const watch = await watchCluster(url)
    const model = await openModel()
    const home = temporaryDirectory()
    const shared = temporaryDirectory()
    const node = (name: string) =>
      new RestlessNode(name, {
        ...{ database: { url: path }, home, shared, leaseMs: options.leaseMs },
        env: { ...claudeEnvironment(model, home), ...cheapStart },
        options: {
          drainTimeoutMs: 2 * options.longMs,
          permissionParkMs: 100,
          rateLimit: { enabled: false },
        },
      })
    const nodes = ['a', 'b', 'c'].slice(0, options.nodeCount).map(node)
    // The first one compiles for the others.
    for (const each of nodes) await each.start()
    const prompts = scriptPrompts(model, shared, options.longMs)
    return new ClusterStorm(options, nodes, watch, prompts, home)
  }

  /** Any node that seems to be there, as a load balancer picks them. */
  readonly pick = (): ClusterNode | undefined => {
    const there = this.nodes.flatMap(({ node }) => node ?? [])
    return there[this.#random.below(there.length)]
  }

  get #attempts(): Attempts {
    return { pick: this.pick, attemptMs: 3 * this.#options.leaseMs, onRetry: () => this.counts.retries++ }
  }

  /** Makes a session, follows it twice, and answers its permission requests. */
  async begin(): Promise<string> {
    const settings = { permissionPrompts: 'ask', allowedTools: ['Bash'] }
    const made = await insist(this.#attempts, 'POST', '/sessions', settings, {
      'idempotency-key': randomUUID(),
    })
    if (made.status !== 201) throw new Error(`no session: ${JSON.stringify(made.body)}`)
    const id: string = made.body.sessionId
    const stay = () => 1_000 + this.#random.below(4 * this.#options.leaseMs)
    for (let count = 0; count < 2; count++) {
      const { reader, over } = readSession(this.pick, id, stay, this.#leaving.signal)
      this.readers.push(reader)
      this.#reading.push(over)
    }
    this.#permitting.push(this.#permit(id))
    return id
  }

  /** Sends prompts to a session until told to stop. */
  async drive(sessionId: string, over: AbortSignal): Promise<void> {
    const { below, pick, chance } = this.#random
    while (!over.aborted) {
      if (this.#openTurns(sessionId) < mostOpen) this.#send(sessionId, pick(promptKinds))
      await pause(100 + below(1_500))
      if (chance(0.06)) await this.#interrupt(sessionId, chance(0.5))
    }
  }

  /** Resolves when all requests are answered. */
  async #answered(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending)
  }

  /** How many acknowledged turns have not ended, as the first reader sees it. */
  #openTurns(sessionId: string): number {
    const [reader] = this.readers.filter(other => other.sessionId === sessionId)
    const ended = new Set(
      reader?.frames
        .filter(({ event }) => /^turn\.(?!queued|started)/.test(event))
        .map(({ turnId }) => turnId),
    )
    const turns = new Set(
      this.acknowledged.filter(turn => turn.sessionId === sessionId).map(({ turnId }) => turnId),
    )
    const open = [...turns].filter(turnId => !ended.has(turnId)).length
    return open + this.#sending.size / this.readers.length
  }

  #send(sessionId: string, kind: (typeof promptKinds)[number]): void {
    const { chance } = this.#random
    const fact = `fact-${this.#options.seed}-${this.#facts++}`
    const key = randomUUID()
    const body = {
      prompt: this.#prompts.prompt(kind, sessionId, fact),
      ...(chance(0.7) && { background: true }),
    }
    const times = chance(0.2) ? 2 : 1
    if (times === 2) this.counts.doubled++
    for (let time = 0; time < times; time++) {
      const sending = this.#ask(sessionId, key, body).finally(() => this.#sending.delete(sending))
      this.#sending.add(sending)
    }
  }

  async #ask(sessionId: string, key: string, body: object): Promise<void> {
    const attempts = 'background' in body ? this.#attempts : { ...this.#attempts, attemptMs: 60_000 }
    const path = `/sessions/${sessionId}/messages`
    const { body: said } = await insist(attempts, 'POST', path, body, { 'idempotency-key': key })
    // Also a turn that has failed was acknowledged.
    const turnId = said.turnId ?? said.error?.details?.turnId
    if (turnId === undefined) throw new Error(`not acknowledged: ${JSON.stringify(said)}`)
    this.acknowledged.push({ key, turnId, sessionId })
  }

  async #interrupt(sessionId: string, clearQueue: boolean): Promise<void> {
    await insist(this.#attempts, 'POST', `/sessions/${sessionId}/interrupt`, { clearQueue })
    this.counts.interrupts++
  }

  /** Asks one node for the permission requests, and answers at another one. */
  async #permit(sessionId: string): Promise<void> {
    const { below } = this.#random
    while (!this.#leaving.signal.aborted) {
      await pause(200 + below(1_000))
      const listed = await this.#once('GET', `/sessions/${sessionId}/permissions`)
      for (const { permissionId } of listed?.body.permissions ?? []) {
        await pause(below(this.#options.leaseMs))
        const path = `/sessions/${sessionId}/permissions/${permissionId}`
        if ((await this.#once('POST', path, { decision: 'allow' }))?.status === 200) this.counts.answered++
      }
    }
  }

  /** One attempt; undefined: no answer that says anything. */
  async #once(method: string, path: string, body?: object) {
    const signal = AbortSignal.timeout(this.#attempts.attemptMs)
    const answer = await this.pick()
      ?.call(method, path, body, { signal })
      .catch(() => undefined)
    return answer?.status === 200 ? answer : undefined
  }

  /** The processes of all sessions. */
  get claudes(): number[] {
    const ids = new Set(this.readers.map(({ sessionId }) => sessionId))
    return listClaudes().flatMap(({ pid, session }) => (ids.has(session) ? pid : []))
  }

  /** Waits until every request is answered, every turn has ended, and every reader has read that. */
  async settled(): Promise<void> {
    await this.#answered()
    await until(async () => (await this.#unfinished()) === 0, 180_000)
    await until(() => this.#areReadersDone(), 60_000)
    await this.#leave()
  }

  /** Checks the invariants, and says how often each was tried. */
  async check(): Promise<Invariant[]> {
    const invariants = await checkInvariants(this.watch, this.#witnessed)
    const tries = invariants.map(({ name, tried }) => `${name} ${tried}`)
    const counts = Object.entries(this.counts).map(([name, count]) => `${name} ${count}`)
    process.stdout.write(`storm of seed ${this.#options.seed}: ${[...counts, ...tries].join(', ')}\n`)
    return invariants
  }

  /** How many turns have not ended, as the database says. */
  async #unfinished(): Promise<number> {
    const { rows } = await this.watch.database.query(
      'select count(*)::int as count from claude_code_api.turns where ended_at is null',
    )
    return rows[0].count
  }

  /** Whether each reader has read the whole log. */
  async #areReadersDone(): Promise<boolean> {
    const { rows } = await this.watch.database.query(
      'select id, last_sequence::float8 as last from claude_code_api.sessions',
    )
    const ends = new Map(rows.map(({ id, last }) => [id, last]))
    return this.readers.every(({ sessionId, frames }) => frames.at(-1)?.sequence === ends.get(sessionId))
  }

  /** The readers and those who answer leave. */
  async #leave(): Promise<void> {
    this.#leaving.abort()
    await Promise.all([...this.#reading, ...this.#permitting])
  }

  get #witnessed(): Witnessed {
    return {
      acknowledged: this.acknowledged,
      told: this.#prompts.told,
      readers: this.readers,
      processes: this.#processes,
      beats: readBeats(this.#prompts.beatFile),
    }
  }
}

async function ownDatabase(): Promise<{ url: string; path: string }> {
  const { url, drop } = await createDatabase(inject('postgresDirectory'))
  endsLater(drop)
  return { url, path: url }
}
