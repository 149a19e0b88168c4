import type { SDKSystemMessage } from '@anthropic-ai/claude-agent-sdk'
import type { DeltaEvent } from '../client/index.ts'

/**
 * The first message of each turn (`system/init`). The server stores it with the first answer, but pieces of that answer
 * are live: programs get it before them, as with the SDK.
 */
export class TurnOpenings {
  #last: SDKSystemMessage | undefined
  /** The session has changed since, so the next first message will be another one. */
  #isStale = false
  /** Turns that have begun, and whether their first message was the one of the turn before. */
  readonly #begun = new Map<string, 'copied' | 'stored'>()
  #early: DeltaEvent[] = []

  /** Something that first messages show may have changed. */
  invalidate(): void {
    this.#isStale = true
  }

  /** The first message for a piece that comes before it; `wait`: the piece is kept until it comes. */
  open(delta: DeltaEvent): SDKSystemMessage | 'wait' | undefined {
    const { turnId } = delta
    if (this.#begun.has(turnId)) return undefined
    if (!this.#last || this.#isStale) {
      this.#early.push(delta)
      return 'wait'
    }
    this.#begun.set(turnId, 'copied')
    return { ...this.#last, uuid: crypto.randomUUID() }
  }

  /** Whether the stored message is still to be shown. */
  note(message: SDKSystemMessage, turnId: string | undefined): boolean {
    this.#last = message
    this.#isStale = false
    if (turnId === undefined) return true
    const isShown = this.#begun.get(turnId) === 'copied'
    this.#begun.set(turnId, 'stored')
    return !isShown
  }

  /** The pieces that have waited. */
  takeEarly(): DeltaEvent[] {
    return this.#early.splice(0)
  }

  /** The pieces will come again, or count no longer. */
  forget(messageId?: string): void {
    this.#early = messageId === undefined ? [] : this.#early.filter(delta => delta.messageId !== messageId)
  }
}
