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

/** The observations of a turn when its process reported the end. */
export interface TurnSigns {
  /** More than one if steered input was read after an answer; never empty. */
  results: readonly SDKResultMessage[]
  /** The typed error on the newest message that Claude Code wrote instead of an answer. */
  assistantError: SDKAssistantMessageError | undefined
  /** Claude's answer; see `AnswerText`. */
  said: string | null
  /** The output of a command. */
  commandOutput: string | null
  /** The texts of Claude Code itself. */
  notice: string | null
  /** The outcome of a prompt that did not reach the model. */
  promptOutcome: PromptOutcome | undefined
  /** When the model's API accepts requests again (milliseconds since 1970); undefined: unknown. */
  retryAt?: number | undefined
  interruptRequested: boolean
  /** Whether the conversation has been compacted, which cannot be interrupted anymore. */
  compacted: boolean
  observed: ObservedUsage
}

/**
 * Derives the outcome of a turn from flags and typed fields; docs/turn-states.md has the table.
 *
 * @param costBefore `total_cost_usd` of the previous turn, which accumulates in a process
 * @param format the session's `outputFormat`
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

/** Whether the model's API refused because of load, which is temporary. */
function isOfLoad({ reason }: AgentFailure): boolean {
  return reason === 'overloaded' || reason === 'rate_limited'
}

/** Whether Claude Code reported a value that this server does not know. */
export function isUnknownEnd(outcome: TurnOutcome): boolean {
  if (outcome.status === 'completed') return outcome.stopReason === 'unknown'
  return outcome.status === 'failed' && outcome.failure.reason === 'unknown'
}

/** The stop reasons before Claude could return structured output. */
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
  // The model passes it as the input of a tool.
  if (result.subtype === 'success' && !result.is_error && hasOutput(result)) return result.result
  return signs.said
}

function hasOutput(result: SDKResultMessage): boolean {
  return result.subtype === 'success' && (result.structured_output ?? null) !== null
}

/** Uses the result's text as the message if there is no other explanation. */
function toNotice({ notice, said }: TurnSigns, result: SDKResultMessage, verdict: Verdict): string | null {
  if (notice !== null || said !== null || result.subtype !== 'success') return notice
  const isUnexplained = verdict.status === 'completed' && verdict.stopReason === 'unknown'
  return isUnexplained && result.result.trim() !== '' ? result.result : null
}
