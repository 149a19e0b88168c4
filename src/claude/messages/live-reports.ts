import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'
import { activityTextBound } from '../../contract/activity.ts'
import { toPlainText } from '../../lib/plain-name.ts'
import type { AgentListener } from '../../sessions/ports/index.ts'
import type { ActiveTurn } from '../turn/active-turn.ts'
import { ActivityReader } from './activity-reader.ts'

/** Passes on what only live readers are told: activities, and prompt suggestions. */
export class LiveReports {
  readonly #listener: Pick<AgentListener, 'onActivity' | 'onSuggestion'>
  readonly #activities = new ActivityReader()
  #lastTurnId: string | undefined

  constructor(listener: Pick<AgentListener, 'onActivity' | 'onSuggestion'>) {
    this.#listener = listener
  }

  /** @param turn the turn at work, or that is about to begin */
  observe(message: SDKMessage, turn: ActiveTurn | undefined, isOfTurn: boolean): void {
    if (turn?.answered) this.#lastTurnId = turn.turnId
    if (message.type === 'prompt_suggestion') this.#suggest(message.suggestion, turn)
    for (const activity of this.#activities.read(message)) this.#listener.onActivity(activity, isOfTurn)
  }

  /** The process has gone. */
  end(turn: ActiveTurn | undefined): void {
    for (const activity of this.#activities.end()) this.#listener.onActivity(activity, turn !== undefined)
  }

  /** A suggestion that arrives when the next turn has begun is out of date. */
  #suggest(suggestion: string, turn: ActiveTurn | undefined): void {
    const text = toPlainText(suggestion).trim()
    const isOutdated = turn !== undefined && !turn.answered
    if (isOutdated || this.#lastTurnId === undefined || text === '' || text.length > activityTextBound) return
    this.#listener.onSuggestion(text, this.#lastTurnId)
  }
}
