import type { Query } from '@anthropic-ai/claude-agent-sdk'
import { settlesWithin } from '../../lib/settles-within.ts'
import type { ProcessState } from '../../sessions/ports/index.ts'

/** Not in the SDK's typings. */
type Applied = { model?: string; effort?: ProcessState['effort'] }
type SettingsReader = { getSettings?(): Promise<{ applied?: Applied }> }

const boundMs = 5_000

/**
 * Detects settings of the process that a slash command has changed and that no frame reports. Must be called before the
 * prompt is sent.
 *
 * @returns a function to call after the command has ended; undefined if the process does not report its settings
 */
export function watchCommand(query: Query): () => Promise<ProcessState> {
  const before = readApplied(query)
  return async () => {
    const after = readApplied(query)
    if (!(await settlesWithin(Promise.all([before, after]), boundMs))) return {}
    const [old, now] = [await before, await after]
    // Models have different defaults.
    if (!old || !now || old.model !== now.model || old.effort === now.effort) return {}
    return { effort: now.effort ?? null }
  }
}

function readApplied(query: Query): Promise<Applied | undefined> {
  const read = async () => (await (query as SettingsReader).getSettings?.())?.applied
  return read().catch(() => undefined)
}
