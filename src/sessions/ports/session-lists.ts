import type { SessionStatus } from '../../contract/sessions.ts'
import type { TurnStatus } from '../../contract/turns.ts'
import type { TurnRecord } from '../records.ts'

/** Which sessions a list shows; what is left out does not narrow it. */
export interface SessionFilter {
  status: SessionStatus | 'all'
  archived?: boolean | undefined
  /** Those that have all of them. */
  tags?: readonly string[] | undefined
  /** The status of the turn that was accepted last. */
  lastTurn?: TurnStatus | undefined
  cwd?: string | undefined
  preset?: string | undefined
  presetVersion?: number | undefined
  /** Ids of the sessions that come into question. */
  only?: readonly string[] | undefined
  /** Ids of sessions that do not. */
  except?: readonly string[] | undefined
}

export interface SessionQuery extends SessionFilter {
  limit: number
  /** The order is that of this time: what has happened since does not count; null: of now. */
  asOf: number | null
  /** Where the page before ended, in that order. */
  after: { lastActivityAt: number; id: string } | null
}

/** The sums and the newest parts of a session, as a list shows them. */
export interface SessionDigest {
  /** The known cost of all turns and autonomous work. */
  costUsd: number
  /** Permission requests that wait for an answer. */
  openRequests: number
  /** The turn that was accepted last. */
  lastTurn: Pick<TurnRecord, 'id' | 'status' | 'endedAt'> | null
}
