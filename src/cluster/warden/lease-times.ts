/** The least time in which processes can be ended before the lease is over, in milliseconds. */
const leastMarginMs = 250

/** The times of a lease, in milliseconds. */
export interface LeaseTimes {
  /** From the sending of a renewal to the moment at which the processes are ended. */
  heldMs: number
  /** Between renewals. */
  renewalMs: number
  /** Between attempts to renew that fail. */
  retryMs: number
  /** The limit for connecting to the database, and for its answer. */
  answerMs: number
  /** Between the beats of the node. */
  beatMs: number
  /** The age of the last beat at which the node counts as stopped. */
  silentMs: number
}

/** @throws Error if the lease is too short to be kept */
export function leaseTimes(leaseMs: number): LeaseTimes {
  if (leaseMs < 2 * leastMarginMs) throw new Error(`leaseMs must be at least ${2 * leastMarginMs}`)
  return {
    heldMs: leaseMs - Math.max(leaseMs / 10, leastMarginMs),
    renewalMs: leaseMs / 4,
    retryMs: leaseMs / 20,
    answerMs: leaseMs / 5,
    beatMs: leaseMs / 8,
    silentMs: leaseMs / 3,
  }
}
