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
 * Given to every process that we start, with a value of its own. What it starts inherits the variable, and is
 * found by it when nothing else leads there any more.
 */
export const markerVariable = 'CLAUDE_CODE_API_PROCESS'

/** From SIGTERM to SIGKILL for what a process that is gone has left behind, in milliseconds. */
const leftoverTermMs = 1_000
/** A process that the kernel does not let go of (a hung disk) must not hold up everything. */
const killBoundMs = 5_000
const pollMs = 15

/**
 * A process that we have started, its leader, and everything that it has started.
 *
 * Claude Code gives each command of Bash a session of its own, and what a command leaves in the background is
 * adopted by init. So members are found by four signs: their parent is one; they are in a session or group that
 * a member leads; they were seen before; they carry the marker. What clears its environment, detaches itself and
 * outlives its parent shows none of them.
 */
export class ProcessTree {
  readonly leader: ProcessIdentity
  readonly marker: string
  readonly #startedHere: boolean
  /** Start by pid. */
  #seen = new Map<number, number>()

  /** @param startedHere false for one of a former life: its number may have been another's session since */
  constructor(leader: ProcessIdentity, marker: string, startedHere: boolean) {
    this.leader = leader
    this.marker = marker
    this.#startedHere = startedHere
    this.#seen.set(leader.pid, leader.startTicks)
  }

  /** Finds the members that live. Worth calling while their parents do: later the signs are fewer. */
  look(): ProcessEntry[] {
    const entries = listEntries()
    const others = ourselves(entries)
    // Whatever it has started is younger.
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
    for (let before = -1; before !== members.size; ) {
      before = members.size
      for (const entry of candidates) {
        const inside =
          members.has(entry.parent) ||
          members.get(entry.session)?.session === entry.session ||
          members.get(entry.group)?.group === entry.group ||
          (leadsSession && entry.session === this.leader.pid)
        if (inside) members.set(entry.pid, entry)
      }
    }
    this.#seen = new Map([...members.values()].map(({ pid, startTicks }) => [pid, startTicks]))
    return [...members.values()].filter(({ zombie }) => !zombie)
  }

  /** Signals every member; without /proc the leader's group. @returns how many were found */
  signal(signal: NodeJS.Signals): number {
    if (!this.#hasTable) return kill(-this.leader.pid, signal) ? 1 : 0
    const members = this.look()
    for (const { pid, startTicks } of members) {
      if (readEntry(pid)?.startTicks === startTicks) kill(pid, signal)
    }
    return members.length
  }

  /** Ends every member, and waits until they are gone. False when some could not be ended. */
  async end(): Promise<boolean> {
    if (this.signal('SIGTERM') === 0) return true
    if (await this.#areGone(leftoverTermMs)) return true
    return this.kill()
  }

  /** As `end`, without asking. */
  async kill(): Promise<boolean> {
    const deadline = performance.now() + killBoundMs
    // One that has just been started by another shows itself in the next round.
    while (performance.now() < deadline) {
      if (this.signal('SIGKILL') === 0) return true
      await this.#areGone(deadline - performance.now())
    }
    return false
  }

  /** As `kill`, at once: for a program that is about to exit. */
  killNow(): void {
    // Those that are dead may still be listed; three rounds catch what was being started meanwhile.
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
    // Looking for others costs more; there is no need to while these are there.
    return (
      [...this.#seen].some(([pid, startTicks]) => isRunning({ pid, startTicks })) || this.look().length > 0
    )
  }

  get #hasTable(): boolean {
    return !Number.isNaN(this.leader.startTicks)
  }
}

/** The process with that pid now; its start is NaN where there is no /proc. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTicks: readEntry(pid)?.startTicks ?? Number.NaN }
}

function isReused({ pid, startTicks }: ProcessIdentity, entries: ProcessEntry[]): boolean {
  return entries.some(entry => entry.pid === pid && entry.startTicks !== startTicks)
}

/** This process and those above it: a server that was itself started by a tool has the tool's marker. */
function ourselves(entries: ProcessEntry[]): Set<number> {
  const parents = new Map(entries.map(({ pid, parent }) => [pid, parent]))
  const found = new Set<number>()
  for (let pid: number | undefined = process.pid; pid && !found.has(pid); pid = parents.get(pid)) {
    found.add(pid)
  }
  return found
}

/** False when there was nobody to signal. One that belongs to another user is left to that user. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}
