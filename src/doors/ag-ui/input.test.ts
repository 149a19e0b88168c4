import { expect, test } from 'vitest'
import { readInput } from './input.ts'
import { newMessages } from './prompt.ts'

type Json = Record<string, unknown>

async function read(fields: Json) {
  const messages = [{ id: '1', role: 'user', content: 'Hello' }]
  const body = JSON.stringify({ threadId: 'thread', runId: 'run', messages, ...fields })
  const input = await readInput(new Request('http://door.internal', { method: 'POST', body }))
  return { input, news: newMessages(input) }
}

const say = (content: unknown, role = 'user') => ({ messages: [{ id: '1', role, content }] })
const document = (value: string) =>
  say([{ type: 'document', source: { type: 'data', value, mimeType: 'text/plain' } }])
const answer = (payload: unknown) => ({ interruptId: 'p1', status: 'resolved', payload })
const noNul = 'must not contain NUL'

test.each<[string, string, Json]>([
  ['messages[0].content', noNul, say('a\0')],
  ['messages[0].content', noNul, say('a\0', 'system')],
  [
    'messages[0].content[1].text',
    noNul,
    say([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b\0' },
    ]),
  ],
  ['messages[0].content[0].text', 'must be a string', say([{ type: 'text', text: 7 }])],
  ['messages[0].content[0].source.value', noNul, document('YQA=')],
  ['messages[0].content[0].source.value', 'must be Base64', document('YQA')],
  ['messages[0].content[0].source.value', 'must not be empty', document('')],
  ['messages[0].content', 'must be a string or a list of parts', say(7)],
  ['messages[0].content', 'must be a string or a list of parts', say(undefined)],
  ['messages[0].role', 'must be one of user, assistant', say('x', 'zorp')],
  ['context[0].value', noNul, { context: [{ description: 'a', value: 'b\0' }] }],
  ['resume[1]', 'must be the same as resume[0]', { resume: [answer(true), answer(false)] }],
])('%s %s', async (path, message, fields) => {
  await expect(read(fields)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { issues: [{ path, message: expect.stringContaining(message) }] },
  })
})

test('an answer that is given twice is one', async () => {
  const { input } = await read({ resume: [answer({ approved: true }), answer({ approved: true })] })
  expect(input.resume).toHaveLength(2)
})
