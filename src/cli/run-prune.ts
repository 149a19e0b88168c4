import { prune } from '../app/prune.ts'
import { placesOf } from '../app/store-places.ts'
import type { LoadedOptions } from './load-options.ts'

export interface PruneFlags {
  olderThan?: number
  maxSize?: number
  dryRun: boolean
  compact: boolean
  json: boolean
}

/** Prunes a store; what the flags leave open is as configured for the server. */
export async function runPrune(loaded: LoadedOptions, flags: PruneFlags): Promise<void> {
  const { resolved } = loaded
  const { dryRun, compact } = flags
  const summary = await prune(placesOf(resolved), {
    olderThanMs: flags.olderThan ?? resolved.sessionRetentionMs,
    maxBytes: flags.maxSize ?? resolved.maxStoreBytes,
    dryRun,
    compact,
  })
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ dryRun, ...summary })}\n`)
    return
  }
  const { sessions, transcriptLines, excessBytes, fileBytes } = summary
  const lines = [
    dryRun
      ? `${sessions} sessions are old enough, and ${transcriptLines} transcript lines are not used; nothing was removed.`
      : `${sessions} sessions and ${transcriptLines} unused transcript lines were removed.`,
  ]
  if (excessBytes) lines.push(`The store is ${excessBytes} bytes larger than it may be.`)
  if (fileBytes && !dryRun) lines.push(`The file had ${fileBytes.before} bytes, and has ${fileBytes.after}.`)
  process.stdout.write(`${lines.join('\n')}\n`)
}
