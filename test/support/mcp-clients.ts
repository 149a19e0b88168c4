import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { endsLater } from './lifetime.ts'

export interface Elicitation {
  mode?: string
  message: string
  url?: string
  requestedSchema?: { properties: Record<string, Record<string, unknown>>; required?: string[] }
}
type ElicitResult = { action: 'accept' | 'decline' | 'cancel'; content?: Record<string, string | string[]> }
export type OnElicitation = (params: Elicitation, signal: AbortSignal) => ElicitResult | Promise<ElicitResult>

export interface CallOptions {
  signal?: AbortSignal
  onProgress?: (message: string) => void
}

export interface ToolAnswer {
  text: string
  isError: boolean
  // Tests look into results of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: the client has checked the shape
  data: any
  // biome-ignore lint/suspicious/noExplicitAny: the client has checked the shape
  content: any[]
}

/** The parts of the official clients that tests use with both. */
export interface McpClient {
  call(name: string, input?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>
  client: Client | ModernClient
  /** Errors that the client has been told of apart from its calls. */
  errors: Error[]
}

interface ClientParts {
  url: string
  key?: string | undefined
  onElicitation?: OnElicitation | undefined
  fetch?: typeof fetch
}

const info = { name: 'tests', version: '1' }

function toAnswer(result: Record<string, unknown>): ToolAnswer {
  const content = result.content as { type: string; text?: string }[]
  const text = content.map(block => block.text ?? '').join('\n')
  return { text, isError: result.isError === true, data: result.structuredContent, content }
}

function toRequestOptions({ signal, onProgress }: CallOptions) {
  return {
    timeout: 60_000,
    ...(signal && { signal }),
    ...(onProgress && {
      onprogress: ({ message = '' }: { message?: string | undefined }) => onProgress(message),
    }),
  }
}

function toTransportOptions({ key, fetch }: ClientParts) {
  return {
    ...(key !== undefined && { requestInit: { headers: { authorization: `Bearer ${key}` } } }),
    ...(fetch && { fetch }),
    reconnectionOptions: {
      initialReconnectionDelay: 10,
      maxReconnectionDelay: 100,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: 20,
    },
  }
}

/** The client of `@modelcontextprotocol/sdk`, which speaks MCP until 2025-11-25. */
export async function openClient(
  parts: ClientParts,
): Promise<McpClient & { client: Client; transport: StreamableHTTPClientTransport }> {
  const { url, onElicitation } = parts
  const client = new Client(info, {
    capabilities: onElicitation ? { elicitation: { form: {}, url: {} } } : {},
  })
  if (onElicitation) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) =>
      onElicitation(params as unknown as Elicitation, signal),
    )
  }
  const errors: Error[] = []
  client.onerror = error => errors.push(error)
  const transport = new StreamableHTTPClientTransport(new URL(url), toTransportOptions(parts))
  endsLater(() => client.close())
  // The SDK's types do not know `exactOptionalPropertyTypes`.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  const call: McpClient['call'] = async (name, input = {}, options = {}) =>
    toAnswer(await client.callTool({ name, arguments: input }, undefined, toRequestOptions(options)))
  return { call, client, errors, transport }
}

/** The client of `@modelcontextprotocol/client`. `auto` speaks MCP since 2026-07-28. */
export async function openModernClient(
  parts: ClientParts,
  mode: 'auto' | 'legacy' = 'auto',
): Promise<McpClient & { client: ModernClient }> {
  const { url, onElicitation } = parts
  const client = new ModernClient(info, {
    versionNegotiation: { mode },
    capabilities: onElicitation ? { elicitation: { form: {}, url: {} } } : {},
  })
  if (onElicitation) {
    client.setRequestHandler('elicitation/create', ({ params }, { mcpReq: { signal } }) =>
      onElicitation(params as unknown as Elicitation, signal),
    )
  }
  const errors: Error[] = []
  client.onerror = error => errors.push(error)
  endsLater(() => client.close())
  await client.connect(new ModernTransport(new URL(url), toTransportOptions(parts)))
  const call: McpClient['call'] = async (name, input = {}, options = {}) =>
    toAnswer(await client.callTool({ name, arguments: input }, toRequestOptions(options)))
  return { call, client, errors }
}
