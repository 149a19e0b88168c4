import { expect, test } from 'vitest'
import { text, thinking, together } from '../../src/demo/answer.ts'
import { parseFrames, type SseFrame } from '../support/client.ts'
import { openServer } from '../support/open-server.ts'

const retrying = { environment: { CLAUDE_CODE_MAX_RETRIES: '3' } }
const pieces = { fragmentSize: 4 }

/** What a client shows that keeps to the rules: text by block, without what was voided. */
function showDeltas(frames: SseFrame[]): string[] {
  const shown = new Map<string, string>()
  for (const { event, data } of frames) {
    const key = `${data.messageId} ${data.blockIndex}`
    const { text: piece } = (data.delta ?? {}) as { text?: string }
    if (event === 'delta' && piece !== undefined) shown.set(key, (shown.get(key) ?? '') + piece)
    if (event === 'delta.voided') shown.delete(key)
  }
  return [...shown.values()]
}

/** Breaks off so many times, then answers. */
function openFlaky(server: Awaited<ReturnType<typeof openServer>>, broken: object[]) {
  let count = 0
  const hold = Promise.withResolvers<void>()
  server.model.script('hello', () => {
    const delivery = broken[count++]
    if (delivery) return text('Hello wor', { ...pieces, ...delivery })
    return text('Hello again', { ...pieces, holdUntil: hold.promise, holdAfterFragments: 2 })
  })
  return hold
}

test.each([
  ['the connection is lost', [{ breakAfterFragments: 2 }]],
  ['the connection is lost three times', Array.from({ length: 3 }, () => ({ breakAfterFragments: 2 }))],
])('%s in the middle of a message: its deltas are voided', async (_, broken) => {
  const server = await openServer(retrying)
  const id = await server.createSession()
  const hold = openFlaky(server, broken)
  const frames: SseFrame[] = []
  const turn = (async () => {
    for await (const frame of server.stream(id, { prompt: 'hello', includeDeltas: true })) frames.push(frame)
  })()
  const response = await server.send('GET', `/sessions/${id}/events?includeDeltas=true`)
  const followed: SseFrame[] = []
  let late: Promise<SseFrame[]> | undefined
  for await (const frame of parseFrames(response)) {
    followed.push(frame)
    const isLast = showDeltas(followed).join('').startsWith('Hello ag')
    if (isLast && !late) {
      // It comes while the second answer is held.
      const another = await server.send('GET', `/sessions/${id}/events?includeDeltas=true`)
      late = (async () => {
        const seen: SseFrame[] = []
        for await (const next of parseFrames(another)) {
          seen.push(next)
          if (next.event === 'delta') hold.resolve()
          if (next.event === 'turn.completed') break
        }
        return seen
      })()
    }
    if (frame.event === 'turn.completed') break
  }
  await turn
  const seenLate = (await late) ?? []
  for (const seen of [frames, followed]) {
    expect(seen.filter(({ event }) => event === 'delta.voided')).toHaveLength(broken.length)
    expect(showDeltas(seen)).toEqual(['Hello again'])
    const voided = seen.find(({ event }) => event === 'delta.voided')
    expect(voided).toEqual({
      event: 'delta.voided',
      id: undefined,
      data: { turnId: expect.any(String), messageId: expect.stringMatching(/^msg_/), blockIndex: 0 },
    })
  }
  expect(showDeltas(seenLate)).toEqual(['Hello again'])
  expect(JSON.stringify(seenLate)).not.toContain('Hello wo')
  expect(frames.at(-1)).toMatchObject({ event: 'complete', data: { summary: 'Hello again' } })
})

test.each([
  [
    'falls back to a request without streaming',
    { CLAUDE_CODE_MAX_RETRIES: '0', CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '' },
    { breakAfterFragments: 2 },
    'complete',
  ],
  [
    'gives up after an error of the API',
    { CLAUDE_CODE_MAX_RETRIES: '0' },
    { errorAfterFragments: 2 },
    'error',
  ],
  ['gives up after a lost connection', { CLAUDE_CODE_MAX_RETRIES: '0' }, { breakAfterFragments: 2 }, 'error'],
])('Claude Code %s: nothing of the deltas is left', async (_, environment, delivery, last) => {
  const server = await openServer({ environment })
  const id = await server.createSession()
  let count = 0
  server.model.script('hello', () =>
    count++ === 0 || last === 'error' ? text('Hello wor', { ...pieces, ...delivery }) : text('Hello again'),
  )
  const frames = await Array.fromAsync(server.stream(id, { prompt: 'hello', includeDeltas: true }))
  expect(frames.some(({ event }) => event === 'delta')).toBe(true)
  expect(frames.filter(({ event }) => event === 'delta.voided')).not.toEqual([])
  expect(showDeltas(frames)).toEqual([])
  expect(frames.at(-1)?.event).toBe(last)
})

test('blocks that are complete before the connection is lost stay, and a message that came whole is never voided', async () => {
  const server = await openServer(retrying)
  const id = await server.createSession()
  let count = 0
  server.model.script('hello', () =>
    count++ === 0
      ? together(thinking('well'), text('Hello wor', { fragmentSize: 2, breakAfterFragments: 5 }))
      : text('Hello again'),
  )
  const frames = await Array.fromAsync(server.stream(id, { prompt: 'hello', includeDeltas: true }))
  expect(frames.flatMap(({ event, data }) => (event === 'delta.voided' ? data.blockIndex : []))).toEqual([1])
  expect(showDeltas(frames)).toEqual(['Hello again'])
  const plain = await Array.fromAsync(server.stream(id, { prompt: 'Count to 3', includeDeltas: true }))
  expect(plain.some(({ event }) => event === 'delta')).toBe(true)
  expect(plain.filter(({ event }) => event === 'delta.voided')).toEqual([])
})

test('an interrupt in the middle of a message voids nothing: what had come is a message', async () => {
  const server = await openServer()
  const id = await server.createSession()
  server.model.script(
    'long',
    text('Once upon a time', { fragmentSize: 4, holdUntil: new Promise(() => {}), holdAfterFragments: 2 }),
  )
  const frames: SseFrame[] = []
  for await (const frame of server.stream(id, { prompt: 'a long story', includeDeltas: true })) {
    frames.push(frame)
    if (showDeltas(frames)[0] === 'Once upo') await server.call('POST', `/sessions/${id}/interrupt`)
  }
  expect(frames.filter(({ event }) => event === 'delta.voided')).toEqual([])
  expect(frames.at(-1)).toMatchObject({
    event: 'complete',
    data: { stopReason: 'interrupted', summary: 'Once upo' },
  })
})
