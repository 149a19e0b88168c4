import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'

const output = /^<local-command-std(?:out|err)>([\s\S]*)<\/local-command-std(?:out|err)>$/

/** Returns the output of a slash command that ran without the model; undefined for every other message. */
export function findCommandOutput(message: SDKMessage): string | undefined {
  if (message.type !== 'user' || typeof message.message.content !== 'string') return undefined
  return output.exec(message.message.content)?.[1]?.trim()
}

/**
 * Whether the result is that of such a command; it can be empty though the command has said something.
 *
 * @param printed what a command has printed: those that are not available here leave no other sign
 */
export function isOfCommand(result: SDKResultMessage, printed: string | null = null): boolean {
  if (result.subtype !== 'success') return false
  return result.local_command !== undefined || (printed !== null && result.terminal_reason === undefined)
}
