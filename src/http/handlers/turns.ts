import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { toPagination } from '../pagination.ts'
import { toTurn } from '../wire.ts'

type TurnHandlers = Pick<Handlers, 'listTurns' | 'getTurn' | 'interruptSession'>

export function turnHandlers(deps: HttpDeps): TurnHandlers {
  return {
    async listTurns({ caller, params: { sessionId }, query }) {
      const { turns, total } = await deps.service.listTurns(caller, sessionId, query)
      const pagination = toPagination(query, turns.length, total)
      return { status: 200, body: { sessionId, turns: turns.map(toTurn), pagination } }
    },

    async getTurn({ caller, params: { sessionId, turnId } }) {
      return { status: 200, body: toTurn(await deps.service.getTurn(caller, sessionId, turnId)) }
    },

    async interruptSession({ caller, params: { sessionId }, body }) {
      return { status: 200, body: await deps.service.interrupt(caller, sessionId, body) }
    },
  }
}
