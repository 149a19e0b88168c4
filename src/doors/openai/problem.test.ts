import { expect, test } from 'vitest'
import type { Turn, TurnError } from '../../client/index.ts'
import { readChatRequest } from './chat-request.ts'
import { endingOf } from './endings.ts'
import { toFailure } from './problem.ts'
import { readResponsesRequest } from './responses-request.ts'

test('a model that Claude does not have is 404, as an unknown name is', () => {
  const error = { code: 'MODEL_ERROR', reason: 'model_not_found', message: 'No' } as unknown as TurnError
  const { status, body, mayRepeat } = toFailure(error)
  expect([status, body, mayRepeat]).toMatchObject([404, { param: 'model', code: 'model_not_found' }, false])
})

test.each([
  ['MESSAGE_SEND_FAILED', 'process_died', 400, 'server_error'],
  ['MESSAGE_SEND_FAILED', 'prompt_too_long', 400, 'invalid_request_error'],
  ['MODEL_RATE_LIMITED', 'rate_limited', 429, 'rate_limit_error'],
  ['MODEL_OVERLOADED', 'overloaded', 503, 'server_error'],
])('%s of a turn (%s) is %i, which says whether clients run it again', (code, reason, status, type) => {
  const failure = toFailure({ code, reason, message: 'No' } as unknown as TurnError)
  expect(failure).toMatchObject({ status, body: { type }, mayRepeat: false })
})

test.each(['interrupted', 'cancelled', 'timed_out'] as const)('a turn that was %s is a 400', status => {
  const turn = { status, endedAt: '2026-01-02T03:04:05.678Z' } as Turn
  expect(endingOf(turn, false)?.ending.problem).toMatchObject({ status: 400, mayRepeat: false })
})

const long = 'x'.repeat(10_000)
const model = 'claude-code'

test.each<[string, () => unknown]>([
  [
    'an unknown field',
    () => readChatRequest({ model, messages: [{ role: 'user', content: 'x' }], [long]: 1 }, new Headers()),
  ],
  [
    'a type of content',
    () => readChatRequest({ model, messages: [{ role: 'user', content: [{ type: long }] }] }, new Headers()),
  ],
  [
    'the id of a call',
    () => {
      const input = [{ type: 'function_call', call_id: long, name: 'look', arguments: '{}' }]
      return readResponsesRequest({ model, input: [...input, { role: 'user', content: 'x' }] }, new Headers())
    },
  ],
])('an error does not repeat %s that is long', (_, act) => {
  expect(act).toThrow(expect.objectContaining({ status: 400 }))
  expect(act).toThrow(/^.{1,250}$/s)
})
