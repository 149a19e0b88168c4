/** A message of a node to its warden. Times are of the clock `monotonicMs`. */
export type ToWarden =
  | WardenOrder
  /** The main thread of the node was alive at this time. */
  | { kind: 'beat'; at: number; slotsFree: number }
  /** The node ends in order: nothing is to be ended. */
  | { kind: 'goodbye' }

/** The first message: what is to be watched. */
export interface WardenOrder {
  kind: 'order'
  nodeId: string
  leaseMs: number
  /** When the lease that is there has to be given up; undefined: there is none yet. */
  deadline: number | undefined
  database: { url: string; schema?: string | undefined }
  /** The directory with the ledger of processes. */
  processes: string
}

/** A message of a warden to its node. */
export type FromWarden =
  /** The order was read. */
  | { kind: 'ready' }
  | { kind: 'renewed'; deadline: number }
  /** An attempt to renew the lease has failed; there will be others. */
  | { kind: 'trouble'; message: string }
  /** The lease is lost, and the processes were ended, unless `areGone` is false. */
  | { kind: 'lost'; reason: LostReason; areGone: boolean }

/** `dead`: the node was marked dead; `late`: the lease could not be renewed in time. */
export type LostReason = 'dead' | 'late'
