/**
 * The right to write to a session. Each claim counts the epoch up, so that at most one holder of a session's fences can
 * write; the pair stays unique even where a failover of the database loses a claim.
 */
export interface Fence {
  /** A life of a node, whose id no other life has. */
  readonly owner: string
  readonly epoch: number
}

/** The right to write to a named session, for a write that says nothing else about it. */
export interface SessionFence extends Fence {
  readonly sessionId: string
}

/** Where a session is. */
export interface SessionPlacement {
  /** The node that owns it; null: none that lives. */
  owner: string | null
  /** The place of its directory, of which nodes say whether they have it; null: any node has it. */
  volume: string | null
  /** Whether it has neither ended nor expired. */
  isActive: boolean
}

/** A session with something to do, and without a living owner. */
export interface Orphan {
  tenantId: string
  sessionId: string
  epoch: number
  volume: string | null
}

/** Who may write to which session. A server that has the store for itself needs no claims. */
export interface ClaimStore {
  /**
   * Claims a session without an owner, or whose node is dead, or anew one of the same owner.
   *
   * @returns undefined if the session does not exist, or a living node owns it
   */
  claimSession(tenantId: string, sessionId: string, owner: string): Promise<Fence | undefined>
  /** Sessions that were left with something to do by nodes that are dead, or have given them back; at most `limit`. */
  listOrphans(limit: number): Promise<Orphan[]>
  /** Claims several that were listed, unless their epoch has changed since. @returns those that were claimed */
  claimOrphans(orphans: readonly Orphan[], owner: string): Promise<Map<string, Fence>>
  /**
   * Keeps a session in a place, from which it does not take its directory along any more.
   *
   * @returns whether the fence still holds
   */
  pinSession(sessionId: string, fence: Fence, volume: string): Promise<boolean>
  /** Gives a session back, unless it was claimed anew meanwhile. */
  releaseSession(sessionId: string, fence: Fence): Promise<void>
  /** Gives back all sessions of an owner except for some. */
  releaseAll(owner: string, except: readonly string[]): Promise<void>
  /** Returns undefined if the session does not exist. */
  findPlacement(tenantId: string, sessionId: string): Promise<SessionPlacement | undefined>
}
