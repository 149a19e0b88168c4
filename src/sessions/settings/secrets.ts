import type { McpServer, McpServers } from '../../contract/mcp-servers.ts'
import { redacted } from '../../contract/mcp-servers.ts'
import type { SessionSettings } from '../../contract/session-settings.ts'
import type { Sealer } from '../../lib/sealed-text.ts'
import { Unlaunchable } from '../processes/unlaunchable.ts'
import type { SealedSecrets, SessionRecord } from '../records.ts'

/** The secrets of an MCP server. */
type ServerSecrets = Partial<Record<'headers' | 'env', Record<string, string>>> & { url?: string }

/** The settings that have secrets, of a session or a preset. */
type WithSecrets = Pick<SessionSettings, 'mcpServers' | 'agentEnv'>

interface StoredSettings<S> extends Pick<SessionRecord, 'secrets'> {
  settings: S
}

/**
 * Parts settings into what may be shown and what is sealed. Each kind of secret is sealed by itself, so that one can
 * be replaced without the others being opened.
 */
export function sealSettings<S extends WithSecrets>(
  settings: S,
  tenantId: string,
  sealer: Sealer,
): StoredSettings<S> {
  const { mcpServers, agentEnv } = settings
  const secrets: SealedSecrets = {}
  const seal = (name: keyof SealedSecrets, value: unknown) => {
    secrets[name] = sealer.seal(JSON.stringify(value), contextOf(name, tenantId))
  }
  const servers = mcpServers && takeServerSecrets(mcpServers)
  if (servers && Object.keys(servers).length > 0) seal('mcpServers', servers)
  if (agentEnv && Object.keys(agentEnv).length > 0) seal('agentEnv', agentEnv)
  return {
    settings: {
      ...settings,
      ...(mcpServers && { mcpServers: redactServers(mcpServers) }),
      ...(agentEnv && { agentEnv: redactValues(agentEnv) }),
    },
    secrets,
  }
}

/** @throws Unlaunchable when they were sealed with a key that the server does not have */
export function unsealSettings<S extends WithSecrets>(
  { settings, secrets, tenantId }: StoredSettings<S> & Pick<SessionRecord, 'tenantId'>,
  sealer: Sealer,
): S {
  const unseal = (name: keyof SealedSecrets): unknown => {
    const sealed = secrets[name]
    if (sealed === undefined) return undefined
    try {
      return JSON.parse(sealer.unseal(sealed, contextOf(name, tenantId)))
    } catch (cause) {
      const message =
        `The secrets in the session's ${name} cannot be read: they were sealed with another secret key. ` +
        (name === 'mcpServers' ? 'Restore the old key, or set mcpServers again' : 'Restore the old key')
      throw Unlaunchable.because({ reason: 'secrets_unreadable', message }, { cause })
    }
  }
  const servers = unseal('mcpServers') as Record<string, ServerSecrets> | undefined
  const agentEnv = unseal('agentEnv') as Record<string, string> | undefined
  return {
    ...settings,
    ...(settings.mcpServers && servers && { mcpServers: putServerSecrets(settings.mcpServers, servers) }),
    ...(agentEnv && { agentEnv }),
  }
}

function contextOf(name: string, tenantId: string): string {
  return `${tenantId}:${name}`
}

function takeServerSecrets(servers: McpServers): Record<string, ServerSecrets> {
  const taken = Object.entries(servers).map(([name, server]) => [name, secretsOf(server)] as const)
  return Object.fromEntries(taken.filter(([, secrets]) => Object.keys(secrets).length > 0))
}

function secretsOf(server: McpServer): ServerSecrets {
  if (server.type === 'stdio') return server.env ? { env: server.env } : {}
  return {
    ...(server.headers && { headers: server.headers }),
    ...(redactUrl(server.url) !== server.url && { url: server.url }),
  }
}

function putServerSecrets(servers: McpServers, secrets: Record<string, ServerSecrets>): McpServers {
  const whole = Object.entries(servers).map(([name, server]) => [name, { ...server, ...secrets[name] }])
  return Object.fromEntries(whole) as McpServers
}

function redactServers(servers: McpServers): McpServers {
  return Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, redactServer(server)]))
}

function redactServer(server: McpServer): McpServer {
  if (server.type === 'stdio') return { ...server, ...(server.env && { env: redactValues(server.env) }) }
  const { headers, url } = server
  return { ...server, url: redactUrl(url), ...(headers && { headers: redactValues(headers) }) }
}

function redactValues(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map(name => [name, redacted]))
}

/** Keys are often in the query. */
export function redactUrl(url: string): string {
  return url.replace(/\?[^#]*/, `?${redacted}`)
}
