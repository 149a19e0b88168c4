import { expect, test } from 'vitest'
import type { TurnError } from '../../client/index.ts'
import { readChatRequest } from './chat-request.ts'
import { toFailure } from './problem.ts'
import { readResponsesRequest } from './responses-request.ts'

test('a model that Claude does not have is 404, as an unknown name is', () => {
  const error = { code: 'MODEL_ERROR', reason: 'model_not_found', message: 'No' } as unknown as TurnError
  const { status, body, mayRepeat } = toFailure(error)
  expect([status, body, mayRepeat]).toMatchObject([404, { param: 'model', code: 'model_not_found' }, false])
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
