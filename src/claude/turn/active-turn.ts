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
 * The running turn of a process. The prompt's uuid is the turn's id, so that frames with it can be distinguished from
 * those of autonomous work.
 */
export class ActiveTurn {
  readonly turnId: string
  readonly ended: Promise<TurnOutcome>
  readonly settle: (outcome: TurnOutcome) => void
  /** Sends the prompt to the process; undefined while the process cannot take one. */
  send: (() => void) | undefined
  /** Whether the prompt was sent to the process. */
  sent = false
  /** Whether the process has read the prompt; an earlier interrupt has no effect on the prompt. */
  begun = false
  interruptRequested = false
  /** Reads the changes of a slash command; undefined: the prompt is not a command. */
  effects: (() => Promise<ProcessState>) | undefined
  /** Settles when the process has acknowledged the interrupt. */
  interruptAnswered: Promise<unknown> | undefined
  /** One result, and one more for each steered input that was read after an answer. */
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
  /** Whether the end was reported; later frames do not belong to the turn. */
  finished = false
  /** Whether any frame was marked with its prompts. */
  #marked: boolean
  /** Unfinished input: the prompt, and steered input. */
  readonly #inputs: Set<string>

  /**
   * @param continues the prompt was sent to an earlier process, and this process resumes the turn on its own
   * @param marked whether the process has marked frames with their prompts before
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

  /** The observations from which the outcome is derived. */
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

  /** Claude's answer; see `AnswerText`. */
  get said(): string | null {
    return this.#answer.text
  }

  /** The texts of Claude Code itself. */
  get notice(): string | null {
    return this.#notices.text
  }

  /** Whether the turn has been answered. */
  get answered(): boolean {
    return this.results.length > 0
  }

  /** Whether all input has been answered; background tasks may still run. */
  get isOver(): boolean {
    return this.answered && this.#inputs.size === 0
  }

  /** Whether frames of the main conversation belong to this turn; always true if the process does not mark frames. */
  get isAtWork(): boolean {
    return this.begun || !this.#marked
  }

  /** Records steered input. */
  expect(id: string): void {
    this.#inputs.add(id)
  }

  /** Updates the turn from a frame. */
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

/** Whether Claude Code continued on its own after a background task. */
function isOfAutonomousWork({ origin, ...result }: SDKResultMessage): boolean {
  const isAnswer = 'user_message_uuids' in result && (result.user_message_uuids?.length ?? 0) > 0
  return origin?.kind === 'task-notification' && !isAnswer
}

/** Not in the SDK's typings, so the fallback is `user_message_uuids`. */
function toLifecycle(message: unknown): Lifecycle | undefined {
  const lifecycle = message as Lifecycle
  return lifecycle.type === 'command_lifecycle' ? lifecycle : undefined
}
