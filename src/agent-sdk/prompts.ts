import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Prompt, SubmitOptions } from '../client/index.ts'
import { NotSupportedError } from './errors.ts'

/** Text that Claude Code takes for a command or a file mention. */
const looksLikeCommand = /^\s*\/|(^|[\s。、？！])@\S/

/** A prompt for a session, and how it is submitted. */
export interface SubmittedPrompt {
  prompt: Prompt
  /** The program's id of the message. */
  uuid: string | undefined
  options: Pick<SubmitOptions, 'onBusy' | 'commands'>
}

/**
 * Returns the prompt of a message of the program. One that comes while a turn runs is more input for that turn, as with
 * the SDK; one with a command or a mention is a turn of its own.
 *
 * @param isVerbatim whether commands and mentions stay text
 * @throws NotSupportedError that names the field
 */
export function toSubmittedPrompt(message: SDKUserMessage, isVerbatim: boolean): SubmittedPrompt {
  const { content } = message.message
  if (message.shouldQuery === false) throw fieldError('shouldQuery', 'each message is a prompt')
  if (message.parent_tool_use_id)
    throw fieldError('parent_tool_use_id', 'prompts go to the main conversation')
  if (message.pasted_content !== undefined)
    throw fieldError('pasted_content', 'put the text into the message')
  if (message.priority === 'now')
    throw fieldError('priority', 'use interrupt() before a prompt that is urgent')
  const prompt = (typeof content === 'string' ? content : content.map(withoutHints)) as Prompt
  const texts = typeof content === 'string' ? [content] : content.map(textOf)
  const commands =
    !isVerbatim && message.client_composed !== true && texts.some(text => looksLikeCommand.test(text))
  const onBusy = commands || message.priority === 'later' ? 'queue' : 'steer'
  return { prompt, uuid: message.uuid, options: { onBusy, ...(commands && { commands }) } }
}

export function toUserMessage(text: string): SDKUserMessage {
  return { type: 'user', message: { role: 'user', content: text }, parent_tool_use_id: null }
}

type Block = Exclude<SDKUserMessage['message']['content'], string>[number]

/** Without hints for the model's API, which Claude Code gives itself. */
function withoutHints(block: Block): object {
  const {
    cache_control: _,
    citations: __,
    ...rest
  } = block as Block & {
    cache_control?: unknown
    citations?: unknown
  }
  return rest
}

function textOf(block: Block): string {
  return block.type === 'text' ? block.text : ''
}

function fieldError(name: string, reason: string): NotSupportedError {
  return new NotSupportedError(`${name} of a user message`, reason)
}
