import type { WorkspaceDiff } from '../ports.ts'
import type { Caller } from '../records.ts'

/** What has changed in a session's directories. */
export interface DiffsService {
  /**
   * @param query.since `session`, or the id of the turn before which the comparison begins
   * @throws ServiceError SESSION_NOT_FOUND, TURN_NOT_FOUND, PATH_NOT_ALLOWED
   */
  compare(
    caller: Caller,
    sessionId: string,
    query: { since: string; path?: string | undefined },
  ): Promise<WorkspaceDiff>
}
