import type { SDKAssistantMessageError, SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { ProcessState, TurnOutcome } from '../../sessions/ports/index.ts'
import { findCommandOutput } from '../messages/command-output.ts'
import { Notices } from '../messages/notices.ts'
import { AnswerText, textOf } from './answer-text.ts'
import { ObservedUsage } from './observed-usage.ts'
import type { TurnSigns } from './outcome.ts'
import { RetryHint } from './retry-hint.ts'

type Lifecycle = { type: 'command_lifecycle'; command_uuid: string; state: string }

/**
 * What is known of the turn that a process is running. The prompt's uuid is the turn's id, so that frames which
 * carry it can be told from those of work that Claude Code started by itself.
 */
export class ActiveTurn {
  readonly turnId: string
  readonly ended: Promise<TurnOutcome>
  readonly settle: (outcome: TurnOutcome) => void
  /** Hands the prompt to the process; undefined while it cannot take one. */
  send: (() => void) | undefined
  /** Whether the prompt was handed to the process. */
  sent = false
  /** Whether the process has taken the prompt up: an interrupt that comes before has no effect on it. */
  begun = false
  interruptRequested = false
  /** Reads what a slash command has changed; undefined: the prompt runs none. */
  effects: (() => Promise<ProcessState>) | undefined
  /** Settles when the process has answered the interrupt. */
  interruptAnswered: Promise<unknown> | undefined
  /** One, and one more for each time that more input was taken up after an answer. */
  readonly results: SDKResultMessage[] = []
  /** The typed error on the newest assistant message. */
  assistantError: SDKAssistantMessageError | undefined
  commandOutput: string | null = null
  readonly #answer = new AnswerText()
  readonly #notices = new Notices()
  readonly observed = new ObservedUsage()
  readonly #retryHint = new RetryHint()
  /** Whether the conversation has been compacted. */
  compacted = false
  /** Whether it has been handed on as ended: what comes now is not of it. */
  finished = false
  /** Whether any frame said which prompts it belongs to. */
  #marked: boolean
  /** What was sent and has not come to its end: the prompt, and more input. */
  readonly #inputs: Set<string>

  /**
   * @param continues it was sent to an earlier process, and this one goes on with it by itself
   * @param marked whether the process has said before which prompts its frames belong to
   */
  constructor(turnId: string, continues = false, marked = false) {
    this.turnId = turnId
    this.#marked = marked
    this.#inputs = new Set([turnId])
    this.sent = continues
    this.begun = continues
    const { promise, resolve } = Promise.withResolvers<TurnOutcome>()
    this.ended = promise
    this.settle = resolve
  }

  /** What the outcome is made of. */
  get signs(): TurnSigns {
    return {
      results: this.results,
      assistantError: this.assistantError,
      said: this.said,
      commandOutput: this.commandOutput,
      notice: this.notice,
      promptOutcome: this.#notices.promptOutcome,
      retryAt: this.#retryHint.at(Date.now()),
      interruptRequested: this.interruptRequested,
      compacted: this.compacted,
      observed: this.observed,
    }
  }

  /** What Claude has said of it: see `AnswerText`. */
  get said(): string | null {
    return this.#answer.text
  }

  /** What Claude Code itself has said. */
  get notice(): string | null {
    return this.#notices.text
  }

  /** Whether it has been answered. */
  get answered(): boolean {
    return this.results.length > 0
  }

  /** Whether all that was sent has been answered, while background tasks may go on. */
  get isOver(): boolean {
    return this.answered && this.#inputs.size === 0
  }

  /** Whether what the main conversation says is of this turn: a process that marks nothing can only mean it. */
  get isAtWork(): boolean {
    return this.begun || !this.#marked
  }

  /** More input was sent. */
  expect(id: string): void {
    this.#inputs.add(id)
  }

  /** Takes note of what a frame says of this turn. */
  observe(message: SDKMessage): void {
    if (!this.sent) return
    const lifecycle = toLifecycle(message)
    if (lifecycle) {
      this.#marked = true
      if (lifecycle.state === 'queued') return
      if (lifecycle.command_uuid === this.turnId) this.begun = true
      if (lifecycle.state !== 'started') this.#inputs.delete(lifecycle.command_uuid)
      return
    }
    if ('user_message_uuids' in message && message.user_message_uuids?.includes(this.turnId)) {
      this.#marked = true
      this.begun = true
    }
    if (!this.isAtWork) return
    this.observed.observe(message)
    this.#answer.observe(message)
    this.#notices.observe(message)
    this.#retryHint.observe(message)
    if (message.type === 'assistant' && message.parent_tool_use_id === null) {
      this.assistantError = message.error
      if ('local_command_source' in message) this.commandOutput = textOf(message)
    }
    if (message.type === 'system' && message.subtype === 'compact_boundary') this.compacted = true
    this.commandOutput = findCommandOutput(message) ?? this.commandOutput
    if (message.type !== 'result') return
    if (isOfAutonomousWork(message)) {
      this.#answer.discard()
      return
    }
    this.#answer.settle()
    this.results.push(message)
  }
}

/** Claude Code has gone on by itself, because a background task has ended. */
function isOfAutonomousWork({ origin, ...result }: SDKResultMessage): boolean {
  const isAnswer = 'user_message_uuids' in result && (result.user_message_uuids?.length ?? 0) > 0
  return origin?.kind === 'task-notification' && !isAnswer
}

/** Not in the SDK's typings, so the fallback is `user_message_uuids`. */
function toLifecycle(message: unknown): Lifecycle | undefined {
  const lifecycle = message as Lifecycle
  return lifecycle.type === 'command_lifecycle' ? lifecycle : undefined
}
