import type { SDKResultMessage, TerminalReason } from '@anthropic-ai/claude-agent-sdk'
import { describe, expect, test } from 'vitest'
import { ActiveTurn } from './active-turn.ts'
import { ObservedUsage } from './observed-usage.ts'
import { type TurnSigns, toOutcome } from './outcome.ts'

/** A result as Claude Code writes it, as far as outcomes depend on it. */
function resultOf(fields: Record<string, unknown>): SDKResultMessage {
  return {
    type: 'result',
    subtype: 'success',
    is_error: false,
    result: 'said',
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
    total_cost_usd: 0,
    permission_denials: [],
    ...fields,
  } as unknown as SDKResultMessage
}

function signsOf(fields: Record<string, unknown>, signs: Partial<TurnSigns> = {}): TurnSigns {
  return {
    results: [resultOf(fields)],
    assistantError: undefined,
    said: 'said',
    commandOutput: null,
    notice: null,
    promptOutcome: undefined,
    interruptRequested: false,
    compacted: false,
    observed: new ObservedUsage(),
    ...signs,
  }
}

function outcomeOf(fields: Record<string, unknown>, signs: Partial<TurnSigns> = {}) {
  const outcome = toOutcome(signsOf(fields, signs), 0)
  const { status, response } = outcome
  if (status === 'failed') return { status, response, ...outcome.failure }
  return status === 'completed' ? { status, response, stopReason: outcome.stopReason } : { status, response }
}

/** What each `terminal_reason` comes to; the compiler refuses one that is missing. */
const byTerminalReason: Record<TerminalReason, object> = {
  completed: { status: 'completed', stopReason: 'end_turn' },
  max_turns: { status: 'completed', stopReason: 'max_turns' },
  budget_exhausted: { status: 'completed', stopReason: 'budget' },
  stop_hook_prevented: { status: 'completed', stopReason: 'stopped_by_hook' },
  hook_stopped: { status: 'completed', stopReason: 'stopped_by_hook' },
  tool_deferred: { status: 'completed', stopReason: 'tool_deferred' },
  background_requested: { status: 'completed', stopReason: 'background_requested' },
  aborted_streaming: { status: 'interrupted' },
  aborted_tools: { status: 'interrupted' },
  blocking_limit: { status: 'failed', reason: 'prompt_too_long' },
  prompt_too_long: { status: 'failed', reason: 'prompt_too_long' },
  rapid_refill_breaker: { status: 'failed', reason: 'prompt_too_long' },
  image_error: { status: 'failed', reason: 'media_rejected' },
  model_error: { status: 'failed', reason: 'model_error' },
  api_error: { status: 'failed', reason: 'model_error' },
  malformed_tool_use_exhausted: { status: 'failed', reason: 'model_error' },
  structured_output_retry_exhausted: { status: 'failed', reason: 'structured_output_failed' },
  tool_deferred_unavailable: { status: 'failed', reason: 'tool_unavailable' },
  turn_setup_failed: { status: 'failed', reason: 'turn_setup_failed' },
}

describe('terminal_reason', () => {
  test.each(Object.entries(byTerminalReason))('%s', (terminal_reason, expected) => {
    expect(outcomeOf({ terminal_reason })).toMatchObject({ ...expected, response: 'said' })
  })

  test('an error that calls itself completed is a failure', () => {
    expect(outcomeOf({ terminal_reason: 'completed', is_error: true })).toMatchObject({ status: 'failed' })
  })

  test.each([
    [false, { status: 'completed', stopReason: 'unknown', response: 'said' }],
    [true, { status: 'failed', reason: 'unknown', response: 'said' }],
  ])('one that is not known is named and never an answer (error: %s)', (is_error, expected) => {
    const outcome = toOutcome(signsOf({ terminal_reason: 'moon_phase', is_error }), 0)
    expect(outcomeOf({ terminal_reason: 'moon_phase', is_error })).toMatchObject(expected)
    expect(outcome.ending).toMatchObject({ terminalReason: 'moon_phase' })
  })

  test('none at all, and nothing that explains it: the text is a notice', () => {
    const signs = signsOf({ stop_reason: null, result: 'Something ended it' }, { said: null })
    expect(toOutcome(signs, 0)).toMatchObject({
      status: 'completed',
      stopReason: 'unknown',
      response: '',
      notice: 'Something ended it',
    })
  })
})

test.each([{ local_command: 'cost' }, {}])('a command that Claude Code ran itself: %j', fields => {
  const signs = { said: null, commandOutput: 'printed' }
  expect(outcomeOf({ ...fields, stop_reason: null, result: '' }, signs)).toEqual({
    status: 'completed',
    stopReason: 'end_turn',
    response: 'printed',
  })
})

describe("the model's stop_reason", () => {
  test.each([
    ['end_turn', 'end_turn'],
    ['tool_use', 'end_turn'],
    ['stop_sequence', 'stop_sequence'],
    ['max_tokens', 'max_tokens'],
    ['pause_turn', 'pause_turn'],
    ['refusal', 'refusal'],
    ['compaction', 'compaction'],
    ['model_context_window_exceeded', 'model_context_window_exceeded'],
    ['tool_deferred', 'tool_deferred'],
    ['strange_new', 'unknown'],
    ['constructor', 'unknown'],
  ])('%s: %s', (stop_reason, stopReason) => {
    const fields = { terminal_reason: 'completed', stop_reason }
    expect(outcomeOf(fields)).toEqual({ status: 'completed', response: 'said', stopReason })
    const { ending } = toOutcome(signsOf(fields), 0)
    expect(ending).toEqual(
      stopReason === 'end_turn' ? undefined : { terminalReason: 'completed', stopReason: stop_reason },
    )
  })

  test('a refusal is one also where Claude Code calls it an error of the API', () => {
    const fields = {
      terminal_reason: 'api_error',
      stop_reason: 'refusal',
      is_error: true,
      result: 'API Error',
    }
    expect(outcomeOf(fields)).toEqual({ status: 'completed', stopReason: 'refusal', response: 'said' })
  })
})

describe('prompt_submit_outcome', () => {
  test.each([
    ['blocked_by_hook', { status: 'completed', stopReason: 'blocked', response: '' }],
    ['dropped_by_hook', { status: 'completed', stopReason: 'blocked', response: '' }],
    ['not_passed_on', { status: 'completed', stopReason: 'blocked', response: '' }],
    ['stopped_by_hook', { status: 'completed', stopReason: 'stopped_by_hook', response: '' }],
    ['no_verdict', { status: 'failed', reason: 'hook_failed', response: null }],
    ['vanished', { status: 'completed', stopReason: 'unknown', response: '' }],
    [undefined, { status: 'completed', stopReason: 'unknown', response: '' }],
  ])('%s', (kind, expected) => {
    const signs = { said: null, promptOutcome: kind === undefined ? {} : { kind } }
    const fields = { stop_reason: null, result: 'blocked by hook: policy' }
    expect(outcomeOf(fields, signs)).toMatchObject(expected)
    expect(toOutcome(signsOf(fields, signs), 0).ending).toMatchObject({ promptOutcome: kind ?? 'unknown' })
  })

  test('says why there is no verdict; an interrupt explains it', () => {
    const promptOutcome = { kind: 'no_verdict', no_verdict_kind: 'hook_timed_out' }
    const signs = { said: null, promptOutcome }
    expect(toOutcome(signsOf({ stop_reason: null }, signs), 0).ending).toMatchObject({
      noVerdict: 'hook_timed_out',
    })
    expect(outcomeOf({ stop_reason: null }, { ...signs, interruptRequested: true }).status).toBe(
      'interrupted',
    )
  })
})

test('a turn as it was observed has all that its outcome depends on', () => {
  const turn = new ActiveTurn('turn')
  turn.sent = true
  const frames = [
    {
      type: 'system',
      subtype: 'informational',
      level: 'warning',
      content: 'UserPromptSubmit operation blocked by hook: policy',
      prompt_submit_outcome: { kind: 'blocked_by_hook', prompt_kept: false, reason: 'policy' },
    },
    resultOf({ stop_reason: null, result: 'UserPromptSubmit operation blocked by hook: policy' }),
  ]
  for (const frame of frames) turn.observe(frame as Parameters<ActiveTurn['observe']>[0])
  expect(toOutcome(turn.signs, 0)).toMatchObject({
    status: 'completed',
    stopReason: 'blocked',
    response: '',
    notice: 'policy',
    ending: { promptOutcome: 'blocked_by_hook' },
  })
})

describe('the subtype of a result', () => {
  test.each([
    ['error_max_turns', { status: 'completed', stopReason: 'max_turns' }],
    ['error_max_budget_usd', { status: 'completed', stopReason: 'budget' }],
    ['error_max_structured_output_retries', { status: 'failed', reason: 'structured_output_failed' }],
    ['error_during_execution', { status: 'failed', reason: 'unknown' }],
    ['error_of_tomorrow', { status: 'failed', reason: 'unknown' }],
  ])('%s', (subtype, expected) => {
    const fields = { subtype, is_error: true, stop_reason: null, result: undefined }
    expect(outcomeOf(fields)).toMatchObject(expected)
    expect(toOutcome(signsOf(fields), 0).ending).toMatchObject({ subtype })
  })

  test.each(['error_during_execution', 'success'])('%s after an interrupt', subtype => {
    const fields = { subtype, is_error: true, terminal_reason: 'api_error' }
    expect(outcomeOf(fields, { interruptRequested: true }).status).toBe('interrupted')
  })

  test('an answer wins over an interrupt that was on its way', () => {
    expect(outcomeOf({ terminal_reason: 'completed' }, { interruptRequested: true }).status).toBe('completed')
  })
})

describe('why a turn failed', () => {
  const failing = { terminal_reason: 'api_error', is_error: true, result: 'API Error: something' }

  test.each([
    ['authentication_failed', 'authentication_failed'],
    ['oauth_org_not_allowed', 'authentication_failed'],
    ['account_on_hold', 'authentication_failed'],
    ['verification_required', 'authentication_failed'],
    ['cloud_credential_error', 'authentication_failed'],
    ['billing_error', 'billing_error'],
    ['rate_limit', 'rate_limited'],
    ['overloaded', 'overloaded'],
    ['invalid_request', 'invalid_request'],
    ['model_not_found', 'model_not_found'],
    ['server_error', 'model_error'],
    ['max_output_tokens', 'max_output_tokens'],
    ['unknown', 'model_error'],
    ['error_of_tomorrow', 'unknown'],
  ] as const)("the assistant message's error %s: %s", (error, reason) => {
    const assistantError = error as TurnSigns['assistantError']
    expect(outcomeOf(failing, { assistantError })).toMatchObject({ status: 'failed', reason })
    expect(toOutcome(signsOf(failing, { assistantError }), 0).ending).toMatchObject({ error })
  })

  test.each([
    [400, 'invalid_request'],
    [401, 'authentication_failed'],
    [402, 'billing_error'],
    [403, 'authentication_failed'],
    [413, 'prompt_too_long'],
    [429, 'rate_limited'],
    [500, 'model_error'],
    [529, 'overloaded'],
  ])('api_error_status %i: %s', (api_error_status, reason) => {
    expect(outcomeOf({ ...failing, api_error_status })).toMatchObject({ reason })
  })

  test.each([
    ['overloaded_error', 'overloaded'],
    ['request_too_large', 'prompt_too_long'],
    ['rate_limit_error', 'rate_limited'],
    ['authentication_error', 'authentication_failed'],
    ['billing_error', 'billing_error'],
    ['timeout_error', 'model_error'],
  ])('api_error_type %s: %s', (api_error_type, reason) => {
    expect(outcomeOf({ ...failing, api_error_type }, { assistantError: 'unknown' })).toMatchObject({ reason })
  })

  test('a request that is too large is not a fault of its images', () => {
    const fields = { ...failing, terminal_reason: 'image_error', api_error_status: 413 }
    expect(outcomeOf(fields, { assistantError: 'invalid_request' })).toMatchObject({
      reason: 'prompt_too_long',
      message: "The request is larger than the model's API accepts",
    })
  })

  test.each(['blocking_limit', 'rapid_refill_breaker'])('%s: the API was not asked', terminal_reason => {
    const fields = { ...failing, terminal_reason, api_error_status: null }
    const outcome = outcomeOf(fields, { assistantError: 'invalid_request' })
    expect(outcome).toMatchObject({ reason: 'prompt_too_long', message: expect.not.stringContaining('API') })
  })

  test.each([
    [400, "The model's API refused the request as invalid"],
    [null, 'Claude Code refused the request as invalid'],
  ])('an invalid request, status %s: says who refused it', (api_error_status, message) => {
    const fields = { ...failing, api_error_status }
    expect(outcomeOf(fields, { assistantError: 'invalid_request' })).toMatchObject({ message })
  })
})
