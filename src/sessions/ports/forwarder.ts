import type { ClientTool, ClientToolResult } from '../../contract/client-requests.ts'
import type { McpServer, McpServers } from '../../contract/mcp-servers.ts'

/**
 * Connects Claude Code and git to addresses that callers name. Each is resolved once, checked, and pinned for the
 * connection. Implemented by `src/forwarder/`.
 */
export interface AddressForwarder {
  /** `host:port` on loopback; requests to it must not take a proxy. */
  readonly address: string
  /** Opens a route for the MCP servers of one process. */
  openMcp(context: ForwardingContext): McpForwarding
  /** Opens a route for one clone. @throws ServiceError WORKSPACE_NOT_ALLOWED */
  openClone(url: URL, tenantId: string): Promise<CloneForwarding>
}

/** The process that a connection is for, as log lines name it. Private hosts are for the default tenant alone. */
export interface ForwardingContext {
  tenantId: string
  claudeSessionId?: string
}

/** Observations of the traffic of one MCP server. */
export interface McpTraffic {
  /** Why it cannot be reached at present. */
  failure: string | null
  /** The number of tools that it has listed; null: unknown. */
  offeredTools: number | null
  /** The first invalid tool, because of which Claude Code drops the whole list. */
  invalidTool: string | null
}

export type ClientToolContent = Exclude<ClientToolResult, string>[number]

/**
 * Has the caller answer a call of its tool. Never rejects.
 * @param call.toolUseId Claude Code's id of the call; null: unknown
 * @param signal fires when the process no longer wants to know
 */
export type CallClientTool = (
  tool: ClientTool,
  call: { input: Record<string, unknown>; toolUseId: string | null },
  signal: AbortSignal,
) => Promise<{ content: ClientToolContent[]; isError: boolean }>

export interface McpForwarding {
  /** Serves tools of the caller; equal tools keep their address. */
  serveTools(tools: readonly ClientTool[], call: CallClientTool): McpServer
  /** Returns the servers for Claude Code: on loopback, without headers. Equal servers keep their address. */
  forward(servers: McpServers): McpServers
  find(name: string): McpTraffic | undefined
  /** Closes all connections. */
  close(): void
}

/** How git reaches the repository of one clone. */
export interface CloneForwarding {
  /** The URL for git. */
  address: string
  /** Settings for git, in addition to those of the clone. */
  settings: Readonly<Record<string, string>>
  environment: Readonly<Record<string, string>>
  /** Why the address was refused, once it was. */
  readonly refusal: string | undefined
  close(): void
}
