import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Prompt } from '../../contract/turns.ts'

/** Text that Claude Code would take for a command or a file mention. */
const looksLikeCommand = /^\s*\/|(^|[\s。、？！])@\S/

/**
 * A prompt as Claude Code is given it.
 *
 * @param commands whether a slash command in it runs and a file mention is followed; else they are the text that
 *   they are
 */
export function toUserMessage(id: string, prompt: Prompt, commands: boolean): SDKUserMessage {
  const texts =
    typeof prompt === 'string' ? [prompt] : prompt.flatMap(block => (block.type === 'text' ? block.text : []))
  const isPlain = !commands && texts.some(text => looksLikeCommand.test(text))
  return {
    type: 'user',
    message: { role: 'user', content: prompt as SDKUserMessage['message']['content'] },
    parent_tool_use_id: null,
    uuid: id as NonNullable<SDKUserMessage['uuid']>,
    ...(isPlain && { client_composed: true }),
  }
}
