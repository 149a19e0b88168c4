import { expect, test } from 'vitest'
import { compactMessage, longestResult } from '../../src/contract/compact-messages.ts'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'

test('the compact view is what a person reads: no frames, tools in a line, long results shortened', async () => {
  const { createSession, ask, call, stream, model } = await openServer()
  const id = await createSession({ allowedTools: ['Bash', 'Read'] })
  const command = `printf '%.0sline\\n' $(seq 2000)`
  model.script('look around', [
    toolUse('Bash', { command, description: 'Prints many lines' }),
    toolUse('Read', { file_path: '/nowhere/at-all.txt' }),
    text('Nothing there.'),
  ])
  expect((await ask(id, 'look around')).status).toBe(200)

  const raw = (await call('GET', `/sessions/${id}/messages`)).body
  const compact = (await call('GET', `/sessions/${id}/messages?view=compact`)).body
  expect(compact.pagination).toEqual(raw.pagination)
  for (const message of compact.messages) compactMessage.parse(message)
  expect(compact.messages).toMatchObject([
    { role: 'user', text: 'look around' },
    { role: 'assistant', tools: [{ name: 'Bash', summary: command }] },
    { role: 'user', results: [{ shortened: true }] },
    { role: 'assistant', tools: [{ name: 'Read', summary: '/nowhere/at-all.txt' }] },
    { role: 'user', results: [{ error: true }] },
    { role: 'assistant', text: 'Nothing there.' },
  ])
  const [, call1, result1] = compact.messages
  expect(result1.results[0].toolId).toBe(call1.tools[0].id)
  expect(result1.results[0].text).toHaveLength(longestResult)
  // Each is one of the raw messages, in their place.
  const places = new Map(raw.messages.map((m: { id: string; sequence: number }) => [m.id, m.sequence]))
  for (const { id, sequence } of compact.messages) expect(places.get(id)).toBe(sequence)

  const followed = await Array.fromAsync(stream(id, { prompt: 'What is 6 times 7?', view: 'compact' }))
  const messages = followed.filter(({ event }) => event === 'message')
  expect(messages.map(({ data }) => [data.type, data.role, data.text])).toEqual([
    ['compact_message', 'assistant', expect.stringContaining('42')],
  ])
  expect(followed.at(-1)?.event).toBe('complete')
  expect((await call('GET', `/sessions/${id}/messages?view=short`)).body.error).toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('view'),
  })
})
