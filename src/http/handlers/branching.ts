import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { toCreatedSession } from '../wire.ts'

type BranchingHandlers = Pick<Handlers, 'forkSession' | 'rewindSession'>

export function branchingHandlers(deps: HttpDeps): BranchingHandlers {
  return {
    async forkSession({ caller, params: { sessionId }, body, idempotency, markReplayed }) {
      if (!idempotency) {
        return {
          status: 201,
          body: toCreatedSession(await deps.service.branching.fork(caller, sessionId, body)),
        }
      }
      const { made, replayed } = await deps.service.branching.forkOnce(caller, sessionId, body, idempotency)
      if (replayed) markReplayed()
      return { status: 201, body: toCreatedSession(made) }
    },

    async rewindSession({ caller, params: { sessionId }, body }) {
      return { status: 200, body: await deps.service.branching.rewind(caller, sessionId, body) }
    },
  }
}
