import { type PromptResponse, RequestError, type StopReason } from '@agentclientprotocol/sdk'
import type { StoredEvent, StopReason as TurnStopReason } from '../../client/index.ts'
import { codeOf } from './errors.ts'
import { toMeta } from './extension.ts'

/** The last event of a turn. */
export type TurnEnd = Extract<
  StoredEvent,
  { type: 'turn.completed' | 'turn.failed' | 'turn.interrupted' | 'turn.timed_out' | 'turn.lost' }
>

/** The words of the protocol; for all others, `end_turn`. */
const stopReasons: { [Reason in TurnStopReason]?: StopReason } = {
  max_turns: 'max_turn_requests',
  budget: 'max_turn_requests',
  refusal: 'refusal',
  blocked: 'refusal',
  interrupted: 'cancelled',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'max_tokens',
}

/**
 * Returns the result of a prompt.
 *
 * @throws RequestError if the turn has failed
 */
export function toPromptResponse(end: TurnEnd): PromptResponse {
  switch (end.type) {
    case 'turn.completed': {
      const { turnId, stopReason, usage, costUsd } = end.data
      return {
        stopReason: stopReasons[stopReason] ?? 'end_turn',
        ...toMeta({ turnId, stopReason, usage, costUsd }),
      }
    }
    case 'turn.interrupted':
      return { stopReason: 'cancelled', ...toMeta({ turnId: end.data.turnId }) }
    case 'turn.timed_out':
      throw toFailure('The turn timed out', { code: 'REQUEST_TIMEOUT', turnId: end.data.turnId })
    default: {
      const { turnId, error } = end.data
      const { code, reason, message, retry, retryAt } = error
      if (reason === 'cancelled') return { stopReason: 'cancelled', ...toMeta({ turnId }) }
      throw toFailure(message, { code, reason, retry, retryAt, turnId })
    }
  }
}

function toFailure(message: string, data: Record<string, unknown>): RequestError {
  return new RequestError(codeOf('MESSAGE_SEND_FAILED', null), message, data)
}
