import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { FullMessage } from '../client/index.ts'
import type { ClientTools } from './client-tools.ts'

type Json = Record<string, unknown>

/** Notes that the server adds to the log of a conversation. */
const ofServer = new Set(['turn_lost', 'tool_input_changed'])

interface Options {
  /** Takes the place of Claude Code's id of the conversation, so that it can be resumed by what messages say. */
  sessionId: string
  tools: ClientTools
  /** Whether the texts of subagents are wanted, besides their tool calls. */
  forwardSubagentText: boolean
  /** Whether the subagent that this call has started works in the background. */
  isInBackground(toolUseId: string): boolean
}

/** Returns a message of the log as the SDK yields it; undefined: it yields none. */
export function toSdkMessage(
  { message, turnId, synthetic }: FullMessage,
  { sessionId, tools, forwardSubagentText, isInBackground }: Options,
): SDKMessage | undefined {
  const { type, subtype, uuid } = message
  if (type === 'user' && !synthetic && (uuid === turnId || isPrompt(message))) return undefined
  if (type === 'system' && ofServer.has(subtype as string)) return undefined
  if (isTextOfSubagent(message) && !forwardSubagentText) {
    if (!isInBackground(message.parent_tool_use_id)) return undefined
  }
  const own = { ...message, ...('session_id' in message && { session_id: sessionId }) }
  return tools.names.areAllTheSame ? (own as unknown as SDKMessage) : withOwnTools(own, tools)
}

/** Claude Code gives its messages a time, the server's copies of prompts have none. */
function isPrompt(message: Json): boolean {
  return !('timestamp' in message) && blocksOf(message).every(({ type }) => type !== 'tool_result')
}

function isTextOfSubagent(message: Json): message is Json & { parent_tool_use_id: string } {
  if (message.type !== 'assistant' || typeof message.parent_tool_use_id !== 'string') return false
  return !blocksOf(message).some(({ type }) => type === 'tool_use')
}

/** The message with the names of tools and servers that the program knows. */
function withOwnTools(message: Json, tools: ClientTools): SDKMessage {
  const translated = tools.names.translate(message)
  if (message.type === 'system' && message.subtype === 'init') {
    const servers = (message.mcp_servers as { name: string }[] | undefined) ?? []
    const others = servers.filter(({ name }) => name !== 'client')
    return { ...translated, mcp_servers: [...others, ...tools.states] } as unknown as SDKMessage
  }
  const { tool_use_meta } = message as { tool_use_meta?: { tool_name?: string }[] }
  if (!Array.isArray(tool_use_meta)) return translated as unknown as SDKMessage
  const meta = tool_use_meta.map(one => {
    const tool = tools.find(one.tool_name ?? '')
    return tool ? { ...one, server_display_name: tool.server, tool_name: tool.own } : one
  })
  return { ...translated, tool_use_meta: meta } as unknown as SDKMessage
}

/** The content of a message of the Messages API. */
function blocksOf({ message }: Json): Json[] {
  const { content } = (message ?? {}) as { content?: unknown }
  return Array.isArray(content) ? content : []
}
