import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessRecord } from '../../sessions/ports/index.ts'
import { listEntries, type ProcessEntry, readEntry, readVariable, toStartTicks } from './process-table.ts'
import { addRelatives, kill, markerVariable, ourselves } from './process-tree.ts'

/** The limit of waiting for processes that the kernel cannot end, in milliseconds. */
const boundMs = 5_000
const pollMs = 10

/**
 * Ends all recorded processes and their descendants with SIGKILL. The records are read again and again, until two looks
 * in a row find neither a process nor one that was being started. All trees are searched in one pass over the kernel's
 * table, so that many of them take no longer than one.
 *
 * @returns false if some could not be ended
 */
export async function killRecorded(read: () => readonly ProcessRecord[]): Promise<boolean> {
  const forest = new Forest()
  const deadline = performance.now() + boundMs
  for (let quiet = 0; quiet < 2; ) {
    const found = forest.look(read())
    for (const { pid, startTicks } of found) {
      if (readEntry(pid)?.startTicks === startTicks) kill(pid, 'SIGKILL')
    }
    quiet = found.length === 0 ? quiet + 1 : 0
    if (performance.now() > deadline) return false
    await delay(pollMs)
  }
  return true
}

/** The trees of many recorded processes; see `ProcessTree` for the signs of a member. */
class Forest {
  /** Start by pid. */
  #seen = new Map<number, number>()

  look(records: readonly ProcessRecord[]): ProcessEntry[] {
    const entries = listEntries()
    const others = ourselves(entries)
    const markers = new Set<string>()
    const leaders = new Map<number, number>()
    let oldest = Number.POSITIVE_INFINITY
    for (const { pid, startedAt, marker } of records) {
      const startTicks = toStartTicks(startedAt)
      if (startTicks === undefined) continue
      markers.add(marker)
      if (pid !== 0) leaders.set(pid, startTicks)
      oldest = Math.min(oldest, startTicks)
    }
    const candidates = entries.filter(({ pid, startTicks }) => startTicks >= oldest && !others.has(pid))
    const members = new Map<number, ProcessEntry>()
    for (const entry of candidates) {
      const { pid, startTicks } = entry
      const isKnown = this.#seen.get(pid) === startTicks || leaders.get(pid) === startTicks
      if (isKnown || markers.has(readVariable(pid, markerVariable) ?? '')) members.set(pid, entry)
    }
    const sessions = new Set(leaders.keys())
    for (const { pid, startTicks } of entries) if (leaders.get(pid) !== startTicks) sessions.delete(pid)
    addRelatives(members, candidates, sessions)
    this.#seen = new Map([...members.values()].map(({ pid, startTicks }) => [pid, startTicks]))
    return [...members.values()].filter(({ zombie }) => !zombie)
  }
}
