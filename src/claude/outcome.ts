import type { SDKAssistantMessageError, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk'
import type { FailureReason } from '../contract/errors.ts'
import type { StopReason, Usage } from '../contract/turns.ts'
import type { AgentFailure, TurnOutcome } from '../sessions/ports.ts'

/** What was seen of a turn when its process told that it is over. */
export interface TurnSigns {
  /** More than one where more input was taken up after an answer; never empty. */
  results: readonly SDKResultMessage[]
  /** The typed error on the newest assistant message. */
  assistantError: SDKAssistantMessageError | undefined
  /** Text of the newest assistant message. */
  assistantText: string | null
  interruptRequested: boolean
}

/**
 * Reads flags and typed fields only: the text of a result means nothing here.
 *
 * @param costBefore `total_cost_usd` of the turn before, which counts up over the life of a process
 */
export function toOutcome(signs: TurnSigns, costBefore: number | null): TurnOutcome {
  const result = signs.results.at(-1)
  if (!result) throw new Error('a turn without a result has no outcome')
  const figures = { usage: toUsage(signs.results), costUsd: toCost(signs.results, costBefore) }
  const text = result.subtype === 'success' && !result.is_error ? result.result : signs.assistantText
  const completed = (stopReason: StopReason): TurnOutcome => ({
    status: 'completed',
    stopReason,
    response: text ?? '',
    ...figures,
  })
  if (result.subtype === 'error_max_turns') return completed('max_turns')
  if (result.subtype === 'error_max_budget_usd') return completed('budget')
  if (result.stop_reason === 'refusal') return completed('refusal')
  if (result.subtype === 'success' && !result.is_error) return completed('end_turn')
  if (signs.interruptRequested) return { status: 'interrupted', response: signs.assistantText, ...figures }
  return {
    status: 'failed',
    failure: toFailure(result, signs.assistantError),
    unavailable: false,
    response: null,
    ...figures,
  }
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
  if (status === 401 || status === 403) return 'authentication_failed'
  if (result.terminal_reason === 'api_error' || result.terminal_reason === 'model_error') return 'model_error'
  return 'unknown'
}

interface ModelTokens {
  inputTokens: number
  outputTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
  costUSD: number
}

/** Per model, since the result before; sent by the pinned Claude Code but not in the SDK's typings. */
function sinceLastResult(results: readonly SDKResultMessage[]): ModelTokens[] | undefined {
  const models = results.map(
    result =>
      (result as { model_usage_since_last_result?: Record<string, ModelTokens> })
        .model_usage_since_last_result,
  )
  return models.every(usage => usage !== undefined)
    ? models.flatMap(usage => Object.values(usage))
    : undefined
}

function toUsage(results: readonly SDKResultMessage[]): Usage {
  const tokens = sinceLastResult(results) ?? results.map(toModelTokens)
  const sum = (field: keyof ModelTokens) => tokens.reduce((total, counted) => total + counted[field], 0)
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadInputTokens: sum('cacheReadInputTokens'),
    cacheCreationInputTokens: sum('cacheCreationInputTokens'),
  }
}

/** Of the main conversation alone: the fallback. */
function toModelTokens({ usage }: SDKResultMessage): ModelTokens {
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadInputTokens: usage.cache_read_input_tokens,
    cacheCreationInputTokens: usage.cache_creation_input_tokens,
    costUSD: 0,
  }
}

function toCost(results: readonly SDKResultMessage[], before: number | null): number | null {
  const models = sinceLastResult(results)
  if (models) return models.reduce((total, { costUSD }) => total + costUSD, 0)
  const total = results.at(-1)?.total_cost_usd
  return before === null || total === undefined ? null : Math.max(0, total - before)
}
