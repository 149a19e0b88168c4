import { setTimeout as delay } from 'node:timers/promises'
import {
  isRunning,
  listEntries,
  type ProcessEntry,
  type ProcessIdentity,
  readEntry,
  wasStartedWith,
} from './process-table.ts'

/**
 * The marker variable, with a unique value for each started process. Descendants inherit it, and can be found by it
 * when no other trace is left.
 */
export const markerVariable = 'CLAUDE_CODE_API_PROCESS'

/** The time from SIGTERM to SIGKILL for descendants of an ended process, in milliseconds. */
const leftoverTermMs = 1_000
/** The limit of waiting for a process that the kernel cannot end (a hung disk). */
const killBoundMs = 5_000
const pollMs = 15

/**
 * A started process, the leader, and all its descendants.
 *
 * Claude Code runs each Bash command in a session of its own, and init adopts background processes of a command. So
 * members are found by four signs: their parent is a member; they are in a session or group that a member leads; they
 * were seen before; they carry the marker. A process that clears its environment, detaches itself and outlives its
 * parent has none of these signs.
 */
export class ProcessTree {
  readonly leader: ProcessIdentity
  readonly marker: string
  readonly #startedHere: boolean
  /** Start by pid. */
  #seen = new Map<number, number>()

  /** @param startedHere false: started by a previous run, so its pid may have led another session since */
  constructor(leader: ProcessIdentity, marker: string, startedHere: boolean) {
    this.leader = leader
    this.marker = marker
    this.#startedHere = startedHere
    this.#seen.set(leader.pid, leader.startTicks)
  }

  /** Finds live members. Call it while their parents live, because later there are fewer signs. */
  look(): ProcessEntry[] {
    const entries = listEntries()
    const others = ourselves(entries)
    // Descendants are younger than the leader.
    const candidates = entries.filter(
      ({ pid, startTicks }) => startTicks >= this.leader.startTicks && !others.has(pid),
    )
    const members = new Map<number, ProcessEntry>()
    const variable = `${markerVariable}=${this.marker}`
    for (const entry of candidates) {
      if (this.#seen.get(entry.pid) === entry.startTicks || wasStartedWith(entry.pid, variable)) {
        members.set(entry.pid, entry)
      }
    }
    const leadsSession = this.#startedHere && !isReused(this.leader, entries)
    addRelatives(members, candidates, new Set(leadsSession ? [this.leader.pid] : []))
    this.#seen = new Map([...members.values()].map(({ pid, startTicks }) => [pid, startTicks]))
    return [...members.values()].filter(({ zombie }) => !zombie)
  }

  /** Signals all members; without /proc, the leader's group. @returns the number of members found */
  signal(signal: NodeJS.Signals): number {
    if (!this.#hasTable) return kill(-this.leader.pid, signal) ? 1 : 0
    const members = this.look()
    for (const { pid, startTicks } of members) {
      if (readEntry(pid)?.startTicks === startTicks) kill(pid, signal)
    }
    return members.length
  }

  /** Ends all members and waits until they are gone. Returns false if some could not be ended. */
  async end(): Promise<boolean> {
    if (this.signal('SIGTERM') === 0) return true
    if (await this.#areGone(leftoverTermMs)) return true
    return this.kill()
  }

  /** Same as `end`, with SIGKILL only. */
  async kill(): Promise<boolean> {
    const deadline = performance.now() + killBoundMs
    // A member that was started meanwhile is found in the next round.
    while (performance.now() < deadline) {
      if (this.signal('SIGKILL') === 0) return true
      await this.#areGone(deadline - performance.now())
    }
    return false
  }

  /** Same as `kill`, without waiting, for a program that is about to exit. */
  killNow(): void {
    // Dead processes may still be listed. Three rounds catch processes that were being started meanwhile.
    for (let round = 0; round < 3; round++) this.signal('SIGKILL')
  }

  async #areGone(boundMs: number): Promise<boolean> {
    const deadline = performance.now() + boundMs
    for (;;) {
      if (!this.#lives()) return true
      if (performance.now() >= deadline) return false
      await delay(pollMs)
    }
  }

  #lives(): boolean {
    if (!this.#hasTable) return kill(-this.leader.pid, 0)
    // Searching for others is expensive, and not needed while these exist.
    return (
      [...this.#seen].some(([pid, startTicks]) => isRunning({ pid, startTicks })) || this.look().length > 0
    )
  }

  get #hasTable(): boolean {
    return !Number.isNaN(this.leader.startTicks)
  }
}

/** Returns the current process with this pid; its start is NaN without /proc. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: readEntry(pid)?.startTicks ?? Number.NaN }
}

/**
 * Adds the processes whose parent is a member, or that are in a session or group that a member leads.
 *
 * @param sessions of leaders that may be gone
 */
export function addRelatives(
  members: Map<number, ProcessEntry>,
  candidates: readonly ProcessEntry[],
  sessions: ReadonlySet<number>,
): void {
  for (let before = -1; before !== members.size; ) {
    before = members.size
    for (const entry of candidates) {
      const inside =
        members.has(entry.parent) ||
        members.get(entry.session)?.session === entry.session ||
        members.get(entry.group)?.group === entry.group ||
        sessions.has(entry.session)
      if (inside) members.set(entry.pid, entry)
    }
  }
}

function isReused({ pid, startTicks }: ProcessIdentity, entries: ProcessEntry[]): boolean {
  return entries.some(entry => entry.pid === pid && entry.startTicks !== startTicks)
}

/** Returns this process and its ancestors: a server that was started by a tool has the tool's marker. */
export function ourselves(entries: readonly ProcessEntry[]): Set<number> {
  const parents = new Map(entries.map(({ pid, parent }) => [pid, parent]))
  const found = new Set<number>()
  for (let pid: number | undefined = process.pid; pid && !found.has(pid); pid = parents.get(pid)) {
    found.add(pid)
  }
  return found
}

/** Returns false if there was no process to signal. Processes of other users are skipped. */
export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}
