import type { SessionRecord } from '../records.ts'

/** Removes whole sessions that are over, over all tenants, in steps that other writes do not wait long for. */
export interface RetentionStore {
  /** The session that ended first, if that was before a time. */
  findOldestEnded(endedBefore: number): Promise<SessionRecord | undefined>
  countEnded(endedBefore: number): Promise<number>
  /** The size of what is stored for a session, roughly, without indexes. */
  measureSession(session: SessionRecord): Promise<number>
  /**
   * Removes at most `limit` rows of a session that is over; in the end the session itself.
   * @returns whether something is left
   */
  removeStep(session: SessionRecord, limit: number): Promise<boolean>
  /**
   * Removes lines of conversations that no session has any more, such as those before a rewind. No session may be
   * rewound or forked meanwhile. @returns how many, at most `limit`
   */
  removeUnusedTranscripts(limit: number): Promise<number>
  countUnusedTranscripts(): Promise<number>
  /** How many bytes are stored beyond a limit, without free space in files; not above 0: none. */
  measureExcess(maxBytes: number): Promise<number>
  /** Gives some free space of a file back to the file system. @returns whether there is more */
  reclaimStep(): Promise<boolean>
}
