import type { McpServerStatus } from '@anthropic-ai/claude-agent-sdk'
import type { McpServerState } from '../contract/conversation.ts'

/** A server as it may be shown: its settings can hold secrets and are left out. */
export function toMcpServerState(server: McpServerStatus): McpServerState {
  const { name, status, error, scope, serverInfo, tools = [], config } = server
  return {
    name,
    status,
    error: error === undefined ? null : withoutSecrets(error, config),
    scope: scope ?? null,
    transport: transportOf(config),
    serverInfo: serverInfo ? { name: serverInfo.name, version: serverInfo.version } : null,
    tools: tools.map(tool => ({ name: tool.name, description: tool.description ?? null })),
  }
}

function transportOf(config: McpServerStatus['config']): string | null {
  if (config === undefined) return null
  return config.type ?? 'stdio'
}

/** What stands in the settings is taken out of the text; of addresses only the host is left. */
function withoutSecrets(text: string, config: McpServerStatus['config']): string {
  const hidden = secretsOf(config).reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
  return hidden.replace(/\b(\w+:\/\/)(?:[^\s/?#]*@)?([^\s/?#]*)[^\s)]*/g, '$1$2')
}

function secretsOf(config: object = {}): string[] {
  const { url, headers, env, args } = config as Record<string, unknown>
  const values = [url, args, headers, env].flatMap(toTexts)
  // `Bearer x` is given away by `x` as well.
  const words = values.flatMap(value => [value, ...value.split(/[\s=]+/)])
  // Longest first: a part must not be taken out of the whole. Shorter ones are words of the error's own.
  return [...new Set(words)].filter(word => word.length >= 6).sort((a, b) => b.length - a.length)
}

function toTexts(value: unknown): string[] {
  if (typeof value === 'string') return value.includes('://') ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(toTexts)
}
