import { settlesWithin } from '../../lib/settles-within.ts'
import type { SpawnedClaude } from './spawn-claude.ts'

/** How long each step of ending a process may take, in milliseconds. */
export interface TerminationBounds {
  /** From the end of its input to SIGTERM. */
  graceMs: number
  /** From SIGTERM to SIGKILL. */
  termMs: number
}

/**
 * Waits for the process to leave by itself, then ends it and all that it has started: SIGTERM, later SIGKILL.
 * Resolves when nothing of it is left. What it leaves behind when it goes by itself is ended likewise.
 */
export async function terminate(spawned: SpawnedClaude, bounds: TerminationBounds): Promise<void> {
  const { tree } = spawned
  if (!tree) return
  if (!spawned.hasExited) {
    // While their parents live, all of its children can be found.
    tree.look()
    if (!(await settlesWithin(spawned.exited, bounds.graceMs)) && !spawned.hasExited) {
      tree.signal('SIGTERM')
      if (!(await settlesWithin(spawned.exited, bounds.termMs))) tree.signal('SIGKILL')
    }
    await spawned.exited
  }
  await spawned.swept
}
