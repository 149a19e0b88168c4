import type {
  SDKAssistantMessageError,
  SDKResultMessage,
  TerminalReason,
} from '@anthropic-ai/claude-agent-sdk'
import type { FailureReason } from '../../contract/errors.ts'
import { lookUp } from '../../lib/look-up.ts'
import type { AgentFailure } from '../../sessions/ports/index.ts'
import { outputRetriesExhausted } from '../process/findings.ts'

/** The cause of a failed result; `api_error` and `api_error_type` are not in the SDK's typings. */
interface Cause {
  terminalReason: TerminalReason | undefined
  error: SDKAssistantMessageError | undefined
  /** Claude Code's value for the cause. */
  apiError: string | undefined
  /** `error.type` of the API's response. */
  apiErrorType: string | undefined
  /** The HTTP status of the API's response; null: the API did not respond, or was not called. */
  status: number | null
}

const byError: Record<SDKAssistantMessageError, FailureReason> = {
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
  unknown: 'unknown',
}

const byTerminalReason: Partial<Record<TerminalReason, FailureReason>> = {
  blocking_limit: 'prompt_too_long',
  prompt_too_long: 'prompt_too_long',
  rapid_refill_breaker: 'prompt_too_long',
  image_error: 'media_rejected',
  malformed_tool_use_exhausted: 'model_error',
  tool_deferred_unavailable: 'tool_unavailable',
  turn_setup_failed: 'turn_setup_failed',
}

/** Causes that the other fields do not show. */
const byApiError: Partial<Record<string, FailureReason>> = {
  max_output_tokens: 'max_output_tokens',
  autocompact_thrashing: 'prompt_too_long',
  message_over_context_limit: 'prompt_too_long',
  pdf_too_large: 'media_rejected',
  pdf_password_protected: 'media_rejected',
  media_removed: 'media_rejected',
  usage_limit_reached: 'rate_limited',
  model_requires_usage_credits: 'billing_error',
  long_context_credits_required: 'billing_error',
  stored_login_refused: 'authentication_failed',
  provider_credentials: 'authentication_failed',
  api_key_auth_disabled: 'authentication_failed',
  org_disabled_credential: 'authentication_failed',
  invalid_credential_header: 'authentication_failed',
  connection_failed: 'model_error',
  stream_idle_timeout: 'model_error',
  no_response: 'model_error',
  empty_completion: 'model_error',
  malformed_tool_use_exhausted: 'model_error',
}

const byApiErrorType: Partial<Record<string, FailureReason>> = {
  request_too_large: 'prompt_too_long',
  overloaded_error: 'overloaded',
  rate_limit_error: 'rate_limited',
  authentication_error: 'authentication_failed',
  permission_error: 'authentication_failed',
  billing_error: 'billing_error',
  invalid_request_error: 'invalid_request',
  api_error: 'model_error',
  timeout_error: 'model_error',
}

const byStatus: Partial<Record<string, FailureReason>> = {
  400: 'invalid_request',
  401: 'authentication_failed',
  402: 'billing_error',
  403: 'authentication_failed',
  413: 'prompt_too_long',
  429: 'rate_limited',
  529: 'overloaded',
}

export function toFailure(
  result: SDKResultMessage,
  error: SDKAssistantMessageError | undefined,
): AgentFailure {
  const { api_error, api_error_type } = result as { api_error?: string; api_error_type?: string }
  const cause: Cause = {
    terminalReason: result.terminal_reason,
    error,
    apiError: api_error,
    apiErrorType: api_error_type,
    status: (result.subtype === 'success' && result.api_error_status) || null,
  }
  if (cause.terminalReason === 'structured_output_retry_exhausted') return outputRetriesExhausted
  const reason = toReason(cause)
  return { reason, message: explain(reason, cause) }
}

function toReason({ terminalReason, error, apiError, apiErrorType, status }: Cause): FailureReason {
  // The typed error may be too general: these two are more specific than `invalid_request` and `server_error`.
  if (status === 413 || apiErrorType === 'request_too_large') return 'prompt_too_long'
  if (status === 529 || apiErrorType === 'overloaded_error') return 'overloaded'
  const told =
    lookUp(byTerminalReason, terminalReason) ??
    lookUp(byApiError, apiError) ??
    // An unknown error is different from all known errors.
    (error === undefined || error === 'unknown' ? undefined : (lookUp(byError, error) ?? 'unknown'))
  if (told) return told
  const ofApi =
    lookUp(byApiErrorType, apiErrorType) ?? lookUp(byStatus, status === null ? null : String(status))
  if (ofApi) return ofApi
  const isOfModel = terminalReason === 'api_error' || terminalReason === 'model_error'
  return isOfModel ? 'model_error' : 'unknown'
}

const explanations: Partial<Record<FailureReason, string>> = {
  authentication_failed: "The model's API rejected the credentials of this server's Claude Code",
  billing_error: "The model's API refused the request because of a billing problem",
  rate_limited: "The model's API rate-limits this account",
  overloaded: "The model's API is overloaded",
  model_not_found: 'The model does not exist, or is not available to this account',
  model_error: "The model's API failed, or broke off its answer",
  max_output_tokens: "The answer exceeded the model's output limit",
  media_rejected: 'An image or a document in the conversation is too large, or cannot be read',
  tool_unavailable: 'The tool that the turn was waiting to call is no longer available',
  turn_setup_failed: 'Claude Code could not set up the turn',
}

/** Explains a refusal, by the model's API or by Claude Code itself. */
function explain(reason: FailureReason, { terminalReason, status }: Cause): string {
  const wasAsked = status !== null
  if (reason === 'invalid_request') {
    return wasAsked
      ? "The model's API refused the request as invalid"
      : 'Claude Code refused the request as invalid'
  }
  if (reason === 'prompt_too_long') {
    if (status === 413) return "The request is larger than the model's API accepts"
    if (terminalReason === 'rapid_refill_breaker') {
      return "The model's context window was full again right after a compaction"
    }
    return "The prompt and the conversation do not fit into the model's context window"
  }
  if (terminalReason === 'malformed_tool_use_exhausted') {
    return 'The model called a tool with input that cannot be parsed, even after it was asked again'
  }
  return explanations[reason] ?? 'Claude Code ended the turn with an error'
}
