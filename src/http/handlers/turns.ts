import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage } from '../pagination.ts'
import { toTurn } from '../wire.ts'

type TurnHandlers = Pick<Handlers, 'listTurns' | 'getTurn' | 'interruptSession'>

export function turnHandlers(deps: HttpDeps): TurnHandlers {
  return {
    async listTurns({ caller, params: { sessionId }, query }) {
      const list = openPage(query, ['turns', sessionId])
      // Turns are numbered and never removed, so an offset is a position among them.
      const offset = list.key === undefined ? query.offset : Number(list.key[0])
      const { turns, total } = await deps.service.listTurns(caller, sessionId, { ...list.page, offset })
      const end = offset + Math.min(turns.length, query.limit)
      const { items, pagination } = list.close(turns, total, () => [end])
      return { status: 200, body: { sessionId, turns: items.map(toTurn), pagination } }
    },

    async getTurn({ caller, params: { sessionId, turnId } }) {
      return { status: 200, body: toTurn(await deps.service.getTurn(caller, sessionId, turnId)) }
    },

    async interruptSession({ caller, params: { sessionId }, body }) {
      return { status: 200, body: await deps.service.interrupt(caller, sessionId, body) }
    },
  }
}
