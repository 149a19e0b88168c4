/** `dead` is final: the life of a node is never used again. */
export type NodeState = 'active' | 'draining' | 'dead'

/** One life of a node: from a start of its program to its end. */
export interface NodeRecord {
  id: string
  /** Where other nodes reach it. */
  url: string
  version: string
  state: NodeState
  /** How many more processes it could start. */
  slotsFree: number
  /** Names of the places that its directories are in. */
  volumes: string[]
}

/**
 * The nodes that share a database. A node lives as long as its lease, which it renews. Times are those of the database
 * alone.
 */
export interface NodeStore {
  /** A new life begins, with a lease of so many milliseconds. */
  join(node: Omit<NodeRecord, 'state'>, leaseMs: number): Promise<void>
  /** Returns false if the node is dead: a lease that was lost is never renewed. */
  renew(id: string, leaseMs: number, slotsFree: number): Promise<boolean>
  /** The node takes no more sessions. */
  drain(id: string): Promise<void>
  /** The life is over, whatever its lease says. */
  leave(id: string): Promise<void>
  /** Ends the lives whose lease is over. @returns their ids */
  buryExpired(): Promise<string[]>
  /** All that are not dead. */
  listNodes(): Promise<NodeRecord[]>
  /** Removes the rows of dead nodes that own no session any more. */
  forgetDead(): Promise<void>
}
