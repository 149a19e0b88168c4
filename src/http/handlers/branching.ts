import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { toCreatedSession } from '../wire.ts'

type BranchingHandlers = Pick<Handlers, 'forkSession' | 'rewindSession'>

export function branchingHandlers(deps: HttpDeps): BranchingHandlers {
  return {
    async forkSession({ caller, params: { sessionId }, body, idempotency, markReplayed }) {
      const { branching } = deps.service
      const { session, replayed } = await branching.fork(caller, sessionId, body, { key: idempotency })
      if (replayed) markReplayed()
      return { status: 201, body: toCreatedSession(session) }
    },

    async rewindSession({ caller, params: { sessionId }, body }) {
      return { status: 200, body: await deps.service.branching.rewind(caller, sessionId, body) }
    },
  }
}
