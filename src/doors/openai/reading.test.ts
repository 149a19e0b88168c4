import { describe, expect, test } from 'vitest'
import { readChatRequest } from './chat-request.ts'
import { readBody } from './reading.ts'
import { readResponsesRequest } from './responses-request.ts'

const chat = { model: 'claude-code', messages: [{ role: 'user', content: 'Hello' }] }
const response = { model: 'claude-code', input: 'Hello' }

describe('a body', () => {
  const send = (body: string) => readBody(new Request('http://door.internal', { method: 'POST', body }))

  test.each(['null', '[]', '"x"', '7', '{', ''])('%j is not a JSON object', async body => {
    await expect(send(body)).rejects.toMatchObject({
      status: 400,
      body: { message: 'The body must be a JSON object', param: null },
    })
  })

  test.each<[string, object]>([
    ['messages[1].content', { messages: [chat.messages[0], { role: 'user', content: 'a\0' }] }],
    ['input[0].content[0].text', { input: [{ role: 'user', content: [{ text: '\ud800' }] }] }],
  ])('names the place of a text that cannot be stored: %s', async (param, body) => {
    await expect(send(JSON.stringify(body))).rejects.toMatchObject({
      status: 400,
      body: { param, message: expect.stringMatching(/: must not contain (NUL|half a surrogate pair)$/) },
    })
  })
})

test.each<[string, object]>([
  ['max_tokens', { max_tokens: {} }],
  ['max_tokens', { max_tokens: [] }],
  ['max_completion_tokens', { max_completion_tokens: false }],
  ['web_search_options', { web_search_options: {} }],
  ['stop', { stop: {} }],
  ['user', { user: 'session:' }],
  ['messages[0].content', { messages: [{ role: 'user', content: 7 }] }],
  ['messages[0].content', { messages: [{ role: 'system', content: {} }] }],
  ['messages[0].content', { messages: [{ role: 'user' }] }],
  ['messages', { messages: [{ role: 'user', content: ' ' }] }],
  [
    'messages[0].function_call',
    { messages: [{ role: 'assistant', function_call: { name: 'x', arguments: '{}' } }, ...chat.messages] },
  ],
  [
    'messages[0].content[0].image_url.url',
    {
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,?' } }] },
      ],
    },
  ],
])('%s of a chat completion is refused: %j', (param, fields) => {
  expect(() => readChatRequest({ ...chat, ...fields }, new Headers())).toThrow(
    expect.objectContaining({
      body: expect.objectContaining({ param, message: expect.stringContaining(`${param}: must `) }),
    }),
  )
})

test.each<[string, object]>([
  ['max_output_tokens', { max_output_tokens: {} }],
  ['input', { input: 7 }],
  ['input[1]', { input: [{ role: 'user', content: 'x' }, 'y'] }],
  ['input[0].content', { input: [{ role: 'user', content: 7 }] }],
])('%s of a response is refused: %j', (param, fields) => {
  expect(() => readResponsesRequest({ ...response, ...fields }, new Headers())).toThrow(
    expect.objectContaining({
      body: expect.objectContaining({ param, message: expect.stringContaining(`${param}: must `) }),
    }),
  )
})

test.each([
  ['https://json-schema.org/draft/2020-12/schema', undefined],
  ['http://json-schema.org/draft-07/schema#', 'http://json-schema.org/draft-07/schema#'],
])('the dialect %s of a format becomes %s', ($schema, kept) => {
  const schema = { $schema, type: 'object' }
  const format = { type: 'json_schema', name: 'x', schema }
  const given = { ...chat, response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }
  for (const request of [
    readChatRequest(given, new Headers()),
    readResponsesRequest({ ...response, text: { format } }, new Headers()),
  ]) {
    expect(request.format?.schema).toEqual({ ...(kept && { $schema: kept }), type: 'object' })
  }
})

test('a reference to an item is refused with the remedy', () => {
  const input = [{ type: 'item_reference', id: 'msg_1' }]
  expect(() => readResponsesRequest({ ...response, input }, new Headers())).toThrow(
    /^input\[0\]\.type: .*send the items themselves/,
  )
})

test('fields that ask for nothing are taken', () => {
  const nothing = { stop: [], logit_bias: {}, logprobs: false, functions: [], max_tokens: null }
  expect(readChatRequest({ ...chat, ...nothing }, new Headers()).model).toBe('claude-code')
})
