import type { McpServerStatus } from '@anthropic-ai/claude-agent-sdk'
import type { McpServerState } from '../../contract/conversation.ts'
import type { McpServers } from '../../contract/mcp-servers.ts'
import type {
  AddressForwarder,
  AgentSpec,
  ForwardingContext,
  McpForwarding,
} from '../../sessions/ports/index.ts'
import { toMcpServerState } from '../questions/mcp-status.ts'

type McpForwarder = Pick<AddressForwarder, 'openMcp' | 'address'>

/** The MCP servers of a session as its process reaches them: through the forwarder, which adds their headers. */
export class ForwardedServers {
  readonly #forwarder: McpForwarder | undefined
  readonly #forwarding: McpForwarding | undefined
  #servers: McpServers = {}

  /** @param forwarder undefined: Claude Code connects directly */
  constructor(forwarder: McpForwarder | undefined, process: ForwardingContext) {
    this.#forwarder = forwarder
    this.#forwarding = forwarder?.openMcp(process)
  }

  forward(servers: McpServers): McpServers {
    this.#servers = servers
    return this.#forwarding?.forward(servers) ?? servers
  }

  /** Returns the options for a process. @param environment the environment without the session's variables */
  apply(spec: AgentSpec, environment: Readonly<Record<string, string>>): AgentSpec {
    if (!this.#forwarder) return spec
    const { mcpServers, agentEnv = {} } = spec.settings
    const exceptions = findExceptions({ ...environment, ...agentEnv }, this.#forwarder.address)
    const settings = {
      ...spec.settings,
      ...(mcpServers && { mcpServers: this.forward(mcpServers) }),
      ...(exceptions && { agentEnv: { ...agentEnv, ...exceptions } }),
    }
    return { ...spec, settings }
  }

  describe(server: McpServerStatus): McpServerState {
    return toMcpServerState(server, this.#servers[server.name], this.#forwarding?.find(server.name))
  }

  close(): void {
    this.#forwarding?.close()
  }
}

/** Exempts the forwarder from the operator's proxy. */
function findExceptions(
  environment: Readonly<Record<string, string>>,
  address: string,
): Record<string, string> | undefined {
  const isProxied = Object.keys(environment).some(name => /^(https?|all)_proxy$/i.test(name))
  if (!isProxied) return undefined
  const { NO_PROXY, no_proxy } = environment
  const add = (value = '') => (value === '' ? address : `${value},${address}`)
  return { NO_PROXY: add(NO_PROXY ?? no_proxy), no_proxy: add(no_proxy ?? NO_PROXY) }
}
