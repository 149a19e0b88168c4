import { unlessAborted } from '../../lib/unless-aborted.ts'
import type { Handlers } from '../handler.ts'
import type { HttpDeps } from '../options.ts'
import { openPage, toPosition } from '../pagination.ts'
import { toAnswer } from '../turn-outcome.ts'
import { toTask } from '../wire.ts'

type ConversationHandlers = Pick<
  Handlers,
  | 'listCommands'
  | 'listAgents'
  | 'getContext'
  | 'compactSession'
  | 'listMcpServers'
  | 'changeMcpServer'
  | 'listTasks'
  | 'stopTask'
>

export function conversationHandlers(deps: HttpDeps): ConversationHandlers {
  return {
    async listCommands({ caller, params: { sessionId } }) {
      const commands = await deps.service.conversation.listCommands(caller, sessionId)
      return { status: 200, body: { sessionId, commands } }
    },

    async listAgents({ caller, params: { sessionId } }) {
      const agents = await deps.service.conversation.listAgents(caller, sessionId)
      return { status: 200, body: { sessionId, agents } }
    },

    async getContext({ caller, params: { sessionId }, query }) {
      const usage = await deps.service.conversation.describeContext(caller, sessionId, query.detail)
      return { status: 200, body: { sessionId, ...usage } }
    },

    async compactSession({ caller, params: { sessionId }, body, stop }) {
      const { turn, ended } = await deps.service.conversation.compact(caller, sessionId, {
        instructions: body.instructions,
        timeoutMs: body.timeout,
        onBusy: body.onBusy,
      })
      const end = await unlessAborted(ended, stop)
      const { claudeSessionId } = toAnswer(end.turn, end.claudeSessionId)
      const compaction = await deps.service.conversation.findCompaction(caller, end.turn)
      return { status: 200, body: { turnId: turn.id, sessionId, claudeSessionId, ...compaction } }
    },

    async listMcpServers({ caller, params: { sessionId } }) {
      const servers = await deps.service.conversation.listMcpServers(caller, sessionId)
      return { status: 200, body: { sessionId, servers } }
    },

    async changeMcpServer({ caller, params: { sessionId, server }, body }) {
      const state = await deps.service.conversation.changeMcpServer(caller, sessionId, server, body.action)
      return { status: 200, body: state }
    },

    async listTasks({ caller, params: { sessionId }, query }) {
      const { status } = query
      const list = openPage(query, ['tasks', sessionId, status])
      const page = { ...list.page, ...toPosition(list.key), status }
      const { tasks, total } = await deps.service.conversation.listTasks(caller, sessionId, page)
      const { items, pagination } = list.close(tasks, total, ({ startedAt, id }) => [startedAt, id])
      return { status: 200, body: { sessionId, tasks: items.map(toTask), pagination } }
    },

    async stopTask({ caller, params: { sessionId, taskId } }) {
      return {
        status: 200,
        body: toTask(await deps.service.conversation.stopTask(caller, sessionId, taskId)),
      }
    },
  }
}
