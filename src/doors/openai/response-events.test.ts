import { expect, test } from 'vitest'
import { BlockQueue } from './block-queue.ts'
import { endOfChunk } from './chunks.ts'
import type { ResponseCursor } from './ids.ts'
import type { Piece } from './pieces.ts'
import { ResponseEvents } from './response-events.ts'

const cursor: ResponseCursor = {
  sessionId: '00000000-0000-4000-8000-000000000001',
  turnId: '00000000-0000-4000-8000-000000000002',
  after: 0,
  showsReasoning: true,
  isBackground: false,
}
const poem =
  'Two roads diverged in a yellow wood, and sorry I could not travel both 🙂 and be one traveler, long I stood.'
const url = `https://example.com/${'x'.repeat(150)}`

function toEvents(feed: (queue: BlockQueue) => Iterable<Piece>) {
  const events = new ResponseEvents({ id: 'resp_x' }, cursor)
  const pieces = [
    ...feed(new BlockQueue(() => true)),
    { type: 'over', ending: { status: 'completed' } } as const,
  ]
  return [...events.begin(), ...pieces.flatMap(piece => events.add(piece))]
}

function* replay(queue: BlockQueue) {
  yield* queue.store('m1', 'reasoning', 'Which way?')
  yield* queue.store('m1', 'text', poem)
  yield* queue.store('m1', 'tool', 'Bash {}')
  yield* queue.addCall({ id: 'call_1', name: 'look', arguments: '{}' })
  yield* queue.store('m2', 'text', `${url} and\n\n  back`)
  yield* queue.close()
}

test.each([1, 2, 7, 40, 1_000])(
  'a stream whose deltas have %i characters has the same events and numbers as one from the log',
  size => {
    function* live(queue: BlockQueue) {
      const grow = function* (id: string, index: number, kind: 'text' | 'reasoning' | 'tool', text: string) {
        for (let at = 0; at < text.length; at += size)
          yield* queue.grow(id, index, kind, text.slice(at, at + size))
      }
      // All deltas of a message come before the log has any of it.
      yield* grow('m1', 0, 'reasoning', 'Which way?')
      yield* grow('m1', 1, 'text', poem)
      yield* queue.grow('m1', 2, 'tool', '')
      yield* queue.store('m1', 'reasoning', 'Which way?')
      yield* queue.store('m1', 'text', poem)
      yield* queue.store('m1', 'tool', 'Bash {}')
      yield* queue.addCall({ id: 'call_1', name: 'look', arguments: '{}' })
      yield* grow('m2', 0, 'text', `${url} and\n\n  back`)
      yield* queue.store('m2', 'text', `${url} and\n\n  back`)
      yield* queue.close()
    }
    const events = toEvents(live)
    expect(events).toEqual(toEvents(replay))
    expect(events.map(event => event.sequence_number)).toEqual(events.map((_, index) => index))
  },
)

test('deltas of the next message wait for the log of the one before', () => {
  const queue = new BlockQueue(() => true)
  expect([...queue.grow('m1', 0, 'text', 'The first message of two')]).not.toEqual([])
  expect([...queue.grow('m2', 0, 'text', 'The second message of two')]).toEqual([])
  const pieces = [...queue.store('m1', 'text', 'The first message of two')]
  expect(pieces.map(({ type }) => type)).toEqual(['delta', 'end', 'begin', 'delta'])
})

test('a block that is taken back and comes again is told once; another text is told as a whole, with rising numbers', () => {
  function* again(text: string, queue: BlockQueue) {
    yield* queue.grow('m1', 0, 'text', poem.slice(0, 60))
    queue.withdraw('m1', 0)
    yield* queue.grow('m2', 0, 'text', text)
    yield* queue.store('m2', 'text', text)
  }
  const said = (events: Record<string, unknown>[]) => events.map(({ delta }) => delta ?? '').join('')
  const same = toEvents(queue => again(poem, queue))
  expect(said(same)).toBe(poem)
  const other = toEvents(queue => again(poem.toUpperCase(), queue))
  expect(said(other)).toContain(poem.toUpperCase())
  expect(other.findLast(({ type }) => type === 'response.output_text.done')?.text).toBe(poem.toUpperCase())
  const numbers = other.map(event => Number(event.sequence_number))
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
})

test('after a reconnection the text comes again from its start and is told once', () => {
  function* feed(queue: BlockQueue) {
    yield* queue.grow('m1', 0, 'text', poem.slice(0, 60))
    queue.restart()
    yield* queue.grow('m1', 0, 'text', poem.slice(0, 80))
    yield* queue.store('m1', 'text', poem)
  }
  const deltas = toEvents(feed).flatMap(({ delta }) => delta ?? [])
  expect(deltas.join('')).toBe(poem)
})

test('white space alone begins nothing, and no character is split', () => {
  expect(endOfChunk(' '.repeat(100), 0, true)).toBeUndefined()
  const smileys = '🙂'.repeat(60)
  let start = 0
  for (let end = endOfChunk(smileys, 0, true); end !== undefined; end = endOfChunk(smileys, start, true)) {
    expect(smileys.slice(start, end).isWellFormed()).toBe(true)
    start = end
  }
  expect(start).toBe(smileys.length)
})
