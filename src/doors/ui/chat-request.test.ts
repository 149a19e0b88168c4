import { expect, test } from 'vitest'
import { readChatRequest } from './chat-request.ts'

const text = { type: 'text', text: 'hello' }
const hello = { id: 'm', role: 'user', parts: [text] }

test.each<[object, string]>([
  [{ messages: [hello] }, 'id: must be set'],
  [{ id: '', messages: [hello] }, 'id: must not be empty'],
  [{ id: 'x'.repeat(501), messages: [hello] }, 'id: must have at most 500 characters'],
  [{ id: 'x', messages: {} }, 'messages: must be a list'],
  [{ id: 'x', messages: [] }, 'messages: must not be empty'],
  [{ id: 'x' }, 'messages: must be set, or message in its place'],
  [{ id: 'x', messages: [hello], message: hello }, 'messages: must be set, or message in its place'],
  [
    { id: 'x', messages: [{ ...hello, role: 'tool' }] },
    'messages.0.role: must be "system", "user" or "assistant"',
  ],
  [{ id: 'x', messages: [hello, { ...hello, parts: [{}] }] }, 'messages.1.parts.0.type: must be set'],
  [{ id: 'x', messages: [hello], session: 'a' }, 'session: must be an object'],
  [{ id: 'x', messages: [hello], preset: 3 }, 'preset: must be a string'],
  [{ id: 'x', messages: [hello], preset: 'a@b@c' }, 'preset: must be the name of a preset, or a name, @ and'],
  [{ id: 'x', messages: [hello], preset: 'a'.repeat(300_000) }, 'preset: must be the name of a preset'],
  [{ id: 'x', messages: [hello], onBusy: 'steer' }, 'onBusy: must be "queue", "reject" or "interrupt"'],
  [{ id: 'x', messages: [hello], session: { sessionId: 'a' } }, 'session.sessionId: must not be set here'],
  [
    { id: 'x', messages: [{ ...hello, role: 'system' }] },
    'messages: the last message must have the role user or assistant',
  ],
  [{ id: 'x', message: hello, messageId: 'm' }, 'message: must not be an edited one'],
  [
    { id: 'x', messages: [hello], trigger: 'edit' },
    'trigger: must be "submit-message" or "regenerate-message"',
  ],
  [{ id: 'x', messages: [hello], temperature: 0, top: 1 }, 'temperature: unknown field; top: unknown field'],
  [{ id: 'x', messages: [hello], tools: { look: {} } }, 'tools: must be empty: send tools of the page as'],
  [{ id: 'x', messages: [hello], tools: 'look' }, 'tools: must be empty'],
])('a request is refused by its field (%#)', async (body, expected) => {
  const request = new Request('http://door.test', { method: 'POST', body: JSON.stringify(body) })
  const { message } = await readChatRequest(request).then(
    () => ({ message: 'accepted' }),
    error => error as Error,
  )
  expect(message.slice(0, expected.length)).toBe(expected)
})

test('an empty set of tools asks for nothing', async () => {
  const body = JSON.stringify({ id: 'x', messages: [hello], tools: {} })
  const request = new Request('http://door.test', { method: 'POST', body })
  expect(await readChatRequest(request)).toMatchObject({ last: hello })
})

test('the last message is the prompt, unless the named one is an answer', async () => {
  const read = (body: object) =>
    readChatRequest(
      new Request('http://door.test', { method: 'POST', body: JSON.stringify({ id: 'x', ...body }) }),
    )
  const answer = { ...hello, id: 'turn', role: 'assistant' }
  expect(await read({ message: hello })).toMatchObject({
    messages: [hello],
    last: hello,
    onDisconnect: 'continue',
  })
  expect((await read({ messages: [answer, hello] })).continued).toBeUndefined()
  expect((await read({ messages: [hello, answer] })).continued).toEqual(answer)
  expect((await read({ messages: [answer, hello], messageId: 'turn' })).continued).toEqual(answer)
})
