import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { isTerminal, type SessionEvent } from '../client/index.ts'

/** The turns of a query, and whether something of it is still at work. */
export class Turns {
  /** Turns that have been submitted and have not ended, with the program's ids of their messages. */
  readonly #open = new Map<string, string[]>()
  readonly #ended = new Set<string>()
  readonly #withResult = new Set<string>()
  #nextEnd = Promise.withResolvers<void>()
  #submitting = 0
  /** Subagents that work in the background. */
  readonly #agents = new Set<string>()
  /** The calls that have started subagents in the background. */
  readonly #calls = new Set<string>()

  get openIds(): string[] {
    return [...this.#open.keys()]
  }

  /** Whether everything that was submitted has ended. */
  get areOver(): boolean {
    return this.#submitting === 0 && this.#open.size === 0
  }

  get agentsAtWork(): number {
    return this.#agents.size
  }

  /** Whether Claude may still report about a subagent that has worked in the background. */
  get mayReport(): boolean {
    return this.#calls.size > 0
  }

  isInBackground(toolUseId: string): boolean {
    return this.#calls.has(toolUseId)
  }

  /** Returns the turn of the message, and whether it has begun another one. */
  async submit(
    uuid: string | undefined,
    send: () => Promise<{ turnId: string }>,
  ): Promise<{ turnId: string; isFirst: boolean }> {
    this.#submitting++
    try {
      const { turnId } = await send()
      const isFirst = !this.#open.has(turnId)
      if (!this.#ended.has(turnId)) {
        this.#open.set(turnId, [...(this.#open.get(turnId) ?? []), uuid ?? turnId])
      }
      return { turnId, isFirst }
    } finally {
      this.#submitting--
    }
  }

  /** Ids of the messages that wait, without those of these turns. */
  waitingBeside(turnIds: readonly string[]): string[] {
    return [...this.#open].filter(([id]) => !turnIds.includes(id)).flatMap(([, uuids]) => uuids)
  }

  /** Whether a turn that has ended has yielded a result. */
  hasResult(turnId: string): boolean {
    return this.#withResult.has(turnId)
  }

  /** Resolves when turns whose results are here have ended, which takes the server a moment. */
  async whenResultsAreOver(): Promise<void> {
    while (this.openIds.some(turnId => this.#withResult.has(turnId))) await this.#nextEnd.promise
  }

  see(event: SessionEvent): void {
    if (event.type === 'message') {
      const { message, turnId } = event.data
      if (message.type === 'result' && turnId !== undefined) this.#withResult.add(turnId)
      this.#noteAgents(message as unknown as SDKMessage)
      return
    }
    if (!isTerminal(event.type)) return
    const { turnId } = event.data as { turnId: string }
    this.#ended.add(turnId)
    this.#open.delete(turnId)
    this.#nextEnd.resolve()
    this.#nextEnd = Promise.withResolvers()
  }

  #noteAgents(message: SDKMessage): void {
    if (message.type !== 'system') return
    if (message.subtype === 'task_started' && message.task_type === 'local_agent') {
      const { is_backgrounded } = message as { is_backgrounded?: boolean }
      if (is_backgrounded !== true) return
      this.#agents.add(message.task_id)
      this.#calls.add(message.tool_use_id ?? message.task_id)
    }
    if (message.subtype === 'task_notification') this.#agents.delete(message.task_id)
  }
}
