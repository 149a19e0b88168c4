import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { McpServers } from '../../contract/mcp-servers.ts'
import { formatHostAndPort, HostPolicy, toHostAndPort } from '../../lib/host-policy.ts'
import { allowsHost, type NetworkRule } from '../../lib/network-rule.ts'

/**
 * Refuses MCP servers that the rule of the network does not allow, and those whose URL can be seen to lead to a private
 * address. Names are checked when Claude Code connects.
 *
 * @param allowed `host:port` of those that may be private
 * @throws ServiceError SETTING_NOT_ALLOWED, INVALID_REQUEST
 */
export function checkMcpAddresses(
  servers: McpServers,
  allowed: readonly string[],
  network: NetworkRule,
): void {
  const policy = new HostPolicy(allowed)
  for (const [name, server] of Object.entries(servers)) {
    if (server.type === 'stdio') continue
    const setting = `mcpServers.${name}.url`
    const target = toHostAndPort(new URL(server.url))
    if (!target) throw invalidField(setting, 'must have a valid host and port')
    const entry = formatHostAndPort(target)
    if (!allowsHost(network, target)) {
      throw new ServiceError(
        'SETTING_NOT_ALLOWED',
        `${setting}: agents cannot reach ${entry}; this server's owner can allow it with agentNetwork: ["${entry}"]`,
        { setting, option: 'agentNetwork', allowed: typeof network === 'string' ? [] : [...network] },
      )
    }
    if (!policy.refusesByName(target)) continue
    throw new ServiceError(
      'SETTING_NOT_ALLOWED',
      `${setting}: ${target.host} is not a public address; this server's owner can allow it with allowedPrivateHosts: ["${entry}"]`,
      { setting, option: 'allowedPrivateHosts', allowed: [...allowed] },
    )
  }
}
