import type { DoorProgram } from '../../contract/doors.ts'
import { archiveAgent, createAgent, getAgent, listAgents, listAgentVersions, updateAgent } from './agents.ts'
import { type Context, toContext } from './context.ts'
import {
  archiveEnvironment,
  createEnvironment,
  deleteEnvironment,
  getEnvironment,
  listEnvironments,
  updateEnvironment,
} from './environments.ts'
import { refuse, toErrorResponse, toNamed, toRequestId } from './errors.ts'
import { listEvents } from './list-events.ts'
import { listSessions } from './list-sessions.ts'
import { getModel, listModels } from './models.ts'
import type { OperationId } from './operations.ts'
import { sendEvents } from './send-events.ts'
import { archiveSession, createSession, deleteSession, getSession, updateSession } from './sessions.ts'
import { streamEvents } from './stream-events.ts'

/** Each returns the body of its response, or a response. */
const handlers: Record<OperationId, (context: Context) => Promise<object>> = {
  createAgent,
  listAgents,
  getAgent,
  updateAgent,
  archiveAgent,
  listAgentVersions,
  createEnvironment,
  listEnvironments,
  getEnvironment,
  updateEnvironment,
  deleteEnvironment,
  archiveEnvironment,
  createSession,
  listSessions,
  getSession,
  updateSession,
  deleteSession,
  archiveSession,
  sendEvents,
  listEvents,
  streamEvents,
  listModels,
  getModel,
}

export const program: DoorProgram<OperationId> = {
  async answer(id, exchange) {
    const { requestId, params } = exchange
    try {
      const answer = await handlers[id](toContext(exchange))
      if (answer instanceof Response) return answer
      return Response.json(answer, { headers: { 'request-id': toRequestId(requestId) } })
    } catch (error) {
      const response = toErrorResponse(toNamed(error, params), requestId)
      if (!response) throw error
      return response
    }
  },
  refuse,
}
