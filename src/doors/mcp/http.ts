import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import { ClaudeCodeClient } from '../../client/index.ts'
import { apiBase, type DoorExchange } from '../../contract/doors.ts'
import { findJsonExcess } from '../../lib/json-scan.ts'
import { readEventId } from './event-id.ts'
import { answerLegacy, resumeLegacy } from './legacy-http.ts'
import { toErrorResponse } from './rpc-errors.ts'
import { createServer } from './server.ts'

const bounds = { depth: 64, values: 200_000, numberLength: 1_000 }

export async function answerMessage(exchange: DoorExchange): Promise<Response> {
  const { request, logFault } = exchange
  const body = Buffer.from(await request.arrayBuffer())
  const excess = findJsonExcess(body, bounds)
  if (excess) return toErrorResponse(400, -32_700, `The message has too many or too long values (${excess})`)
  let message: unknown
  try {
    message = JSON.parse(body.toString())
  } catch {
    return toErrorResponse(400, -32_700, 'The body must be a message of JSON-RPC')
  }
  const client = createClient(exchange)
  if (await isLegacyRequest(request, message)) return answerLegacy(exchange, client, message)
  const isCall = (message as { method?: unknown }).method === 'tools/call'
  const handler = createMcpHandler(
    () => createServer({ client, logFault, isCancelled: () => hasLeft(request) }),
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
  return new ClaudeCodeClient({ baseUrl: apiBase, fetch })
}

/** Since 2026-07-28 clients cancel a request by leaving. A shutdown of the server ends requests too. */
function hasLeft({ signal }: Request): boolean {
  return !signal.aborted || (signal.reason as Error | undefined)?.name === 'ClientGoneError'
}
