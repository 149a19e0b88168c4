import type { SDKAssistantMessage, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

interface Piece {
  uuid: string
  text: string
}

/** Stop reasons after which the next message of the model continues the same answer. */
const unfinished: ReadonlySet<string> = new Set(['max_tokens', 'model_context_window_exceeded', 'pause_turn'])

/** The model name of messages that Claude Code writes itself: errors, output of commands. */
export const synthetic = '<synthetic>'

/** The number of kept answers, in case newer ones are retracted. A turn may have thousands. */
const keptAnswers = 8

/** Whether Claude Code wrote the message, not the model. */
export function isSynthetic({ message, error }: SDKAssistantMessage): boolean {
  return message.model === synthetic || error !== undefined
}

export function textOf({ message }: SDKAssistantMessage): string {
  return message.content.flatMap(block => (block.type === 'text' ? [block.text] : [])).join('')
}

/**
 * Claude's answer in the main conversation of a turn: the text of the last message that has text. Messages that continue
 * one that was cut off (by the output limit, or a lost connection) are joined with it.
 */
export class AnswerText {
  #answers: Piece[][] = [[]]
  /** The answer at the last result. */
  #settled: string | null = null
  #messageId: string | undefined
  /** The number of pieces of the answer before the message. */
  #messageStart = 0
  /** The stop reason of the newest message; null: it has not ended, or was cut off. */
  #stopReason: string | null = null
  #toolsRan = false
  /** Whether Claude Code has prompted the model since the newest message started. */
  #prompted = false

  /** null: no text yet. */
  get text(): string | null {
    const said = this.#answers.findLast(pieces => pieces.length > 0)
    return said?.map(({ text }) => text).join('') ?? this.#settled
  }

  /** Closes the answer to the prompt or to steered input; another answer follows. */
  settle(): void {
    this.#settled = this.text
    this.discard()
  }

  /** Drops the text since the last result, which does not belong to this turn. */
  discard(): void {
    this.#answers = [[]]
    this.#messageId = undefined
    this.#stopReason = 'end_turn'
  }

  observe(message: SDKMessage): void {
    if ('parent_tool_use_id' in message && message.parent_tool_use_id !== null) return
    if (message.type === 'stream_event') {
      const { event } = message
      if (event.type === 'message_start') this.#begin(event.message.id)
      if (event.type === 'message_delta') this.#stopReason = event.delta.stop_reason ?? this.#stopReason
    } else if (message.type === 'assistant') {
      this.#observeAssistant(message)
    } else if (message.type === 'user') {
      this.#observeUser(message)
    } else if (message.type === 'system' && message.subtype === 'model_refusal_fallback') {
      this.#retract(message.retracted_message_uuids)
    }
  }

  #observeAssistant(message: SDKAssistantMessage): void {
    this.#retract(message.supersedes)
    if (isSynthetic(message)) return
    if (message.message.id !== this.#messageId) this.#begin(message.message.id)
    this.#stopReason = message.message.stop_reason ?? this.#stopReason
    const text = textOf(message)
    if (text !== '') this.#answers.at(-1)?.push({ uuid: message.uuid, text })
  }

  #observeUser(message: SDKUserMessage): void {
    const { content } = message.message
    if (Array.isArray(content) && content.some(({ type }) => type === 'tool_result')) this.#toolsRan = true
    if (message.isSynthetic) this.#prompted = true
    // Not in the SDK's typings.
    const { retracted_message_uuids } = message as { retracted_message_uuids?: string[] }
    this.#retract(retracted_message_uuids)
  }

  #begin(messageId: string): void {
    if (this.#toolsRan || (this.#stopReason !== null && !unfinished.has(this.#stopReason))) {
      this.#answers = [...this.#answers.filter(pieces => pieces.length > 0).slice(-keptAnswers), []]
    } else if (this.#stopReason === null && !this.#prompted) {
      // The message was cut off and not continued: the request was sent again, so this message replaces it.
      this.#answers.at(-1)?.splice(this.#messageStart)
    }
    this.#messageId = messageId
    this.#messageStart = this.#answers.at(-1)?.length ?? 0
    this.#stopReason = null
    this.#toolsRan = false
    this.#prompted = false
  }

  #retract(uuids: readonly string[] | undefined): void {
    if (!uuids?.length) return
    this.#answers = this.#answers.map(pieces => pieces.filter(({ uuid }) => !uuids.includes(uuid)))
    this.#messageStart = Math.min(this.#messageStart, this.#answers.at(-1)?.length ?? 0)
  }
}
