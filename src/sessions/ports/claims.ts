/**
 * The right to write to a session. Each claim counts the epoch up, so that at most one holder of a session's fences can
 * write; the pair stays unique even where a failover of the database loses a claim.
 */
export interface Fence {
  /** A life of a node, whose id no other life has. */
  readonly owner: string
  readonly epoch: number
}

/** Who may write to which session. A server that has the store for itself needs no claims. */
export interface ClaimStore {
  /**
   * Claims a session without an owner, or whose node is dead.
   *
   * @returns undefined: there is no such session, or a node that lives has it
   */
  claimSession(tenantId: string, sessionId: string, owner: string): Promise<Fence | undefined>
  /** Gives a session back, unless it was claimed anew meanwhile. */
  releaseSession(sessionId: string, fence: Fence): Promise<void>
  /** The owner of a session; null: it has none; undefined: there is no such session. */
  findOwner(tenantId: string, sessionId: string): Promise<string | null | undefined>
}
