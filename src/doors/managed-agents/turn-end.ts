import type { StoredEvent, Turn } from '../../client/index.ts'
import type { SessionErrorDetail, StopReason } from './event-types.ts'
import type { Totals } from './usage.ts'

type TurnFailure = NonNullable<Turn['error']>

/** The end of a turn, as the last of its events says it. */
export interface TurnEnd {
  turnId: string
  stopReason: StopReason
  error: SessionErrorDetail | undefined
  wasInterrupted: boolean
  usage: Turn['usage']
  costUsd: Totals['costUsd'] | null
  durationMs: number | null
}

export function toEnd({ type, data }: StoredEvent): TurnEnd {
  const { turnId, status, stopReason, error, usage, costUsd, durationMs } = data as Partial<Turn>
  const failure = toError(type, error ?? null)
  return {
    turnId: turnId ?? '',
    stopReason: toStopReason(stopReason ?? null, failure !== undefined),
    error: failure,
    wasInterrupted: type === 'turn.interrupted' && status === 'interrupted',
    usage: usage ?? null,
    costUsd: costUsd ?? null,
    durationMs: durationMs ?? null,
  }
}

function toStopReason(reason: Turn['stopReason'], hasFailed: boolean): StopReason {
  if (hasFailed) return { type: 'retries_exhausted' }
  if (reason === 'budget') return { type: 'budget_reached' }
  return { type: reason === 'refusal' ? 'refusal' : 'end_turn' }
}

/** Reasons of failure that the protocol tells apart. */
const errorTypes: Partial<Record<TurnFailure['reason'], SessionErrorDetail['type']>> = {
  overloaded: 'model_overloaded_error',
  rate_limited: 'model_rate_limited_error',
  billing_error: 'billing_error',
  spend_limit_reached: 'billing_error',
  authentication_failed: 'model_request_failed_error',
  invalid_request: 'model_request_failed_error',
  model_not_found: 'model_request_failed_error',
  model_error: 'model_request_failed_error',
  max_output_tokens: 'model_request_failed_error',
  prompt_too_long: 'model_request_failed_error',
  media_rejected: 'model_request_failed_error',
}

function toError(type: StoredEvent['type'], error: Turn['error']): SessionErrorDetail | undefined {
  if (type === 'turn.timed_out') {
    const message = 'The turn did not finish within its timeout'
    return { type: 'unknown_error', message, retry_status: { type: 'terminal' } }
  }
  if (!error) return undefined
  const { reason, message, retryable } = error
  return {
    type: errorTypes[reason] ?? 'unknown_error',
    message,
    retry_status: { type: retryable ? 'exhausted' : 'terminal' },
  }
}
