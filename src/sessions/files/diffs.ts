import { notFound } from '../../contract/errors.ts'
import type { Core } from '../core.ts'
import type { WorkspaceDiff, WorkspaceDiffs } from '../ports/index.ts'
import type { Caller } from '../records.ts'
import { scopeOf } from './file-scope.ts'

/** The changes in a session's directories. */
export class SessionDiffs {
  readonly #core: Core
  readonly #diffs: WorkspaceDiffs

  constructor(core: Core, diffs: WorkspaceDiffs) {
    this.#core = core
    this.#diffs = diffs
  }

  /**
   * @param query.since `session`, or the id of the turn before which the comparison begins
   * @throws ServiceError SESSION_NOT_FOUND, TURN_NOT_FOUND, PATH_NOT_ALLOWED
   */
  async compare(
    caller: Caller,
    sessionId: string,
    { since, path }: { since: string; path?: string | undefined },
  ): Promise<WorkspaceDiff> {
    const { known, store } = this.#core
    const session = await known.get(caller, sessionId)
    const sinceTurnId = since === 'session' ? null : since
    if (sinceTurnId !== null && !(await store.findTurn(caller.tenantId, sessionId, sinceTurnId))) {
      throw notFound('TURN_NOT_FOUND', sinceTurnId)
    }
    return this.#diffs.compare(scopeOf(session), { sinceTurnId, path })
  }
}
