import type { AgentSpec } from '../../sessions/ports/index.ts'

/** Removes the session's secrets from output of Claude Code. */
export function hideSecrets(text: string, { settings }: Pick<AgentSpec, 'settings'>): string {
  const { mcpServers = {}, agentEnv = {} } = settings
  const secrets = Object.values(mcpServers).flatMap(server =>
    server.type === 'stdio'
      ? Object.values(server.env ?? {})
      : [server.url, new URL(server.url).search, ...Object.values(server.headers ?? {})],
  )
  return [...secrets, ...Object.values(agentEnv)]
    .filter(secret => secret !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((said, secret) => said.replaceAll(secret, '***'), text)
}
