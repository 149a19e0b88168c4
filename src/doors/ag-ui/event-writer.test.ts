import { afterEach, expect, test, vi } from 'vitest'
import type { SessionEvent } from '../../client/index.ts'
import { EventWriter } from './event-writer.ts'
import type { AgUiEvent } from './protocol.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const turnId = 'turn'
const length = 2_000

type Delta = Extract<SessionEvent, { type: 'delta' }>['data']['delta']

function toPiece(delta: Delta, blockIndex = 0): SessionEvent {
  return { type: 'delta', data: { turnId, messageId: 'message', blockIndex, delta } }
}

/** A message of the model with one block, or a prompt. */
function toMessage(sequence: number, id: string, content: object, type = 'assistant', of = turnId) {
  const message = { type, uuid: id, message: { id, role: type, content: [content] } }
  const data = { type: 'claude_code_message', sequence, turnId: of, timestamp: 't', message }
  return { type: 'message', data } as unknown as SessionEvent
}

function deltasOf(events: readonly AgUiEvent[]): string[] {
  return events.flatMap(event => ('delta' in event ? [event.delta] : []))
}

test.each<[string, (piece: string) => Delta]>([
  ['text', text => ({ type: 'text', text })],
  ['reasoning', thinking => ({ type: 'thinking', thinking })],
  ['arguments', partialJson => ({ type: 'input_json', toolUseId: 'call', toolName: 'Write', partialJson })],
])('a long %s is not read again with each piece', (_, toDelta) => {
  const writer = new EventWriter([])
  const pieces = Array.from({ length }, (_, index) => `${index} `)
  const { startsWith } = String.prototype
  let compared = 0
  vi.spyOn(String.prototype, 'startsWith').mockImplementation(function (this: string, start, position) {
    compared += start.length
    return startsWith.call(this, start, position)
  })
  const events = pieces.flatMap(piece => writer.write(toPiece(toDelta(piece))))
  expect(deltasOf(events)).toEqual(pieces)
  expect(compared).toBeLessThan(pieces.join('').length)
})

test('pieces do not look at the messages before', () => {
  const writer = new EventWriter([])
  for (let index = 1; index <= length; index++) {
    writer.write(toMessage(index, `before-${index}`, { type: 'text', text: 'before' }))
  }
  const lookUps = vi.spyOn(WeakSet.prototype, 'has')
  for (let index = 0; index < 10; index++) writer.write(toPiece({ type: 'text', text: 'piece' }))
  writer.write({ type: 'activity', data: { turnId, activity: { kind: 'model', id: 'main', since: 't' } } })
  expect(lookUps.mock.calls.length).toBeLessThan(length)
})

test('a snapshot of a connection that takes a text back has the messages before, and the prompt', () => {
  const writer = new EventWriter([])
  const at = (sequence: number, of: string, status: string) => ({ sequence, turnId: of, status })
  writer.replay([
    { type: 'turn.started', data: at(1, 'first', 'running') },
    toMessage(2, 'question', { type: 'text', text: 'Why?' }, 'user', 'first'),
    toMessage(3, 'answer', { type: 'text', text: 'So.' }, 'assistant', 'first'),
    { type: 'turn.completed', data: { ...at(4, 'first', 'completed'), endedAt: 't' } },
    { type: 'turn.started', data: at(5, turnId, 'running') },
    toMessage(6, 'prompt', { type: 'text', text: 'And?' }, 'user'),
  ] as unknown as SessionEvent[])
  const textsIn = (events: readonly AgUiEvent[]) =>
    events.flatMap(event =>
      event.type === 'MESSAGES_SNAPSHOT' ? event.messages.map(({ content }) => content) : [],
    )
  expect(textsIn(writer.writeAll())).toEqual(['Why?', 'So.', 'And?'])
  expect(writer.start).toBe(6)
  writer.write(toPiece({ type: 'text', text: 'This comes to noth' }))
  const voided = { turnId, messageId: 'message', blockIndex: 0 }
  const events = writer.write({ type: 'delta.voided', data: voided })
  expect(textsIn(events)).toEqual(['Why?', 'So.', 'And?'])
})

test('a text that is withdrawn while the connection was broken is taken back', () => {
  const writer = new EventWriter([])
  writer.write(toPiece({ type: 'text', text: 'This comes to noth' }))
  writer.write({ type: 'reconnected', data: {} })
  const voided = { turnId, messageId: 'message', blockIndex: 0 }
  expect(writer.write({ type: 'delta.voided', data: voided })).toEqual([
    { type: 'TEXT_MESSAGE_END', messageId: 'message' },
    { type: 'MESSAGES_SNAPSHOT', messages: [] },
  ])
})
