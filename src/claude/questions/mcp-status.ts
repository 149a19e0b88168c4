import type { McpServerStatus } from '@anthropic-ai/claude-agent-sdk'
import type { McpServerState } from '../../contract/conversation.ts'
import type { McpServer } from '../../contract/mcp-servers.ts'
import { toPlainName, toPlainText } from '../../lib/plain-name.ts'
import type { McpTraffic } from '../../sessions/ports/index.ts'

/** The longest name of a tool that the model's API takes, `mcp__<server>__` included. */
const maxToolNameLength = 128

/**
 * A server as it may be shown: its settings can hold secrets and are left out.
 *
 * @param own the settings that the session has for it
 * @param traffic what the forwarder has seen of it
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

/** Claude Code drops tools without a word: one that is invalid takes the whole list with it. */
function findNotice({ name, tools = [] }: McpServerStatus, traffic?: McpTraffic): string | null {
  const prefix = `mcp__${name}__`.length
  if (tools.some(tool => prefix + tool.name.length <= maxToolNameLength)) return null
  if (tools.length > 0) {
    return `Claude can use none of the server's tools: their names are longer than ${maxToolNameLength - prefix} characters`
  }
  const { offeredTools = null, invalidTool = null } = traffic ?? {}
  if (offeredTools === 0) return null
  const invalid =
    invalidTool === null
      ? 'a tool that is not valid makes it drop all of them'
      : `the tool ${toPlainName(invalidTool).slice(0, 200)} is not valid, which makes it drop all of them`
  const rule = 'each needs a name and an inputSchema of type object whose properties are JSON Schemas'
  if (offeredTools === null) {
    return `Claude Code has no tool of this server: it offers none, or ${invalid} (${rule})`
  }
  return `Claude Code dropped all ${offeredTools} tools of this server: ${invalid} (${rule})`
}

function transportOf(config: McpServerStatus['config']): string | null {
  if (config === undefined) return null
  return config.type ?? 'stdio'
}

/** What stands in the settings is taken out of the text; of addresses only the host is left. */
function withoutSecrets(text: string, config: object | undefined): string {
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
