import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange, type DoorProgram } from '../../contract/doors.ts'
import { createChatCompletion } from './chat-answer.ts'
import { chatFields } from './chat-request.ts'
import type { Context } from './common-request.ts'
import { withProblems } from './follow-answer.ts'
import { getModel, listModels } from './models.ts'
import type { OperationId } from './operations.ts'
import { refuse } from './problem.ts'
import { readBody } from './reading.ts'
import { cancelResponse, createResponse, getResponse } from './response-answer.ts'
import { responsesFields } from './responses-request.ts'

type Handler = (context: Context, exchange: DoorExchange) => Promise<Response>

const handlers: Record<OperationId, Handler> = {
  listModels,
  getModel: (context, { params }) => getModel(context, params.model ?? ''),
  createChatCompletion: async (context, { request }) =>
    createChatCompletion(context, await readBody(request), request.headers),
  createResponse: async (context, { request }) =>
    createResponse(context, await readBody(request), request.headers),
  getResponse: (context, { params, request }) =>
    getResponse(context, params.response ?? '', new URL(request.url).searchParams),
  cancelResponse: (context, { params }) => cancelResponse(context, params.response ?? ''),
}

export const program: DoorProgram<OperationId> = {
  answer(id, exchange) {
    const { caller, fetch, logFault, request } = exchange
    const context: Context = {
      // The client of the door has retries of its own.
      client: new ClaudeCodeClient({ baseUrl: apiBase, fetch, retries: 0 }),
      caller,
      signal: request.signal,
      logFault,
    }
    const renamed = id === 'createChatCompletion' ? chatFields : responsesFields
    return withProblems(() => handlers[id](context, exchange), renamed)
  },
  refuse,
}
