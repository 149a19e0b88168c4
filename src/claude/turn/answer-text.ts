import type { SDKAssistantMessage, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

interface Piece {
  uuid: string
  text: string
}

/** Stop reasons after which the next message of the model continues the same answer. */
const unfinished: ReadonlySet<string> = new Set(['max_tokens', 'model_context_window_exceeded', 'pause_turn'])

/** The model name of messages that Claude Code writes itself: errors, output of commands. */
export const synthetic = '<synthetic>'

/** How many answers are kept, so that one is there when newer ones are retracted. A turn may have thousands. */
const keptAnswers = 8

/** Whether Claude Code wrote the message and not the model. */
export function isSynthetic({ message, error }: SDKAssistantMessage): boolean {
  return message.model === synthetic || error !== undefined
}

export function textOf({ message }: SDKAssistantMessage): string {
  return message.content.flatMap(block => (block.type === 'text' ? [block.text] : [])).join('')
}

/**
 * What Claude says in the main conversation of a turn: the text of its last message that has any. Messages that
 * continue one which was cut (by the output limit, or by a lost connection) are joined with it.
 */
export class AnswerText {
  #answers: Piece[][] = [[]]
  /** What had been said at the last result. */
  #settled: string | null = null
  #messageId: string | undefined
  /** How many pieces its answer had before it. */
  #messageStart = 0
  /** Of the newest message; null: it has not ended, or was cut. */
  #stopReason: string | null = null
  #toolsRan = false
  /** Whether Claude Code has prompted the model since the newest message began. */
  #prompted = false

  /** null: nothing yet. */
  get text(): string | null {
    const said = this.#answers.findLast(pieces => pieces.length > 0)
    return said?.map(({ text }) => text).join('') ?? this.#settled
  }

  /** The turn's prompt, or more input, was answered: what follows is another answer. */
  settle(): void {
    this.#settled = this.text
    this.discard()
  }

  /** Forgets what was said since the last result: it is not of this turn. */
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
      // Cut, and the model was not told to go on: the request was sent again, so that this message replaces it.
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
