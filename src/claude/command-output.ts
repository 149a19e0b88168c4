import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'

const output = /^<local-command-std(?:out|err)>([\s\S]*)<\/local-command-std(?:out|err)>$/

/** What a slash command has printed that Claude Code runs without the model; undefined for every other message. */
export function findCommandOutput(message: SDKMessage): string | undefined {
  if (message.type !== 'user' || typeof message.message.content !== 'string') return undefined
  return output.exec(message.message.content)?.[1]?.trim()
}

/** Whether the result is that of such a command; it can be empty though the command has said something. */
export function isOfCommand(result: SDKResultMessage): boolean {
  return result.subtype === 'success' && result.local_command !== undefined
}
