import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange, hasLeft } from '../../contract/doors.ts'
import { readEventId } from './event-id.ts'
import { answerLegacy, resumeLegacy } from './legacy-http.ts'
import { toErrorResponse } from './rpc-errors.ts'
import { createServer } from './server.ts'

export async function answerMessage(exchange: DoorExchange): Promise<Response> {
  const { request, logFault } = exchange
  let message: unknown
  try {
    message = await request.json()
  } catch {
    return toErrorResponse(400, -32_700, 'The body must be a message of JSON-RPC')
  }
  const client = createClient(exchange)
  if (await isLegacyRequest(request, message)) return answerLegacy(exchange, client, message)
  // The SDK refuses what is not a message.
  const isCall = (message as { method?: unknown } | null)?.method === 'tools/call'
  const handler = createMcpHandler(
    () => createServer({ client, logFault, isCancelled: () => isAbandoned(request.signal) }),
    {
      legacy: 'reject',
      // Proxies end requests that are silent for long; the HTTP layer sends a sign of life on streams.
      responseMode: isCall ? 'sse' : 'auto',
      keepAliveMs: 0,
    },
  )
  return handler.fetch(request, { parsedBody: message })
}

/** Clients of MCP until 2025-11-25 only. */
export async function resumeStream(exchange: DoorExchange): Promise<Response> {
  const lastEventId = exchange.request.headers.get('last-event-id')
  if (lastEventId === null) {
    const response = toErrorResponse(405, -32_000, 'There is no stream apart from those of tool calls')
    response.headers.set('Allow', 'POST')
    return response
  }
  const call = readEventId(lastEventId)
  if (!call) return toErrorResponse(400, -32_000, 'Last-Event-ID is not the id of an event of this server')
  return resumeLegacy(exchange, createClient(exchange), call)
}

function createClient({ fetch }: DoorExchange): ClaudeCodeClient {
  // The client of the door decides whether it tries again.
  return new ClaudeCodeClient({ baseUrl: apiBase, fetch, retries: 0 })
}

/**
 * Whether the client has cancelled a call that was aborted: since 2026-07-28 it does so by leaving, which its response
 * can notice before its request.
 */
function isAbandoned(signal: AbortSignal): boolean {
  return !signal.aborted || hasLeft(signal)
}
