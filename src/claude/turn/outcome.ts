import type { SDKAssistantMessageError, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { OutputFormat } from '../../contract/output-format.ts'
import type { StopReason } from '../../contract/turns.ts'
import type { AgentFailure, TurnOutcome } from '../../sessions/ports/index.ts'
import { isOfCommand } from '../messages/command-output.ts'
import type { PromptOutcome } from '../messages/notices.ts'
import { toDenials, toStructuredOutput } from '../process/findings.ts'
import type { ObservedUsage } from './observed-usage.ts'
import { toReportedEnding, toVerdict, type Verdict } from './turn-ending.ts'
import { orUnknown, toFigures } from './turn-figures.ts'

/** What was seen of a turn when its process reported its end. */
export interface TurnSigns {
  /** More than one where more input was taken up after an answer; never empty. */
  results: readonly SDKResultMessage[]
  /** The typed error on the newest message that Claude Code wrote in place of an answer. */
  assistantError: SDKAssistantMessageError | undefined
  /** What Claude has said: see `AnswerText`. */
  said: string | null
  /** What a command has printed. */
  commandOutput: string | null
  /** What Claude Code itself has said. */
  notice: string | null
  /** How the prompt ended before the model was asked, if it did. */
  promptOutcome: PromptOutcome | undefined
  /** When the model's API takes requests again (milliseconds since 1970), as far as it is known. */
  retryAt?: number | undefined
  interruptRequested: boolean
  /** Whether the conversation has been compacted: that cannot be interrupted any more. */
  compacted: boolean
  observed: ObservedUsage
}

/**
 * The outcome of a turn, from flags and typed fields only: docs/turn-states.md has the table.
 *
 * @param costBefore `total_cost_usd` of the turn before, which counts up over the life of a process
 * @param format the `outputFormat` of the session
 */
export function toOutcome(
  signs: TurnSigns,
  costBefore: number | null,
  format?: OutputFormat | undefined,
): TurnOutcome {
  const result = signs.results.at(-1)
  if (!result) throw new Error('a turn without a result has no outcome')
  const verdict = toVerdict({ ...signs, result })
  const ending = toReportedEnding({ ...signs, result }, verdict)
  const figures = { ...toFigures(signs.results, signs.observed, costBefore), ...toDenials(signs.results) }
  const common = {
    response: toResponse(signs, result),
    notice: toNotice(signs, result, verdict),
    ...(ending && { ending }),
  }
  if (verdict.status === 'interrupted') return { ...verdict, ...common, ...orUnknown(figures) }
  if (verdict.status === 'failed') {
    const failure = { ...verdict.failure, ...(isOfLoad(verdict.failure) && { retryAt: signs.retryAt }) }
    return { ...verdict, failure, unavailable: false, ...common, ...figures }
  }
  const completed = { ...verdict, ...common, response: common.response ?? '', ...figures }
  if (unanswered.includes(verdict.stopReason)) return completed
  const output = toStructuredOutput(result, format)
  if (!('reason' in output)) return { ...completed, ...output }
  return { status: 'failed', failure: output, unavailable: false, ...common, ...figures }
}

/** Whether the model's API refused for its load, which passes. */
function isOfLoad({ reason }: AgentFailure): boolean {
  return reason === 'overloaded' || reason === 'rate_limited'
}

/** Whether this server does not know what Claude Code reported. */
export function isUnknownEnd(outcome: TurnOutcome): boolean {
  if (outcome.status === 'completed') return outcome.stopReason === 'unknown'
  return outcome.status === 'failed' && outcome.failure.reason === 'unknown'
}

/** The ends of a turn before Claude could answer with structured output. */
const unanswered: readonly StopReason[] = [
  'max_turns',
  'budget',
  'refusal',
  'blocked',
  'stopped_by_hook',
  'tool_deferred',
  'background_requested',
]

function toResponse(signs: TurnSigns, result: SDKResultMessage): string | null {
  if (isOfCommand(result, signs.commandOutput) && result.subtype === 'success')
    return result.result || (signs.commandOutput ?? signs.said)
  // The model gives it as the input of a tool.
  if (result.subtype === 'success' && !result.is_error && hasOutput(result)) return result.result
  return signs.said
}

function hasOutput(result: SDKResultMessage): boolean {
  return result.subtype === 'success' && (result.structured_output ?? null) !== null
}

/** The text of a result that nothing else explains may be all that Claude Code says. */
function toNotice({ notice, said }: TurnSigns, result: SDKResultMessage, verdict: Verdict): string | null {
  if (notice !== null || said !== null || result.subtype !== 'success') return notice
  const isUnexplained = verdict.status === 'completed' && verdict.stopReason === 'unknown'
  return isUnexplained && result.result.trim() !== '' ? result.result : null
}
