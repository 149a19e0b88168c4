import type { McpServerStatus } from '@anthropic-ai/claude-agent-sdk'
import type { McpServerState } from '../../contract/conversation.ts'
import type { McpServer } from '../../contract/mcp-servers.ts'
import { toPlainName, toPlainText } from '../../lib/plain-name.ts'
import type { McpTraffic } from '../../sessions/ports/index.ts'

/** The maximum length of a tool's name in the model's API, including `mcp__<server>__`. */
const maxToolNameLength = 128

/**
 * Converts the status of a server, without its settings, which can contain secrets.
 *
 * @param own the session's settings for the server
 * @param traffic the forwarder's observations of the server
 */
export function toMcpServerState(
  server: McpServerStatus,
  own?: McpServer,
  traffic?: McpTraffic,
): McpServerState {
  const { name, status, error, scope, serverInfo, tools = [], config } = server
  const failure = status === 'connected' ? null : (traffic?.failure ?? error ?? null)
  return {
    name,
    status,
    error: failure === null ? null : toPlainText(withoutSecrets(withoutSecrets(failure, config), own)),
    notice: status === 'connected' ? findNotice(server, traffic) : null,
    scope: scope ?? null,
    transport: transportOf(config),
    serverInfo: serverInfo
      ? { name: toPlainName(serverInfo.name), version: toPlainName(serverInfo.version) }
      : null,
    tools: tools.map(tool => ({
      name: toPlainName(tool.name),
      description: tool.description === undefined ? null : toPlainText(tool.description),
    })),
  }
}

/** Explains dropped tools: one invalid tool makes Claude Code silently drop the whole list. */
function findNotice({ name, tools = [] }: McpServerStatus, traffic?: McpTraffic): string | null {
  const prefix = `mcp__${name}__`.length
  if (tools.some(tool => prefix + tool.name.length <= maxToolNameLength)) return null
  if (tools.length > 0) {
    return `Claude cannot use the server's tools: their names must have at most ${maxToolNameLength - prefix} characters`
  }
  const { offeredTools = null, invalidTool = null } = traffic ?? {}
  if (offeredTools === 0) return null
  const invalid =
    invalidTool === null
      ? 'one of its tools is invalid'
      : `the tool ${toPlainName(invalidTool).slice(0, 200)} is invalid`
  const rule = 'each tool needs a name and an inputSchema of type object whose properties are JSON Schemas'
  if (offeredTools === null) {
    return `Claude Code has no tools of this server: the server offers none, or ${invalid} (${rule})`
  }
  return `Claude Code dropped all ${offeredTools} tools of this server: ${invalid} (${rule})`
}

function transportOf(config: McpServerStatus['config']): string | null {
  if (config === undefined) return null
  return config.type ?? 'stdio'
}

/** Removes values of the settings from the text; only the host remains of addresses. */
function withoutSecrets(text: string, config: object | undefined): string {
  const hidden = secretsOf(config).reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
  return hidden.replace(/\b(\w+:\/\/)(?:[^\s/?#]*@)?([^\s/?#]*)[^\s)]*/g, '$1$2')
}

function secretsOf(config: object = {}): string[] {
  const { url, headers, env, args } = config as Record<string, unknown>
  const values = [url, args, headers, env].flatMap(toTexts)
  // `x` reveals `Bearer x` too.
  const words = values.flatMap(value => [value, ...value.split(/[\s=]+/)])
  // Longest first, so that a part is not removed from a whole. Very short values may be words of the error itself.
  return [...new Set(words)].filter(word => word.length >= 6).sort((a, b) => b.length - a.length)
}

function toTexts(value: unknown): string[] {
  if (typeof value === 'string') return value.includes('://') ? [] : [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(toTexts)
}
