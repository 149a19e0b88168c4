import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { Cluster, type NodeOptions } from '../cluster/cluster.ts'
import type { Log } from '../lib/log.ts'
import type { Store } from '../sessions/ports/index.ts'
import type { SessionsFigures } from '../sessions/reports/figures.ts'
import { openStore, type StoreDatabase } from '../store/open-store.ts'
import { readVersion } from './version.ts'

/** The memory that a process is expected to need before one has been measured. */
const bytesPerProcess = 300 * 1024 * 1024

export interface NodeParts {
  options: NodeOptions
  database: StoreDatabase
  file: string
  slotsFree(): number
  drainTimeoutMs: number
  maxBodyBytes: number
  /** Answers requests that other nodes have forwarded. */
  answer: RequestListener
  log: Pick<Log, 'warn' | 'error'>
}

/** Opens the store as one of several nodes, and joins the others. */
export async function openNode({
  database,
  file,
  log,
  ...parts
}: NodeParts): Promise<{ store: Store; cluster: Cluster }> {
  const id = randomUUID()
  const store = await openStore({ file, log, database: { ...database, nodeId: id } })
  const cluster = new Cluster({ ...parts, id, store, version: readVersion(), faults: log })
  try {
    await cluster.join()
    const timer = setInterval(() => {
      store.nodes.renew(id, parts.options.leaseMs, parts.slotsFree()).catch(() => {})
    }, parts.options.leaseMs / 4)
    timer.unref()
  } catch (error) {
    await cluster.close()
    await store.close()
    throw error
  }
  return { store, cluster }
}

/** How many more processes could start, as far as figures tell. */
export function countFreeSlots(
  figures: SessionsFigures | undefined,
  {
    maxLiveProcesses = Number.POSITIVE_INFINITY,
    maxProcessMemoryBytes,
  }: {
    maxLiveProcesses?: number | undefined
    maxProcessMemoryBytes: number
  },
): number {
  const most = Math.min(maxLiveProcesses, Math.floor(maxProcessMemoryBytes / bytesPerProcess))
  const taken = figures ? figures.slots.busy.count + figures.waitingTurns : 0
  return Math.max(0, most - taken)
}
