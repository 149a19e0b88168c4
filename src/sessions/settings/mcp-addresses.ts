import { invalidField, ServiceError } from '../../contract/errors.ts'
import type { McpServers } from '../../contract/mcp-servers.ts'
import { formatHostAndPort, HostPolicy, toHostAndPort } from '../../lib/host-policy.ts'

/**
 * Refuses MCP servers whose URL can be seen to lead to a private address. Names are checked when Claude Code connects.
 *
 * @param allowed `host:port` of those that may be private
 * @throws ServiceError SETTING_NOT_ALLOWED, INVALID_REQUEST
 */
export function checkMcpAddresses(servers: McpServers, allowed: readonly string[]): void {
  const policy = new HostPolicy(allowed)
  for (const [name, server] of Object.entries(servers)) {
    if (server.type === 'stdio') continue
    const setting = `mcpServers.${name}.url`
    const target = toHostAndPort(new URL(server.url))
    if (!target) throw invalidField(setting, 'must have a valid host and port')
    if (!policy.refusesByName(target)) continue
    const entry = formatHostAndPort(target)
    throw new ServiceError(
      'SETTING_NOT_ALLOWED',
      `${setting}: ${target.host} is not a public address; this server's owner can allow it with allowedPrivateHosts: ["${entry}"]`,
      { setting, option: 'allowedPrivateHosts', allowed: [...allowed] },
    )
  }
}
