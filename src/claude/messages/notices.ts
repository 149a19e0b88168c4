import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { isSynthetic, textOf } from '../turn/answer-text.ts'

/** How much of it is kept, in characters. */
const bound = 10_000

/** How a prompt ended before the model was asked; sent by the pinned Claude Code but not in the SDK's typings. */
export interface PromptOutcome {
  kind?: string
  no_verdict_kind?: string
  reason?: string
}

/**
 * Texts of Claude Code itself in a turn: texts of hooks, errors, warnings. None of them comes from the model.
 */
export class Notices {
  readonly #texts = new Set<string>()
  promptOutcome: PromptOutcome | undefined

  /** null: nothing. */
  get text(): string | null {
    if (this.#texts.size === 0) return null
    const text = [...this.#texts].join('\n')
    return text.length > bound ? `${text.slice(0, bound).toWellFormed()}…` : text
  }

  observe(message: SDKMessage): void {
    if (message.type === 'assistant') {
      // The output of a command is its answer.
      const isOfCommand = 'local_command_source' in message
      if (message.parent_tool_use_id === null && isSynthetic(message) && !isOfCommand) {
        this.add(textOf(message))
      }
    }
    if (message.type !== 'system') return
    if (message.subtype === 'informational') {
      const { prompt_submit_outcome: outcome } = message as { prompt_submit_outcome?: PromptOutcome }
      this.promptOutcome = outcome ?? this.promptOutcome
      // The level `info` is for logs.
      if (message.level !== 'info' || outcome) this.add(outcome?.reason ?? message.content)
    } else if (isFallback(message)) {
      this.add(message.content)
    }
  }

  add(text: string): void {
    if (text.trim() !== '') this.#texts.add(text.trim())
  }
}

/** `model_fallback` is not in the SDK's typings. */
function isFallback(message: { subtype: string }): message is { subtype: string; content: string } {
  const isOne = message.subtype === 'model_fallback' || message.subtype === 'model_refusal_fallback'
  return isOne && typeof (message as { content?: unknown }).content === 'string'
}
