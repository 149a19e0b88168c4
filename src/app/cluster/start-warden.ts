import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { killRecorded } from '../../claude/process/kill-recorded.ts'
import type { ProcessFiles } from '../../cluster/process-files.ts'
import { keepLease, type LeaseParts, type NodeLease } from '../../cluster/warden/node-lease.ts'

/** `.ts` in the source tree, `.js` in the package. */
const entry = fileURLToPath(new URL(`../../cli/warden${extname(import.meta.url)}`, import.meta.url))

export interface WardenOptions extends Pick<LeaseParts, 'join' | 'slotsFree' | 'log'> {
  /** Of this life. */
  nodeId: string
  leaseMs: number
  database: { url: string; schema?: string | undefined }
  /** The ledger that the launcher records its processes in. */
  processes: ProcessFiles
}

/**
 * Lets the life of a node begin: starts its warden, joins, and resolves when the lease is good.
 *
 * @throws Error when the lease cannot be had
 * @example
 * const lease = await startWarden({ ...options, join: () => store.nodes.join(node, leaseMs) })
 */
export function startWarden({
  nodeId,
  leaseMs,
  database,
  processes,
  ...parts
}: WardenOptions): Promise<NodeLease> {
  const { url, schema } = database
  return keepLease({
    ...parts,
    order: { nodeId, leaseMs, database: { url, schema }, processes: processes.directory },
    entry,
    killTrees: () => killRecorded(() => processes.listOwn()),
  })
}
