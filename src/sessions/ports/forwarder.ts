import type { McpServers } from '../../contract/mcp-servers.ts'

/**
 * Connects Claude Code and git to addresses that callers name: each is resolved once, checked, and pinned for the
 * connection. Filled by `src/forwarder/`.
 */
export interface AddressForwarder {
  /** `host:port` on loopback; requests to it must not take a proxy. */
  readonly address: string
  /** For the MCP servers of one process. @param context fields of its log lines */
  openMcp(context: object): McpForwarding
  /** For one clone. @throws ServiceError WORKSPACE_NOT_ALLOWED */
  openClone(url: URL): Promise<CloneForwarding>
}

/** What went by for one MCP server. */
export interface McpTraffic {
  /** Why it cannot be reached at present. */
  failure: string | null
  /** How many tools it has listed; null: not known. */
  offeredTools: number | null
  /** The first of them that makes Claude Code drop the whole list. */
  invalidTool: string | null
}

export interface McpForwarding {
  /** The servers as Claude Code is to know them: on loopback, without their headers. Equal ones stay the same. */
  forward(servers: McpServers): McpServers
  find(name: string): McpTraffic | undefined
  /** Cuts every connection. */
  close(): void
}

/** How git reaches the repository of one clone. */
export interface CloneForwarding {
  /** What git is given in place of the URL. */
  address: string
  /** Settings of git, beside those that the clone has itself. */
  settings: Readonly<Record<string, string>>
  environment: Readonly<Record<string, string>>
  /** Why the address was refused, once it was. */
  readonly refusal: string | undefined
  close(): void
}
