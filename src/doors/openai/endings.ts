import type { StoredEvent, Turn } from '../../client/index.ts'
import type { Ending } from './pieces.ts'
import { Problem, statusOfEnding, toFailure } from './problem.ts'

type Usage = {
  inputTokens: number
  outputTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
}

const outOfRoom = new Set(['max_tokens', 'model_context_window_exceeded', 'max_turns', 'budget'])
const withheld = new Set(['refusal', 'blocked', 'stopped_by_hook'])

export interface TurnEnding {
  ending: Ending
  /** The answer, which may be in no message. */
  text?: string | undefined
}

/** Reads the last event of a turn. */
export function toEnding(event: StoredEvent, isData: boolean): TurnEnding {
  switch (event.type) {
    case 'turn.completed': {
      const { response, notice, stopReason, structuredOutput } = event.data
      const usage = toUsage(event.data.usage)
      const text = isData ? JSON.stringify(structuredOutput) : response || notice
      if (outOfRoom.has(stopReason)) {
        return { ending: { status: 'incomplete', reason: 'max_output_tokens', usage }, text }
      }
      if (withheld.has(stopReason)) {
        return { ending: { status: 'incomplete', reason: 'content_filter', usage }, text }
      }
      return { ending: { status: 'completed', usage }, text }
    }
    case 'turn.failed':
      return {
        ending: { status: 'failed', problem: toFailure(event.data.error), usage: toUsage(event.data.usage) },
      }
    case 'turn.lost':
      return { ending: { status: 'failed', problem: toFailure(event.data.error) } }
    case 'turn.timed_out':
      return { ending: { status: 'failed', problem: ended('timed_out', 'The turn timed out') } }
    default:
      return {
        ending: { status: 'interrupted', problem: ended('interrupted', 'The turn was interrupted') },
      }
  }
}

/** The same of a turn whose last event the log does not have; undefined: it has not ended. */
export function endingOf(turn: Turn, isData: boolean): TurnEnding | undefined {
  if (turn.endedAt === null && turn.status !== 'cancelled') return undefined
  // Both have the same fields.
  return toEnding({ type: `turn.${turn.status}`, data: turn } as unknown as StoredEvent, isData)
}

/** The ending of a response whose session ended before its turn. */
export function sessionEnded(): Ending {
  return { status: 'failed', problem: ended('session_ended', 'The session ended before the turn') }
}

function ended(code: string, message: string): Problem {
  return new Problem(statusOfEnding, { message, code, type: 'server_error' }, { mayRepeat: false })
}

function toUsage(usage: Usage | null): NonNullable<Ending['usage']> {
  if (!usage) return { input: 0, cached: 0, output: 0 }
  const { inputTokens, outputTokens, cacheReadInputTokens: cached, cacheCreationInputTokens: created } = usage
  return { input: inputTokens + cached + created, cached, output: outputTokens }
}
