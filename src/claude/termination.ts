import { settlesWithin } from '../lib/settles-within.ts'
import type { SpawnedClaude } from './spawn-claude.ts'

/** How long each step of ending a process may take, in milliseconds. */
export interface TerminationBounds {
  /** From the end of its input to SIGTERM. */
  graceMs: number
  /** From SIGTERM to SIGKILL. */
  termMs: number
}

/**
 * Waits for the process to leave by itself, then ends its whole group: SIGTERM, later SIGKILL. What the process
 * leaves behind in its group is swept in any case.
 */
export async function terminate(spawned: SpawnedClaude, bounds: TerminationBounds): Promise<void> {
  const { pid } = spawned.child
  if (pid === undefined) return
  if (!(await settlesWithin(spawned.exited, bounds.graceMs))) {
    signalGroup(pid, 'SIGTERM')
    if (!(await settlesWithin(spawned.exited, bounds.termMs))) {
      signalGroup(pid, 'SIGKILL')
      await spawned.exited
    }
  }
  signalGroup(pid, 'SIGKILL')
}

/** Signals every process of the group; a group without members is not an error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
