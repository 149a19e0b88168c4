import type { OfferedTool, ToolResult, ToolServer } from './sdk-mcp-server.ts'

interface Message {
  jsonrpc: '2.0'
  id?: number
  method?: string
  params?: unknown
  result?: unknown
  error?: { code: number; message: string }
}

/** The part of a server of `@modelcontextprotocol/sdk` that is needed to talk to it. */
export interface McpInstance {
  connect(transport: object): Promise<void>
}

const protocolVersion = '2025-06-18'

/** Talks MCP to a server object of another library, inside this program. */
export class ConnectedMcpServer implements ToolServer {
  instructions: string | undefined
  readonly #instance: McpInstance
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  #opening: Promise<void> | undefined
  #lastId = 0
  /** Gives the server a message. */
  #deliver: ((message: Message) => void) | undefined

  constructor(instance: McpInstance) {
    this.#instance = instance
  }

  async list(): Promise<OfferedTool[]> {
    this.#opening ??= this.#open()
    await this.#opening
    const tools: ListedTool[] = []
    let cursor: string | undefined
    do {
      const page = (await this.#request('tools/list', cursor === undefined ? {} : { cursor })) as {
        tools: ListedTool[]
        nextCursor?: string
      }
      tools.push(...page.tools)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return tools.map(({ name, description, inputSchema, annotations }) => ({
      name,
      description,
      inputSchema,
      readOnly: annotations?.readOnlyHint ?? false,
    }))
  }

  async call(name: string, input: Record<string, unknown>, signal: AbortSignal): Promise<ToolResult> {
    return (await this.#request('tools/call', { name, arguments: input }, signal)) as ToolResult
  }

  async #open(): Promise<void> {
    const transport = {
      start: async () => {},
      send: async (message: Message) => this.#receive(message),
      close: async () => {},
    }
    await this.#instance.connect(transport)
    this.#deliver = message => (transport as { onmessage?: (message: Message) => void }).onmessage?.(message)
    const clientInfo = { name: 'claude-code-http-api', version: '1' }
    const initialized = await this.#request('initialize', { protocolVersion, capabilities: {}, clientInfo })
    this.instructions = (initialized as { instructions?: string }).instructions
    this.#deliver({ jsonrpc: '2.0', method: 'notifications/initialized' })
  }

  #request(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    const id = ++this.#lastId
    const answer = Promise.withResolvers<unknown>()
    this.#pending.set(id, answer)
    const cancel = () => {
      this.#deliver?.({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
      answer.reject(signal?.reason)
    }
    signal?.addEventListener('abort', cancel, { once: true })
    this.#deliver?.({ jsonrpc: '2.0', id, method, params })
    return answer.promise.finally(() => {
      signal?.removeEventListener('abort', cancel)
      this.#pending.delete(id)
    })
  }

  #receive({ id, method, result, error }: Message): void {
    if (method !== undefined) {
      // A request of the server, such as sampling, which Claude Code does not offer to servers of the SDK either.
      if (id === undefined) return
      const refusal = { code: -32601, message: `${method} is not available` }
      this.#deliver?.({ jsonrpc: '2.0', id, error: refusal })
      return
    }
    const answer = this.#pending.get(id ?? -1)
    if (error) answer?.reject(new Error(error.message))
    else answer?.resolve(result)
  }
}

interface ListedTool {
  name: string
  description?: string
  inputSchema: Record<string, unknown>
  annotations?: { readOnlyHint?: boolean }
}
