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

/** Says so much of the first answers and breaks off when that has been seen; the last answer is held as well. */
function openFlaky(server: Awaited<ReturnType<typeof openServer>>, times: number, how: object) {
  const first = Array.from({ length: times }, () => Promise.withResolvers<void>())
  const last = Promise.withResolvers<void>()
  let count = 0
  server.model.script('hello', () => {
    const held = { ...pieces, holdAfterFragments: 2 }
    const broken = first[count++]
    if (broken) return text('Hello wor', { ...held, ...how, holdUntil: broken.promise })
    return text('Hello again', { ...held, holdUntil: last.promise })
  })
  /** Goes on with an answer once all pieces before the hold have arrived, however many at once. */
  const note = (frames: SseFrame[]) => {
    if (showDeltas(frames).includes('Hello wo')) first[count - 1]?.resolve()
  }
  return { note, last }
}

test.each([
  ['once', 1],
  ['three times', 3],
])('the connection is lost %s in the middle of a message: its deltas are voided', async (_, times) => {
  const server = await openServer(retrying)
  const id = await server.createSession()
  const { note, last } = openFlaky(server, times, { breakAfterFragments: 2 })
  const frames: SseFrame[] = []
  // Before the turn: what is voided is told to readers that have had some of it.
  const response = await server.send('GET', `/sessions/${id}/events?includeDeltas=true`)
  const turn = (async () => {
    for await (const frame of server.stream(id, { prompt: 'hello', includeDeltas: true })) {
      frames.push(frame)
      note(frames)
    }
  })()
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
          if (next.event === 'delta') last.resolve()
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
    expect(seen.filter(({ event }) => event === 'delta.voided')).toHaveLength(times)
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
  const { note, last: whole } = openFlaky(server, last === 'error' ? 9 : 1, delivery)
  whole.resolve()
  const frames: SseFrame[] = []
  for await (const frame of server.stream(id, { prompt: 'hello', includeDeltas: true })) {
    frames.push(frame)
    note(frames)
  }
  expect(frames.some(({ event }) => event === 'delta')).toBe(true)
  expect(frames.filter(({ event }) => event === 'delta.voided')).not.toEqual([])
  expect(showDeltas(frames)).toEqual([])
  expect(frames.at(-1)?.event).toBe(last)
})

test('blocks that are complete before the connection is lost stay, and a message that came whole is never voided', async () => {
  const server = await openServer(retrying)
  const id = await server.createSession()
  const { promise: seen, resolve } = Promise.withResolvers<void>()
  let count = 0
  server.model.script('hello', () =>
    count++ === 0
      ? together(
          thinking('well'),
          text('Hello wor', {
            fragmentSize: 4,
            breakAfterFragments: 2,
            holdAfterFragments: 2,
            holdUntil: seen,
          }),
        )
      : text('Hello again'),
  )
  const frames: SseFrame[] = []
  for await (const frame of server.stream(id, { prompt: 'hello', includeDeltas: true })) {
    frames.push(frame)
    const { text: piece } = (frame.data.delta ?? {}) as { text?: string }
    if (frame.event === 'delta' && piece === 'Hell') resolve()
  }
  expect(frames.flatMap(({ event, data }) => (event === 'delta.voided' ? data.blockIndex : []))).toEqual([1])
  expect(showDeltas(frames)).toEqual(['Hello again'])
  const shown = Promise.withResolvers<void>()
  server.model.script(
    'whole',
    text('Hello whole', { ...pieces, holdAfterFragments: 2, holdUntil: shown.promise }),
  )
  const plain: SseFrame[] = []
  for await (const frame of server.stream(id, { prompt: 'whole', includeDeltas: true })) {
    plain.push(frame)
    if (frame.event === 'delta') shown.resolve()
  }
  expect(showDeltas(plain)).toEqual(['Hello whole'])
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
