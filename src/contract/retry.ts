import { z } from 'zod'
import { type ErrorCode, errorCatalogue, type FailureReason } from './errors.ts'

/** The advice on retrying, in every error body and in the `error` of a turn. */
export const retryAdvice = {
  retryable: z.boolean().meta({ description: 'Whether the same request can succeed later' }),
  retry: z.enum(['same_key', 'new_key', 'never']).meta({
    description:
      '`same_key`: send the request again, with the same Idempotency-Key if it had one; `new_key`: the turn failed, and the same key would return that failure: use `POST /sessions/:id/turns/:turnId/retry`, or a new key; `never`: the same request would fail again',
  }),
}

export interface RetryAdvice {
  retryable: boolean
  retry: 'same_key' | 'new_key' | 'never'
}

/** Whether the unchanged prompt of a turn that failed for this reason can succeed later. */
const reasonIsRetryable: Record<FailureReason, boolean> = {
  authentication_failed: false,
  billing_error: false,
  rate_limited: true,
  overloaded: true,
  invalid_request: false,
  model_not_found: false,
  model_error: true,
  max_output_tokens: false,
  prompt_too_long: false,
  media_rejected: false,
  tool_unavailable: false,
  turn_setup_failed: true,
  hook_failed: true,
  process_died: true,
  process_unresponsive: true,
  output_too_large: false,
  not_installed: false,
  not_logged_in: false,
  start_failed: true,
  cwd_missing: false,
  setting_not_supported: false,
  isolation_failed: true,
  workspace_too_large: false,
  structured_output_failed: true,
  secrets_unreadable: false,
  spend_limit_reached: true,
  cancelled: true,
  lost: true,
  unknown: true,
}

/** Codes of failed turns; if there is no turn, they are about the request itself. */
const endsTurn: ReadonlySet<ErrorCode> = new Set([
  'REQUEST_TIMEOUT',
  'MESSAGE_SEND_FAILED',
  'AGENT_UNAVAILABLE',
  'MODEL_OVERLOADED',
  'MODEL_RATE_LIMITED',
  'SPEND_LIMIT_REACHED',
])

/** Derives the advice on retrying from an error's code and details. */
export function adviseRetry(code: ErrorCode, details?: { turnId?: unknown; reason?: unknown }): RetryAdvice {
  const reason = details?.reason as FailureReason | undefined
  const retryable = reasonIsRetryable[reason as FailureReason] ?? errorCatalogue[code].retryable
  if (!retryable || !errorCatalogue[code].retryable) return { retryable: false, retry: 'never' }
  const turnHasEnded = endsTurn.has(code) && details?.turnId !== undefined
  return { retryable: true, retry: turnHasEnded ? 'new_key' : 'same_key' }
}

/** Same as `adviseRetry`, for a turn that failed for this reason. */
export function adviseTurnRetry(reason: FailureReason): RetryAdvice {
  const retryable = reasonIsRetryable[reason]
  return { retryable, retry: retryable ? 'new_key' : 'never' }
}

/** Returns the error code of a failed turn. Failures that outlast Claude Code's own retries have their own codes. */
export function failureCodeOf(reason: FailureReason, unavailable: boolean) {
  if (unavailable) return 'AGENT_UNAVAILABLE'
  if (reason === 'overloaded') return 'MODEL_OVERLOADED'
  if (reason === 'rate_limited') return 'MODEL_RATE_LIMITED'
  if (reason === 'spend_limit_reached') return 'SPEND_LIMIT_REACHED'
  return 'MESSAGE_SEND_FAILED'
}
