const largest = 10_000

/**
 * The turns of the program's messages, to whose beginning files can be rewound; the oldest are forgotten. Null: the
 * message was more input for a turn that had begun.
 */
export class Checkpoints {
  readonly #turns = new Map<string, string | null>()

  note(sessionId: string, messageId: string, turnId: string | null): void {
    const key = toKey(sessionId, messageId)
    // A message that is sent again belongs to its first turn.
    if (this.#turns.has(key)) return
    this.#turns.set(key, turnId)
    const [oldest] = this.#turns.keys()
    if (this.#turns.size > largest && oldest !== undefined) this.#turns.delete(oldest)
  }

  /** The turn of a message; undefined: unknown. */
  find(sessionId: string, messageId: string): string | null | undefined {
    return this.#turns.get(toKey(sessionId, messageId))
  }
}

/** Those of all queries of the program: a query that resumes a session rewinds to messages of earlier ones. */
export const checkpoints = new Checkpoints()

function toKey(sessionId: string, messageId: string): string {
  return `${sessionId} ${messageId}`
}
