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
   * @returns undefined if the session does not exist, or a living node owns it
   */
  claimSession(tenantId: string, sessionId: string, owner: string): Promise<Fence | undefined>
  /** Gives a session back, unless it was claimed anew meanwhile. */
  releaseSession(sessionId: string, fence: Fence): Promise<void>
  /** Returns the owner of a session, null without one, or undefined if the session does not exist. */
  findOwner(tenantId: string, sessionId: string): Promise<string | null | undefined>
}
