import { expect, test } from 'vitest'
import { RelayedEvents } from './relayed-events.ts'

const turnId = 'turn'
const frame = (event: string, data: object, id?: number) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
const delta = (messageId: string, blockIndex: number) =>
  frame('delta', { turnId, messageId, blockIndex, delta: {} })
const activity = (kind: string, id: string) => frame('activity', { turnId, activity: { kind, id } })

function relay(...frames: string[]) {
  const relayed = new RelayedEvents()
  return { relayed, passed: relayed.take(Buffer.from(frames.join(''))).toString() }
}

test('frames are passed on whole, however their bytes arrive', () => {
  const text = `${frame('connected', {}) + frame('message', { text: 'ä\\n' }, 1)}: keepalive\n\n`
  const relayed = new RelayedEvents()
  const passed = [...Buffer.from(text)].map(byte => relayed.take(Buffer.from([byte])).toString())
  expect(passed.join('')).toBe(text)
  expect(passed.filter(part => part !== '')).toHaveLength(3)
  expect(relayed.lastId).toBe(1)
})

test('another node begins with what the first has left unfinished', () => {
  const { relayed } = relay(
    delta('done', 0),
    delta('open', 0),
    delta('open', 1),
    delta('voided', 0),
    frame('delta.voided', { turnId, messageId: 'voided', blockIndex: 0 }),
    frame('message', { message: { id: 'done' } }, 7),
    frame('message', { message: { id: 'open' } }, 8),
    activity('model', 'main'),
    activity('tool', 'a'),
    activity('done', 'main'),
  )
  expect(relayed.begin().toString()).toBe(
    frame('delta.voided', { turnId, messageId: 'open', blockIndex: 1 }) + activity('done', 'a'),
  )
  expect(relayed.begin().toString()).toBe('')
  expect(relayed.lastId).toBe(8)
})

test('the end of a turn leaves nothing unfinished', () => {
  const { relayed } = relay(delta('open', 0), frame('turn.queued', {}, 2))
  expect(relayed.begin().toString()).toContain('delta.voided')
  const ended = relay(delta('open', 0), frame('turn.lost', {}, 2))
  expect(ended.relayed.begin().toString()).toBe('')
})

test('a client is not told twice that it is connected, nor that a node closes', () => {
  const { relayed, passed } = relay(frame('connected', {}), frame('closing', { sessionId: 'a' }))
  expect(passed).toBe(frame('connected', {}))
  expect([relayed.isClosing, relayed.farewell.toString()]).toEqual([
    true,
    frame('closing', { sessionId: 'a' }),
  ])
  relayed.begin()
  expect(relayed.isClosing).toBe(false)
  const again = frame('connected', {}) + frame('caught_up', { sequence: 4 }) + frame('message', {}, 5)
  expect(relayed.take(Buffer.from(again)).toString()).toBe(frame('message', {}, 5))
})

test('a stream that begins with what comes is taken from there', () => {
  expect(relay(frame('caught_up', { sequence: 4 })).relayed.lastId).toBe(4)
})

test('what a broken connection has cut is forgotten', () => {
  const { relayed } = relay('event: message\nda')
  relayed.begin()
  expect(relayed.take(Buffer.from(frame('message', {}, 3))).toString()).toBe(frame('message', {}, 3))
})
