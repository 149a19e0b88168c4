import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { toPlainName } from '../../lib/plain-name.ts'

/** Fields of `system/init` with names that MCP servers and plugins give. */
const nameFields = ['tools', 'mcp_servers', 'slash_commands', 'terminal_slash_commands', 'agents', 'skills']

/** A frame as it is stored and shown: names from elsewhere without control characters. */
export function toShownFrame(message: SDKMessage): Record<string, unknown> {
  const frame = message as unknown as Record<string, unknown>
  if (message.type !== 'system' || message.subtype !== 'init') return frame
  const fields = nameFields.filter(field => Array.isArray(frame[field]))
  const plain = fields.map(field => [field, (frame[field] as unknown[]).map(toPlainEntry)])
  return { ...frame, ...Object.fromEntries(plain) }
}

function toPlainEntry(entry: unknown): unknown {
  if (typeof entry === 'string') return toPlainName(entry)
  if (typeof entry !== 'object' || entry === null || !('name' in entry)) return entry
  return { ...entry, name: typeof entry.name === 'string' ? toPlainName(entry.name) : entry.name }
}
