/** One block of a message, as the model would say it. */
export type AnswerBlock =
  | { type: 'text'; text: string }
  | { type: 'thinking'; text: string }
  | { type: 'tool_use'; name: string; input: Record<string, unknown> }

/** The API may send others than those that are known. */
export type StopReason =
  | 'end_turn'
  | 'tool_use'
  | 'max_tokens'
  | 'stop_sequence'
  | 'refusal'
  | 'pause_turn'
  | 'model_context_window_exceeded'
  | (string & {})

/** The reported tokens of the answer. Missing values are estimated from the lengths. */
export interface AnswerUsage {
  inputTokens?: number
  outputTokens?: number
  cacheReadTokens?: number
  cacheCreationTokens?: number
}

/** How an answer is delivered: in which pieces, how fast, and whether completely. */
export interface Delivery {
  /** Left out: `tool_use` when a block is a tool call, else `end_turn`. */
  stopReason?: StopReason
  usage?: AnswerUsage
  /** Pause before every fragment but the first, in milliseconds. */
  delayMs?: number
  /** Characters in a fragment, or `line` for one fragment a line. Left out: some hundred fragments at most. */
  fragmentSize?: number | 'line'
  /** The socket is destroyed after so many fragments (0: right after the message has begun). */
  breakAfterFragments?: number
  /** The stream ends with the API's event for overload after so many fragments. */
  errorAfterFragments?: number
  /** Answering stops until this settles, or the client leaves. */
  holdUntil?: Promise<unknown>
  /** Where `holdUntil` counts: after so many fragments. Left out: before the first byte of the response. */
  holdAfterFragments?: number
}

/** A message of the model. */
export interface SpokenAnswer extends Delivery {
  blocks: readonly AnswerBlock[]
}

/** An error of the API in place of a message. */
export interface FailedAnswer {
  error: {
    status: number
    type: string
    message: string
    /** Seconds, sent as `retry-after`. */
    retryAfter?: number
    /** Sent as `x-should-retry`, with which the API tells its clients whether trying again can help. */
    shouldRetry?: boolean
  }
}

export type Answer = SpokenAnswer | FailedAnswer

/** An answer of one text block. */
export function text(content: string, delivery: Delivery = {}): SpokenAnswer {
  return { ...delivery, blocks: [{ type: 'text', text: content }] }
}

/** An answer of one thinking block; the API never ends a turn with one, so put a text behind it with `together`. */
export function thinking(content: string, delivery: Delivery = {}): SpokenAnswer {
  return { ...delivery, blocks: [{ type: 'thinking', text: content }] }
}

/** An answer that calls one tool. */
export function toolUse(name: string, input: Record<string, unknown>, delivery: Delivery = {}): SpokenAnswer {
  return { ...delivery, blocks: [{ type: 'tool_use', name, input }] }
}

/**
 * Several answers as the blocks of one message; of their deliveries, later ones win.
 *
 * @example together(thinking('Which files?'), toolUse('Bash', { command: 'ls' }))
 */
export function together(...answers: readonly SpokenAnswer[]): SpokenAnswer {
  return { ...Object.assign({}, ...answers), blocks: answers.flatMap(answer => answer.blocks) }
}

const errorsOfTheApi: Record<number, { type: string; message: string }> = {
  400: { type: 'invalid_request_error', message: 'The request is not valid' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  403: { type: 'permission_error', message: 'Your API key may not use this resource' },
  404: { type: 'not_found_error', message: 'Not found' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: { type: 'rate_limit_error', message: 'Your account has hit a rate limit' },
  500: { type: 'api_error', message: 'Internal server error' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
}

/** The statuses for which `apiError` knows the API's own wording. */
export const knownErrorStatuses: readonly number[] = Object.keys(errorsOfTheApi).map(Number)

/** An error of the API with the wording that it has for this status; `details` replaces parts of it. */
export function apiError(
  status: number,
  details: Partial<Omit<FailedAnswer['error'], 'status'>> = {},
): FailedAnswer {
  const known = errorsOfTheApi[status] ?? { type: 'api_error', message: `Status ${status}` }
  return { error: { status, ...known, ...details } }
}
