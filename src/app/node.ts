import type { RequestListener } from 'node:http'
import { Cluster, type NodeOptions } from '../cluster/cluster.ts'
import { ProcessFiles } from '../cluster/process-files.ts'
import type { NodeLease } from '../cluster/warden/node-lease.ts'
import type { Log } from '../lib/log.ts'
import { TimeOrderedIds } from '../lib/time-ordered-id.ts'
import type { ProcessLedger, Store } from '../sessions/ports/index.ts'
import type { SessionsFigures } from '../sessions/reports/figures.ts'
import { openStore, type StoreDatabase } from '../store/open-store.ts'
import { startWarden } from './cluster/start-warden.ts'
import { readVersion } from './version.ts'

/** The memory that a process is expected to need before one has been measured. */
const bytesPerProcess = 300 * 1024 * 1024

export interface NodeParts {
  options: NodeOptions
  database: StoreDatabase
  /** Of the store, were it a file: its directory belongs to this node. */
  file: string
  /** See `ClusterParts`. */
  portable: string | undefined
  /** The ledger of processes. */
  processesDirectory: string
  slotsFree(): number
  drainTimeoutMs: number
  maxBodyBytes: number
  /** Answers requests that other nodes have forwarded. */
  answer: RequestListener
  /** The lease was lost: this node counts as dead. */
  onLost(): void
  log: Pick<Log, 'warn' | 'error'> & { info(fields: object, message: string): void }
}

/** A life of this node. */
export interface OpenNode {
  readonly cluster: Cluster
  readonly processes: ProcessLedger
  /** Whether the node may act: its lease is good. */
  mayAct(): boolean
  /** Ends the life in order: others can have its sessions. */
  leave(): Promise<void>
  close(): Promise<void>
}

/** Opens the store as one of several nodes, and joins the others. */
export async function openNode(parts: NodeParts): Promise<OpenNode> {
  const { database, file, processesDirectory, log, options, onLost, slotsFree } = parts
  // The life that began first does what one node does for all.
  const nodeId = new TimeOrderedIds().create().id
  const { leaseMs } = options
  const processes = new ProcessFiles(processesDirectory, nodeId)
  const store = await openStore({ file, log, database: { ...database, nodeId, leaseMs } })
  let lease: NodeLease | undefined
  const mayAct = () => lease?.isGood ?? false
  const cluster = new Cluster({ ...parts, id: nodeId, store, mayAct, version: readVersion(), faults: log })
  try {
    const join = () => cluster.join()
    lease = await startWarden({ nodeId, leaseMs, database, processes, slotsFree, log, join })
  } catch (error) {
    await closeBoth(cluster, store)
    throw error
  }
  lease.lost.addEventListener('abort', onLost)
  const { url } = cluster.membership.find(nodeId) ?? {}
  log.info({ nodeId, node: options.name, url }, 'joined the cluster')
  return {
    ...{ cluster, processes },
    mayAct,
    async leave() {
      lease.lost.removeEventListener('abort', onLost)
      await lease.close()
      await cluster.leave()
    },
    close: () => closeBoth(cluster, store),
  }
}

async function closeBoth(cluster: Cluster, store: Store): Promise<void> {
  await cluster.close()
  await store.close()
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
