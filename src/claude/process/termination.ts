import { settlesWithin } from '../../lib/settles-within.ts'
import type { SpawnedClaude } from './spawn-claude.ts'

/** The time limits of the steps to end a process, in milliseconds. */
export interface TerminationBounds {
  /** The time from the end of its input to SIGTERM. */
  graceMs: number
  /** The time from SIGTERM to SIGKILL. */
  termMs: number
}

/**
 * Waits for the process to exit on its own, then ends it and its descendants with SIGTERM and later SIGKILL. Resolves
 * when all are gone. Descendants of a process that exits on its own are ended too.
 */
export async function terminate(spawned: SpawnedClaude, bounds: TerminationBounds): Promise<void> {
  const { tree } = spawned
  if (!tree) return
  if (!spawned.hasExited) {
    // While their parents live, all descendants can be found.
    tree.look()
    if (!(await settlesWithin(spawned.exited, bounds.graceMs)) && !spawned.hasExited) {
      tree.signal('SIGTERM')
      if (!(await settlesWithin(spawned.exited, bounds.termMs))) tree.signal('SIGKILL')
    }
    await spawned.exited
  }
  await spawned.swept
}
