import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import type { Usage } from '../../contract/turns.ts'

export interface ObservedTokens extends Usage {
  model: string
}

type Counts = { [K in keyof ApiUsage]?: ApiUsage[K] | null | undefined }

interface ApiUsage {
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
}

/**
 * The tokens that the model's messages report while they arrive, for the main conversation only. For a turn without a
 * result, nothing else is known.
 */
export class ObservedUsage {
  readonly #whole: ObservedTokens[] = []
  #open: ObservedTokens | undefined

  observe(message: SDKMessage): void {
    if (message.type !== 'stream_event' || message.parent_tool_use_id !== null) return
    const { event } = message
    if (event.type === 'message_start') {
      this.#open = merge({ model: event.message.model, ...nothing }, event.message.usage)
    } else if (event.type === 'message_delta' && this.#open) {
      this.#whole.push(merge(this.#open, event.usage))
      this.#open = undefined
    }
  }

  /** One entry per message; the output of an unfinished message is the count at its start. */
  get messages(): ObservedTokens[] {
    return this.#open ? [...this.#whole, this.#open] : this.#whole
  }
}

const nothing: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
}

/** Replaces earlier counts of a message, because the counts are cumulative. */
function merge(before: ObservedTokens, counts: Counts): ObservedTokens {
  return {
    model: before.model,
    inputTokens: counts.input_tokens ?? before.inputTokens,
    outputTokens: counts.output_tokens ?? before.outputTokens,
    cacheReadInputTokens: counts.cache_read_input_tokens ?? before.cacheReadInputTokens,
    cacheCreationInputTokens: counts.cache_creation_input_tokens ?? before.cacheCreationInputTokens,
  }
}
