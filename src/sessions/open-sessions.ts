import type { SessionState } from '../contract/sessions.ts'
import { settlesWithin } from '../lib/settles-within.ts'
import { OpenSession, type OpenSessionContext } from './lifecycle/open-session.ts'
import type { AgentLauncher } from './ports/index.ts'
import { ProcessPool, type SlotHolder } from './processes/process-pool.ts'
import type { MemoryGauge } from './processes/slot-memory.ts'
import { SpareProcesses } from './processes/spare-processes.ts'
import type { SessionRecord } from './records.ts'
import type { SessionsFigures } from './reports/figures.ts'
import { isAtWork } from './turns/turn.ts'

/** An interrupt that takes longer waits for the store, not for Claude Code. */
const interruptBoundMs = 10_000

type Context = Omit<OpenSessionContext, 'mayStart' | 'onDispensable' | 'signal' | 'pool'> & {
  keepSpareProcess: boolean
  /** Undefined: memory alone bounds the processes. */
  maxLiveProcesses?: number | undefined
  maxProcessMemoryBytes: number
}

/** The sessions that have something to do or a process; the others are rows in the store and nothing else. */
export class OpenSessions {
  readonly #sessions = new Map<string, OpenSession>()
  readonly #context: OpenSessionContext
  readonly #givenUp = new AbortController()
  readonly #pool: ProcessPool
  /** Undefined when none are kept. */
  readonly spares: SpareProcesses | undefined
  #draining = false

  constructor(context: Context) {
    this.#pool = new ProcessPool({
      maxProcesses: context.maxLiveProcesses,
      memory: { budgetBytes: context.maxProcessMemoryBytes, gauge: toGauge(context.launcher) },
    })
    if (context.keepSpareProcess) this.spares = new SpareProcesses({ ...context, pool: this.#pool })
    this.#context = {
      ...context,
      pool: this.#pool,
      mayStart: () => !this.#draining,
      signal: this.#givenUp.signal,
      onDispensable: id => {
        if (this.#sessions.get(id)?.dispensable) this.#sessions.delete(id)
      },
    }
  }

  /** How many turns run, those that wait for a person included. */
  get runningTurns(): number {
    return [...this.#sessions.values()].filter(({ turns }) => turns.current).length
  }

  figures(): Omit<SessionsFigures, 'readers' | 'disconnects'> {
    let runningTurns = 0
    let queuedTurns = 0
    for (const { turns } of this.#sessions.values()) {
      if (turns.current && isAtWork(turns.current.record.status)) runningTurns++
      queuedTurns += turns.queuedCount
    }
    return {
      runningTurns,
      queuedTurns,
      waitingTurns: this.#pool.waiting,
      slots: this.#pool.slots(),
      evictions: this.#pool.evictions,
    }
  }

  find(sessionId: string): OpenSession | undefined {
    return this.#sessions.get(sessionId)
  }

  /** The ids of the sessions in one of these states. */
  listIn(...states: SessionState[]): string[] {
    return [...this.#sessions.values()].filter(live => states.includes(live.state)).map(({ id }) => id)
  }

  /** Closes permission requests whose time is over, in all sessions. */
  async expirePermissions(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(live => live.process.requests.expireDue()))
  }

  of(session: SessionRecord): OpenSession {
    const known = this.#sessions.get(session.id)
    if (known) return known
    const live = new OpenSession(session, this.#context)
    this.#sessions.set(session.id, live)
    return live
  }

  /** Ends the session's open turns and its process. @returns resolves to what resolves when that has gone */
  async end(sessionId: string): Promise<{ gone: Promise<void> }> {
    const live = this.#sessions.get(sessionId)
    await live?.end()
    this.#sessions.delete(sessionId)
    return { gone: live?.gone ?? Promise.resolve() }
  }

  /** Forgets a session that belongs to another owner; its process is killed. */
  drop(sessionId: string): void {
    const live = this.#sessions.get(sessionId)
    this.#sessions.delete(sessionId)
    live?.forsake().catch(error => this.#context.faults.error({ err: error, sessionId }, 'ending failed'))
  }

  get ids(): string[] {
    return [...this.#sessions.keys()]
  }

  /**
   * Waits for running turns up to `drainTimeoutMs`, then interrupts them; ends every process.
   * @param onClosed called with each session when nothing of it is at work and everything is stored
   */
  async close(drainTimeoutMs: number, onClosed: (sessionId: string) => Promise<void>): Promise<void> {
    this.#draining = true
    this.#pool.close()
    this.#context.limits.running.close()
    const all = [...this.#sessions.values()]
    await Promise.all(all.map(live => live.outliveServer()))
    const settled = Promise.all(all.map(live => live.turns.settled()))
    const isOver = Promise.withResolvers<void>()
    const closed = all.map(async live => {
      await live.turns.settled()
      // Background tasks may continue as long as turns of other sessions may.
      if (live.backgroundTasks > 0) await isOver.promise
      await live.close()
      await onClosed(live.id)
    })
    if (!(await settlesWithin(settled, drainTimeoutMs))) {
      const stop = async (live: OpenSession) =>
        (await live.outliveServer()) || live.turns.interrupt(undefined, false)
      await settlesWithin(Promise.all(all.map(stop)), interruptBoundMs)
    }
    // Events that are still unwritten now are lost.
    this.#givenUp.abort()
    isOver.resolve()
    await Promise.all([this.spares?.close(), ...closed])
    this.#sessions.clear()
  }
}

/** Measures what is in the slots; without figures every process weighs the same. */
function toGauge({ memory }: AgentLauncher): MemoryGauge<SlotHolder> {
  return {
    async measure(holders) {
      const agents = holders.flatMap(({ liveAgent }) => liveAgent ?? [])
      const sizes = agents.length === 0 ? undefined : await memory?.measure(agents)
      const measured = new Map<SlotHolder, number>()
      for (const holder of holders) {
        const bytes = holder.liveAgent && sizes?.get(holder.liveAgent)
        if (bytes !== undefined) measured.set(holder, bytes)
      }
      return measured
    },
    readPressure: async () => memory?.readPressure(),
  }
}
