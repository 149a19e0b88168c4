import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange, type DoorProgram } from '../../contract/doors.ts'
import { deriveId } from '../../lib/derived-id.ts'
import { findSession } from './chat.ts'
import { readChatRequest } from './chat-request.ts'
import { continueMessage, sendPrompt } from './conversation.ts'
import type { operations } from './operations.ts'
import { findErrorResponse, toErrorResponse } from './problems.ts'
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
    const client = clientOf(exchange)
    const found = await findSession(client, toSessionId(exchange, exchange.params.id ?? ''))
    const last = found?.lastTurn
    if (!found || !last || last.endedAt !== null) return new Response(null, { status: 204 })
    const session = client.session(found.sessionId)
    const { turnId } = last
    return toStreamResponse(exchange, signal => streamTurn(session, { turnId, signal }))
  },

  async stopChat(exchange) {
    const client = clientOf(exchange)
    const found = await findSession(client, toSessionId(exchange, exchange.params.id ?? ''))
    if (found) await client.session(found.sessionId).interrupt({ clearQueue: true })
    return new Response(null, { status: 204 })
  },
}

export const program: DoorProgram<keyof typeof operations> = {
  async answer(id, exchange) {
    try {
      return await handlers[id](exchange)
    } catch (error) {
      const response = findErrorResponse(error)
      if (!response) throw error
      return response
    }
  },
  refuse: problem => toErrorResponse(problem),
}

function clientOf({ fetch }: DoorExchange): ClaudeCodeClient {
  return new ClaudeCodeClient({ baseUrl: apiBase, fetch })
}

function toSessionId({ caller }: DoorExchange, chatId: string): string {
  return deriveId('ui', caller.tenantId, chatId)
}
