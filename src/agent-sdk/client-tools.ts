import type { McpServerConfig } from '@anthropic-ai/claude-agent-sdk'
import type { ClientTool } from '../client/index.ts'
import { unlessAborted } from '../lib/unless-aborted.ts'
import { NotSupportedError } from './errors.ts'
import { ConnectedMcpServer, type McpInstance } from './mcp-instance.ts'
import { type OfferedTool, SdkMcpServer, type ToolResult, type ToolServer } from './sdk-mcp-server.ts'
import { ToolNames, toDeclaredName, toSdkName } from './tool-names.ts'

type Servers = Readonly<Record<string, McpServerConfig>>

interface FoundTool {
  server: string
  /** Its name in its server. */
  own: string
  /** Its name in the program, such as `mcp__calc__add`. */
  name: string
}

const longestName = 64
/** Below this, the SDK ignores a timeout. */
const shortestTimeoutMs = 1_000

/** The tools of the SDK MCP servers of a query. They run in this program. */
export class ClientTools {
  readonly names: ToolNames
  readonly #servers: ReadonlyMap<string, { server: ToolServer; timeoutMs: number | undefined }>
  readonly #found = new Map<string, FoundTool>()

  constructor(servers: Servers = {}) {
    const own = Object.entries(servers).flatMap(([name, config]) => {
      if (config.type !== 'sdk') return []
      if (config.tools && config.tools.length > 0) {
        throw new NotSupportedError(`options.mcpServers.${name}.tools`, 'use canUseTool and disallowedTools')
      }
      const timeoutMs = config.timeout ?? 0
      const server = toToolServer(name, config.instance)
      return [[name, { server, timeoutMs: timeoutMs < shortestTimeoutMs ? undefined : timeoutMs }] as const]
    })
    this.#servers = new Map(own)
    this.names = new ToolNames(this.#servers.keys())
  }

  /** Declares the tools, without those that are denied. */
  async declare(disallowed: readonly string[]): Promise<ClientTool[]> {
    const declared: ClientTool[] = []
    for (const [server, { server: source }] of this.#servers) {
      for (const offered of await source.list()) {
        const name = toSdkName(server, offered.name)
        if (this.names.isNamed(name, disallowed)) continue
        const one = toDeclared(server, offered)
        this.#found.set(one.name, { server, own: offered.name, name })
        declared.push(one)
      }
    }
    return declared
  }

  /** Instructions of the servers for Claude. */
  get instructions(): string | undefined {
    const parts = [...this.#servers].flatMap(([name, { server }]) =>
      server.instructions ? `## ${name}\n${server.instructions}` : [],
    )
    return parts.length > 0 ? ['# MCP Server Instructions', ...parts].join('\n\n') : undefined
  }

  /** The servers as the first message of a conversation shows them. */
  get states(): { name: string; status: 'connected'; source: 'sdk' }[] {
    return [...this.#servers.keys()].map(name => ({ name, status: 'connected', source: 'sdk' }))
  }

  find(declaredName: string): FoundTool | undefined {
    return this.#found.get(declaredName)
  }

  toolsOf(server: string): { name: string }[] {
    return [...this.#found.values()].filter(one => one.server === server).map(({ own }) => ({ name: own }))
  }

  /** @throws the error of the tool, or of its timeout */
  async call(tool: FoundTool, input: Record<string, unknown>, signal: AbortSignal): Promise<ToolResult> {
    const { server, timeoutMs } = this.#servers.get(tool.server) ?? {}
    if (!server) throw new Error(`MCP server ${tool.server} is not one of the query's servers`)
    if (timeoutMs === undefined) return server.call(tool.own, input, signal)
    const late = AbortSignal.timeout(timeoutMs)
    try {
      return await unlessAborted(server.call(tool.own, input, AbortSignal.any([signal, late])), late)
    } catch (error) {
      if (!late.aborted) throw error
      throw new Error(`The tool took longer than ${timeoutMs} ms`, { cause: error })
    }
  }
}

function toToolServer(name: string, instance: unknown): ToolServer {
  if (instance instanceof SdkMcpServer) return instance
  if (typeof (instance as McpInstance | undefined)?.connect === 'function') {
    return new ConnectedMcpServer(instance as McpInstance)
  }
  throw new NotSupportedError(`options.mcpServers.${name}.instance`, 'it is not an MCP server')
}

function toDeclared(server: string, { name, description, inputSchema, readOnly }: OfferedTool): ClientTool {
  const declared = toDeclaredName(server, name)
  if (declared.length > longestName) {
    const message = `the names of server and tool have more than ${longestName - 2} characters together`
    throw new NotSupportedError(`The tool ${name} of ${server}`, message)
  }
  return {
    name: declared,
    ...(description && { description }),
    inputSchema,
    ...(readOnly && { readOnly }),
  }
}
