/** How many sessions may be active; left out: any number. */
export interface SessionLimits {
  total: number
  key?: number | undefined
  tenant?: number | undefined
}

/** The limit that a new session would exceed, and the active sessions that count for it. */
export interface SessionsFull {
  active: number
  /** `id`: a session has that id already; left out: the limit of all sessions. */
  level?: 'key' | 'tenant' | 'id' | undefined
}

/** A request for places in the window of a counter, which all nodes share. */
export interface WindowRequest {
  counter: string
  windowMs: number
  limit: number
  /** Granted as far as there are any left, */
  needed: number
  /** and of these as many as are a node's part of the rest. */
  spare: number
}

/** The answer to a request, with the state of the window after it. */
export interface WindowGrant {
  granted: number
  /** The step of the window that the grant counts in. */
  step: number
  /** The time until that step is over. */
  stepEndsInMs: number
  left: number
  /** The time until there is one left, unless nodes give some back; 0: there is one. */
  freesInMs: number
}

/**
 * Counters of windows that move on in steps of a 60th. Grants count from the step in which they are given until two
 * steps after the window: there are never more than the limit within any window, as long as grants are used before the
 * step after theirs is over. Times are those of the database; each method is one statement.
 */
export interface RateWindowStore {
  request(request: WindowRequest): Promise<WindowGrant>
  /** Takes back what was granted in a step and not used. */
  giveBack(counter: string, step: number, count: number): Promise<void>
  /** Begins a counter that is not there yet with earlier uses, by their age in milliseconds. */
  begin(counter: string, windowMs: number, uses: readonly { ageMs: number; count: number }[]): Promise<void>
  forget(counter: string): Promise<void>
  /** Removes counters in which nothing counts any more. */
  removeEnded(): Promise<void>
}

/** The places of a counter that a node wants. */
export interface PlaceRequest {
  /** At least: so many are in use. */
  used: number
  /** At most. */
  wanted: number
  limit: number
}

/** Counters of things that run at the same time. What a dead node holds is free. */
export interface RunningPlaceStore {
  /** Replaces the places that a life of a node holds. @returns how many it holds now */
  hold(counter: string, nodeId: string, request: PlaceRequest): Promise<number>
  /** Removes counters of which no place is held. */
  removeFree(): Promise<void>
}

/** Limits that nodes count together. */
export interface LimitStore {
  readonly windows: RateWindowStore
  readonly places: RunningPlaceStore
}
