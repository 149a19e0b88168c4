import {
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { ClaudeCodeClient } from '../../client/index.ts'
import type { DoorExchange } from '../../contract/doors.ts'
import { createConnectionId, readConnectionId } from './connection-id.ts'
import type { ResumableCall } from './event-id.ts'
import { HttpChannel } from './http-channel.ts'
import { Mailboxes } from './mailboxes.ts'
import { toErrorResponse } from './rpc-errors.ts'
import { createServer } from './server.ts'
import { describe } from './tool.ts'
import { giveAnswer, toModes } from './turn-waiting.ts'

/** Cancellations of calls, and elicitations that were closed. */
const mailboxes = new Mailboxes()
const sessionHeader = 'mcp-session-id'
/** The SDK refuses longer batches too, but only after the answers in it have been given to the API. */
const longestBatch = 100

/**
 * Answers clients of MCP until 2025-11-25. Their requests stand alone here: what a node would have to remember of a
 * connection is in its id.
 */
export async function answerLegacy(
  exchange: DoorExchange,
  client: ClaudeCodeClient,
  body: unknown,
): Promise<Response> {
  const { request, caller } = exchange
  const connectionId = request.headers.get(sessionHeader)
  if (connectionId !== null && !readConnectionId(connectionId)) {
    return toErrorResponse(404, -32_001, 'There is no such MCP session; initialize a new one')
  }
  const messages = [body].flat() as JSONRPCMessage[]
  if (messages.length > longestBatch) {
    return toErrorResponse(400, -32_600, `A batch can have at most ${longestBatch} messages`)
  }
  const connection = [caller.tenantId, caller.keyId, connectionId]
  for (const message of messages) {
    if (isJSONRPCResponse(message)) {
      const failure = await takeAnswer(exchange, client, connection, message)
      if (failure) return failure
    } else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      mailboxes.send([...connection, 'call', message.params?.requestId], message)
    }
  }
  const requests = messages.filter(isJSONRPCRequest)
  const response = await serve(exchange, client, { request, body, connection, requests })
  const opening = requests.find(message => isInitializeRequest(message))
  if (opening && response.ok) {
    const { capabilities } = opening.params as { capabilities?: Parameters<typeof toModes>[0] }
    response.headers.set(sessionHeader, createConnectionId(toModes(capabilities)))
  }
  return response
}

/** Continues the stream of a call: it is called again, from its position in the log. */
export function resumeLegacy(
  exchange: DoorExchange,
  client: ClaudeCodeClient,
  { id, tool, progressToken, position }: ResumableCall,
): Promise<Response> {
  const { caller } = exchange
  const { sessionId, turnId } = position
  // The turn has its prompt.
  const input = tool === 'prompt' ? { sessionId, prompt: '-' } : { sessionId, turnId }
  const body: JSONRPCRequest = {
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: input,
      ...(progressToken !== undefined && { _meta: { progressToken } }),
    },
  }
  const headers = new Headers(exchange.request.headers)
  headers.set('content-type', 'application/json')
  headers.set('accept', 'application/json, text/event-stream')
  const { url, signal } = exchange.request
  const request = new Request(url, { method: 'POST', headers, signal, body: JSON.stringify(body) })
  const connection = [caller.tenantId, caller.keyId, headers.get(sessionHeader)]
  return serve(exchange, client, { request, body, connection, requests: [body], resumed: position })
}

interface Legacy {
  request: Request
  body: unknown
  /** The key of the connection's mailboxes. */
  connection: readonly unknown[]
  requests: readonly JSONRPCRequest[]
  resumed?: ResumableCall['position']
}

async function serve(
  { logFault, request: { signal } }: DoorExchange,
  client: ClaudeCodeClient,
  { request, body, connection, requests, resumed }: Legacy,
): Promise<Response> {
  const connectionId = request.headers.get(sessionHeader)
  const modes = (connectionId && readConnectionId(connectionId)) || { form: false, url: false }
  const channel = new HttpChannel({ mailboxes, connection, modes, requests, resumed, request })
  const transport = new WebStandardStreamableHTTPServerTransport({
    keepAliveMs: 0,
    ...(channel.isResumable && { eventStore: channel }),
  })
  let isCancelled = false
  const server = createServer({ client, logFault, isCancelled: () => isCancelled, channel })
  const closers = requests.map(({ id }) =>
    mailboxes.open([...connection, 'call', id], message => {
      isCancelled = true
      transport.onmessage?.(message as JSONRPCMessage)
    }),
  )
  const close = () => {
    signal.removeEventListener('abort', close)
    for (const end of closers.splice(0)) end()
    channel.close()
    server.close().catch(logFault)
  }
  try {
    await server.connect(transport)
    channel.connect(transport, close)
    // Not that of a request made here, which is silent once the request has been collected.
    signal.addEventListener('abort', close)
    if (signal.aborted) close()
    const response = await transport.handleRequest(request, { parsedBody: body })
    if (response.body) return channel.wrap(response)
    close()
    return response
  } catch (error) {
    close()
    throw error
  }
}

/** Gives the answer of a person to the API. The call that asked learns of it by the log. */
async function takeAnswer(
  { logFault }: DoorExchange,
  client: ClaudeCodeClient,
  connection: readonly unknown[],
  response: JSONRPCMessage,
): Promise<Response | undefined> {
  const { id, result } = response as { id?: unknown; result?: unknown }
  const [sessionId, permissionId] = HttpChannel.readElicitationId(id) ?? []
  if (sessionId === undefined || permissionId === undefined) return undefined
  const mailbox = [...connection, 'elicitation', permissionId]
  mailboxes.send(mailbox, 'taken')
  try {
    if (result !== undefined && (await giveAnswer(client, sessionId, permissionId, result))) return undefined
    mailboxes.send(mailbox, 'dismissed')
    return undefined
  } catch (error) {
    mailboxes.send(mailbox, 'dismissed')
    return toErrorResponse(400, -32_602, describe(error, logFault))
  }
}
