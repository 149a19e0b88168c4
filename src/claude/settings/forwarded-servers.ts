import type { HookCallback, McpServerStatus, Options } from '@anthropic-ai/claude-agent-sdk'
import { clientServerName } from '../../contract/client-requests.ts'
import type { McpServerState } from '../../contract/conversation.ts'
import type { McpServers } from '../../contract/mcp-servers.ts'
import type {
  AddressForwarder,
  AgentSpec,
  CallClientTool,
  ForwardingContext,
  McpForwarding,
} from '../../sessions/ports/index.ts'
import { toMcpServerState } from '../questions/mcp-status.ts'

export type ServersOf = Pick<AgentSpec['settings'], 'mcpServers' | 'clientTools'>
type McpForwarder = Pick<AddressForwarder, 'openMcp' | 'address'>

/** The MCP servers of a session as its process reaches them: through the forwarder, which adds their headers. */
export class ForwardedServers {
  readonly #forwarder: McpForwarder | undefined
  readonly #forwarding: McpForwarding | undefined
  readonly #call: CallClientTool
  #servers: McpServers = {}
  #hasClientTools = false
  #begun: ServersOf = {}
  /** The subagents that call tools of the caller, by call; Claude Code names them to hooks only. */
  readonly #agents = new Map<string, string>()

  /**
   * @param forwarder undefined: Claude Code connects directly, and there are no tools of the caller
   * @param call has the caller answer a call of its tool
   */
  constructor(forwarder: McpForwarder | undefined, process: ForwardingContext, call: CallClientTool) {
    this.#forwarder = forwarder
    this.#forwarding = forwarder?.openMcp(process)
    this.#call = call
  }

  /** The servers with which the process began. */
  get begun(): ServersOf {
    return this.#begun
  }

  /** Returns all servers of the process, with that of the caller's tools. */
  forward({ mcpServers = {}, clientTools = [] }: ServersOf): McpServers {
    this.#servers = mcpServers
    this.#hasClientTools = clientTools.length > 0
    const forwarded = this.#forwarding?.forward(mcpServers) ?? mcpServers
    if (clientTools.length === 0) return forwarded
    if (!this.#forwarding) throw new Error('tools of the caller need the forwarder')
    return { ...forwarded, [clientServerName]: this.#forwarding.serveTools(clientTools, this.#call) }
  }

  /** Returns the options for a process. @param environment the environment without the session's variables */
  apply(spec: AgentSpec, environment: Readonly<Record<string, string>>): AgentSpec {
    this.#begun = spec.settings
    if (!this.#forwarder) return spec
    const { mcpServers, clientTools, agentEnv = {} } = spec.settings
    const exceptions = findExceptions({ ...environment, ...agentEnv }, this.#forwarder.address)
    const settings = {
      ...spec.settings,
      ...((mcpServers || clientTools?.length) && { mcpServers: this.forward(spec.settings) }),
      ...(exceptions && { agentEnv: { ...agentEnv, ...exceptions } }),
    }
    return { ...spec, settings }
  }

  /** Whether it is the server of the caller's tools. */
  isOwn(name: string): boolean {
    return name === clientServerName && this.#hasClientTools
  }

  /** Lets calls of the caller's tools run (SDK option `hooks`): the caller decides each by answering it. */
  get hooks(): NonNullable<Options['hooks']> {
    const allow: HookCallback = async input => {
      const { tool_use_id, agent_id } = input as { tool_use_id?: string; agent_id?: string }
      if (tool_use_id !== undefined && agent_id !== undefined) this.#agents.set(tool_use_id, agent_id)
      if (!this.isOwn(clientServerName)) return {}
      return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' } }
    }
    return { PreToolUse: [{ matcher: `mcp__${clientServerName}__.*`, hooks: [allow] }] }
  }

  /** The subagent that makes a call of the caller's tool; null: the main conversation, or the call is not known. */
  takeAgent(toolUseId: string | null): string | null {
    if (toolUseId === null) return null
    const agent = this.#agents.get(toolUseId) ?? null
    this.#agents.delete(toolUseId)
    return agent
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
