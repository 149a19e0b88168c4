/** A use of a counter that was counted, or refused. */
export interface CountedUse {
  granted: boolean
  /** As far as this node knows. */
  left: number
  /** The time until there is one left, in milliseconds; 0: there is one. */
  freesInMs: number
  /** Takes it back, because what it was counted for has not happened. */
  undo(): void
}

export interface CounterOptions {
  /** Whether a node may take a part ahead, so that not every use asks the store; left out: true. */
  ahead?: boolean
  /** The uses that a new counter begins with, by their age in milliseconds. */
  history?: () => Promise<{ ageMs: number; count: number }[]>
}

/** Counts within windows of time, over all nodes. */
export interface SharedCounters {
  /** Never rejects, and answers within a short time: without the store, a node counts alone. */
  take(counter: string, windowMs: number, limit: number, options?: CounterOptions): Promise<CountedUse>
  /** Forgets a counter that this node has used, because it has no limit any more. */
  forget(counter: string, windowMs: number): void
}
