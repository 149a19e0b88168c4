import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { McpHttpHandler, Server } from '@modelcontextprotocol/server'
import type { ClientTool } from '../contract/client-requests.ts'
import type { CallClientTool } from '../sessions/ports/index.ts'
import { readBody } from './read-body.ts'

/** Claude Code's id of the call, in the request's metadata. */
const toolUseIdField = 'claudecode/toolUseId'
const anything = { type: 'object' as const }

/** An MCP server (streamable HTTP) with the tools of a session's caller. */
export class ToolRoute {
  readonly #tools: readonly ClientTool[]
  readonly #call: CallClientTool
  readonly #closed = new AbortController()
  #handler: Promise<McpHttpHandler> | undefined

  constructor(tools: readonly ClientTool[], call: CallClientTool) {
    this.#tools = tools
    this.#call = call
  }

  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (path !== '') {
      response.writeHead(404).end()
      return
    }
    this.#handler ??= this.#open()
    const left = new AbortController()
    response.once('close', () => left.abort())
    const body = await readBody(request)
    const headers = new Headers()
    for (const [name, values = []] of Object.entries(request.headersDistinct)) {
      for (const value of values) headers.append(name, value)
    }
    const { fetch } = await this.#handler
    const answer = await fetch(
      new Request('http://client-tools.internal/', {
        method: request.method ?? 'GET',
        headers,
        signal: AbortSignal.any([left.signal, this.#closed.signal]),
        ...(body && { body: new Uint8Array(body) }),
      }),
    )
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.flushHeaders()
    if (!answer.body) {
      response.end()
      return
    }
    const stream = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0])
    // Claude Code leaves when the call is interrupted or its process ends.
    await pipeline(stream, response).catch(() => undefined)
  }

  close(): void {
    this.#closed.abort()
  }

  /** The library is loaded by the first session that has such tools. */
  async #open(): Promise<McpHttpHandler> {
    const { createMcpHandler, Server } = await import('@modelcontextprotocol/server')
    return createMcpHandler(() => this.#toServer(new Server({ name: 'client', version: '1' }, capabilities)))
  }

  #toServer(server: Server): Server {
    server.setRequestHandler('tools/list', () => ({
      tools: this.#tools.map(({ name, description, inputSchema = anything, readOnly = false }) => ({
        name,
        ...(description !== undefined && { description }),
        inputSchema: { ...inputSchema, type: 'object' as const },
        annotations: { readOnlyHint: readOnly },
      })),
    }))
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
      const tool = this.#tools.find(({ name }) => name === params.name)
      if (!tool) return { content: [{ type: 'text', text: 'There is no such tool' }], isError: true }
      const toolUseId = params._meta?.[toolUseIdField]
      const call = {
        input: params.arguments ?? {},
        toolUseId: typeof toolUseId === 'string' ? toolUseId : null,
      }
      return this.#call(tool, call, mcpReq.signal)
    })
    return server
  }
}

const capabilities = { capabilities: { tools: {} } }
