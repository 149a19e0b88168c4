import { z } from 'zod'
import { type ErrorCode, errorCatalogue, type FailureReason } from './errors.ts'

/** How a failed request is sent again, in every error body and in the `error` of a turn. */
export const retryAdvice = {
  retryable: z.boolean().meta({ description: 'Whether the same request can succeed later' }),
  retry: z.enum(['same_key', 'new_key', 'never']).meta({
    description:
      '`same_key`: send the request again, with the same Idempotency-Key if it had one; `new_key`: its turn has failed and the same key would replay that, so use `POST /sessions/:id/turns/:turnId/retry` or a new key; `never`: the same request fails again',
  }),
}

export interface RetryAdvice {
  retryable: boolean
  retry: 'same_key' | 'new_key' | 'never'
}

/** Whether the prompt of a turn that failed for this reason can succeed later, unchanged. */
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
  structured_output_failed: true,
  secrets_unreadable: false,
  cancelled: true,
  lost: true,
  unknown: true,
}

/** Codes with which a turn ends; without a turn they are about the request itself. */
const endsTurn: ReadonlySet<ErrorCode> = new Set([
  'REQUEST_TIMEOUT',
  'MESSAGE_SEND_FAILED',
  'AGENT_UNAVAILABLE',
  'MODEL_OVERLOADED',
  'MODEL_RATE_LIMITED',
])

/** Derives from an error's code and details how the request is sent again. */
export function adviseRetry(code: ErrorCode, details?: { turnId?: unknown; reason?: unknown }): RetryAdvice {
  const reason = details?.reason as FailureReason | undefined
  const retryable = reasonIsRetryable[reason as FailureReason] ?? errorCatalogue[code].retryable
  if (!retryable || !errorCatalogue[code].retryable) return { retryable: false, retry: 'never' }
  const turnHasEnded = endsTurn.has(code) && details?.turnId !== undefined
  return { retryable: true, retry: turnHasEnded ? 'new_key' : 'same_key' }
}

/** As `adviseRetry`, for a turn that has failed for this reason. */
export function adviseTurnRetry(reason: FailureReason): RetryAdvice {
  const retryable = reasonIsRetryable[reason]
  return { retryable, retry: retryable ? 'new_key' : 'never' }
}

/** The code of a turn's failure: what outlasts Claude Code's own retries has codes of its own. */
export function failureCodeOf(reason: FailureReason, unavailable: boolean) {
  if (unavailable) return 'AGENT_UNAVAILABLE'
  if (reason === 'overloaded') return 'MODEL_OVERLOADED'
  if (reason === 'rate_limited') return 'MODEL_RATE_LIMITED'
  return 'MESSAGE_SEND_FAILED'
}
