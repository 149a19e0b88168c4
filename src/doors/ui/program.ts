import { ClaudeCodeClient, type SessionClient } from '../../client/index.ts'
import { apiBase, type DoorExchange, type DoorProgram } from '../../contract/doors.ts'
import { deriveId } from '../../lib/derived-id.ts'
import { readChatRequest } from './chat-request.ts'
import { continueMessage, sendPrompt } from './conversation.ts'
import type { operations } from './operations.ts'
import { findProblem, toErrorResponse } from './problems.ts'
import { toStreamResponse } from './stream-response.ts'
import { streamTurn } from './turn-stream.ts'

const handlers: Record<keyof typeof operations, (exchange: DoorExchange) => Promise<Response>> = {
  async sendMessages(exchange) {
    const request = await readChatRequest(exchange.request)
    const client = clientOf(exchange)
    const sessionId = toSessionId(exchange, request.id)
    return request.continued
      ? await continueMessage(exchange, client, sessionId, request.continued, request)
      : await sendPrompt(exchange, client, sessionId, request)
  },

  async resumeStream(exchange) {
    const session = sessionOf(exchange)
    const last = (await session.find())?.lastTurn
    if (!last || last.endedAt !== null) return new Response(null, { status: 204 })
    const { signal } = exchange.request
    return toStreamResponse(exchange, streamTurn(session, { turnId: last.turnId, signal }))
  },

  async stopChat(exchange) {
    const session = sessionOf(exchange)
    if (await session.find()) await session.interrupt({ clearQueue: true })
    return new Response(null, { status: 204 })
  },
}

export const program: DoorProgram<keyof typeof operations> = {
  async answer(id, exchange) {
    try {
      return await handlers[id](exchange)
    } catch (error) {
      const problem = findProblem(error)
      if (!problem) throw error
      return toErrorResponse(problem)
    }
  },
  refuse: problem => toErrorResponse(problem),
}

/** Requests that fail are not repeated: the client is told, and can do so. */
function clientOf({ fetch }: DoorExchange): ClaudeCodeClient {
  return new ClaudeCodeClient({ baseUrl: apiBase, fetch, retries: 0 })
}

/** The session of the chat that the path names. */
function sessionOf(exchange: DoorExchange): SessionClient {
  return clientOf(exchange).session(toSessionId(exchange, exchange.params.id ?? ''))
}

function toSessionId({ caller }: DoorExchange, chatId: string): string {
  return deriveId('ui', caller.tenantId, chatId)
}
