import type { SuggestionEvent } from '../../contract/activity.ts'
import type { EventType } from '../../contract/events.ts'

/** Sessions of which a suggestion is kept; the oldest is forgotten first. */
const keptSuggestions = 10_000
/** After these nothing that was suggested before makes sense. */
const outdating = new Set<EventType>(['turn.queued', 'session.rewound', 'session.ended', 'session.expired'])

/** The last prompt suggestion of each session, for readers to come. */
export class LastSuggestions {
  readonly #bySession = new Map<string, SuggestionEvent>()

  note(sessionId: string, suggestion: SuggestionEvent): void {
    this.#bySession.delete(sessionId)
    this.#bySession.set(sessionId, suggestion)
    const [oldest] = this.#bySession.keys()
    if (this.#bySession.size > keptSuggestions && oldest !== undefined) this.#bySession.delete(oldest)
  }

  find(sessionId: string): SuggestionEvent | undefined {
    return this.#bySession.get(sessionId)
  }

  drop(sessionId: string): void {
    this.#bySession.delete(sessionId)
  }

  /** To be called with events that are about to be stored. */
  forget(sessionId: string, events: readonly { type: EventType }[]): void {
    if (events.some(({ type }) => outdating.has(type))) this.#bySession.delete(sessionId)
  }
}
