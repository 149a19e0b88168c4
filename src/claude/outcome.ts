import type { SDKAssistantMessageError, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { FailureReason } from '../contract/errors.ts'
import type { OutputFormat } from '../contract/output-format.ts'
import type { StopReason } from '../contract/turns.ts'
import type { AgentFailure, TurnOutcome } from '../sessions/ports.ts'
import { isOfCommand } from './command-output.ts'
import { outputRetriesExhausted, toDenials, toStructuredOutput } from './findings.ts'
import type { ObservedUsage } from './observed-usage.ts'
import { orUnknown, toFigures } from './turn-figures.ts'

/** What was seen of a turn when its process told that it is over. */
export interface TurnSigns {
  /** More than one where more input was taken up after an answer; never empty. */
  results: readonly SDKResultMessage[]
  /** The typed error on the newest assistant message. */
  assistantError: SDKAssistantMessageError | undefined
  /** Text of the newest assistant message, or what a command has printed. */
  assistantText: string | null
  interruptRequested: boolean
  /** Whether the conversation has been compacted: nobody has stopped that. */
  compacted: boolean
  observed: ObservedUsage
}

/**
 * Reads flags and typed fields only: the text of a result means nothing here.
 *
 * @param costBefore `total_cost_usd` of the turn before, which counts up over the life of a process
 * @param format what the session wants the answer to be as data
 */
export function toOutcome(
  signs: TurnSigns,
  costBefore: number | null,
  format?: OutputFormat | undefined,
): TurnOutcome {
  const result = signs.results.at(-1)
  if (!result) throw new Error('a turn without a result has no outcome')
  const figures = { ...toFigures(signs.results, signs.observed, costBefore), ...toDenials(signs.results) }
  const said = result.subtype === 'success' && !result.is_error ? result.result : undefined
  const text = said === '' && isOfCommand(result) ? signs.assistantText : (said ?? signs.assistantText)
  const completed = (stopReason: StopReason): TurnOutcome => ({
    status: 'completed',
    stopReason,
    response: text ?? '',
    ...figures,
  })
  if (result.subtype === 'error_max_turns') return completed('max_turns')
  if (result.subtype === 'error_max_budget_usd') return completed('budget')
  if (result.stop_reason === 'refusal') return completed('refusal')
  const interrupted = (): TurnOutcome => ({
    status: 'interrupted',
    response: signs.assistantText,
    ...orUnknown(figures),
  })
  // A command that is stopped succeeds.
  if (signs.interruptRequested && isOfCommand(result) && !signs.compacted) return interrupted()
  const failed = (failure: AgentFailure): TurnOutcome => ({
    status: 'failed',
    failure,
    unavailable: false,
    response: null,
    ...figures,
  })
  if (result.subtype === 'success' && !result.is_error) {
    const output = toStructuredOutput(result, format)
    return 'reason' in output ? failed(output) : { ...completed('end_turn'), ...output }
  }
  if (signs.interruptRequested) return interrupted()
  if (result.subtype === 'error_max_structured_output_retries') return failed(outputRetriesExhausted)
  return failed(toFailure(result, signs.assistantError))
}

const reasonByError: Record<SDKAssistantMessageError, FailureReason> = {
  authentication_failed: 'authentication_failed',
  oauth_org_not_allowed: 'authentication_failed',
  account_on_hold: 'authentication_failed',
  verification_required: 'authentication_failed',
  cloud_credential_error: 'authentication_failed',
  billing_error: 'billing_error',
  rate_limit: 'rate_limited',
  overloaded: 'overloaded',
  invalid_request: 'invalid_request',
  model_not_found: 'model_not_found',
  server_error: 'model_error',
  max_output_tokens: 'max_output_tokens',
  unknown: 'model_error',
}

const explanations: Partial<Record<FailureReason, string>> = {
  authentication_failed: "The model's API did not accept the credentials of this server's Claude Code",
  billing_error: "The model's API refused for a reason of billing",
  rate_limited: "The model's API is limiting the rate of this account",
  overloaded: "The model's API is overloaded",
  invalid_request: "The model's API refused the request as invalid",
  model_not_found: 'The model does not exist or is not available to this account',
  model_error: "The model's API failed or broke off its answer",
  max_output_tokens: 'The answer did not fit into the output limit of the model',
  prompt_too_long: 'The conversation does not fit into the context window of the model',
}

function toFailure(result: SDKResultMessage, error: SDKAssistantMessageError | undefined): AgentFailure {
  const reason = toReason(result, error)
  return { reason, message: explanations[reason] ?? 'Claude Code ended the turn with an error' }
}

function toReason(result: SDKResultMessage, error: SDKAssistantMessageError | undefined): FailureReason {
  if (result.terminal_reason === 'prompt_too_long') return 'prompt_too_long'
  // The newest error without a status of its own: the status tells what the error's word may leave open.
  const status = result.subtype === 'success' ? result.api_error_status : null
  if (status === 529) return 'overloaded'
  if (error !== undefined && error !== 'unknown') return reasonByError[error]
  if (status === 429) return 'rate_limited'
  if (status === 400) return 'invalid_request'
  if (status === 401 || status === 403) return 'authentication_failed'
  if (result.terminal_reason === 'api_error' || result.terminal_reason === 'model_error') return 'model_error'
  return 'unknown'
}
