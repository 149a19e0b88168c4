/** The parts of the store that servers keep in memory. */
export type RevisionName = 'keys' | 'logins' | 'webhooks' | 'push'

/** A part of the store that servers keep in memory. Its revision grows with each change, in the same transaction. */
export interface RevisedStore {
  /** 0: there was no change yet. */
  readRevision(): Promise<number>
}

/** The revisions of all parts. */
export interface RevisionStore {
  /** Read with one statement. Parts without any change are left out. */
  readRevisions(): Promise<ReadonlyMap<RevisionName, number>>
}

/** Memory of a part of the store, which other nodes change as well. */
export interface RevisedMemory {
  /** The one that was read before the memory was filled. */
  readonly revision: number
  /** Brings the memory up to date, without undoing what this node is changing at the moment. */
  reload(): Promise<void>
}
