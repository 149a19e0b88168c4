import type { SDKAssistantMessageError, SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { TurnOutcome } from '../sessions/ports.ts'

type Lifecycle = { type: 'command_lifecycle'; command_uuid: string; state: string }

/**
 * What is known of the turn that a process is running. The prompt's uuid is the turn's id, so that frames which
 * carry it can be told from those of work that Claude Code started by itself.
 */
export class ActiveTurn {
  readonly turnId: string
  readonly ended: Promise<TurnOutcome>
  readonly settle: (outcome: TurnOutcome) => void
  /** Whether the prompt was handed to the process. */
  sent = false
  /** Whether the process has taken the prompt up: an interrupt that comes before has no effect on it. */
  begun = false
  interruptRequested = false
  /** Settles when the process has answered the interrupt. */
  interruptAnswered: Promise<unknown> | undefined
  /** One, and one more for each time that more input was taken up after an answer. */
  readonly results: SDKResultMessage[] = []
  assistantError: SDKAssistantMessageError | undefined
  assistantText: string | null = null
  /** Whether any frame said which prompts it belongs to. */
  #marked = false

  constructor(turnId: string) {
    this.turnId = turnId
    const { promise, resolve } = Promise.withResolvers<TurnOutcome>()
    this.ended = promise
    this.settle = resolve
  }

  /** Whether it has been answered. */
  get answered(): boolean {
    return this.results.length > 0
  }

  /** Takes note of what a frame says of this turn. */
  observe(message: SDKMessage): void {
    if (!this.sent) return
    const lifecycle = toLifecycle(message)
    if (lifecycle) {
      this.#marked = true
      if (lifecycle.command_uuid === this.turnId && lifecycle.state !== 'queued') this.begun = true
      return
    }
    if ('user_message_uuids' in message && message.user_message_uuids?.includes(this.turnId)) {
      this.#marked = true
      this.begun = true
    }
    if (message.type === 'assistant' && message.parent_tool_use_id === null) {
      this.assistantError = message.error
      const text = message.message.content
        .flatMap(block => (block.type === 'text' ? [block.text] : []))
        .join('')
      if (text !== '') this.assistantText = text
    }
    // A process that marks nothing can only mean this turn.
    if (message.type === 'result' && (this.begun || !this.#marked)) this.results.push(message)
  }
}

/** Not in the SDK's typings, so the fallback is `user_message_uuids`. */
function toLifecycle(message: unknown): Lifecycle | undefined {
  const lifecycle = message as Lifecycle
  return lifecycle.type === 'command_lifecycle' ? lifecycle : undefined
}
