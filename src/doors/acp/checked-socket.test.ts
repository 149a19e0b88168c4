import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { DoorSocket } from '../../contract/doors.ts'
import { CheckedSocket } from './checked-socket.ts'

function open({ bufferedAmount = 0 } = {}) {
  const [sent, closed, taken]: [unknown[], unknown[], unknown[]] = [[], [], []]
  const socket = Object.assign(new EventEmitter(), {
    bufferedAmount,
    readyState: 1,
    send: (text: string) => void sent.push(JSON.parse(text)),
    close: (...why: unknown[]) => void closed.push(why),
  })
  new CheckedSocket(socket as DoorSocket).on('message', text => taken.push(text))
  const say = (message: object | string) => {
    const text = typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message })
    socket.emit('message', text)
    return text
  }
  return { say, sent, closed, taken }
}

const initialize = { id: 1, method: 'initialize' }
const long = 'x'.repeat(1_025)

test.each([
  { method: 'session/cancel' },
  { id: 1, method: 'session/list' },
  { method: 'initialize' },
  { id: null, method: 'initialize' },
])('another first message than a request to initialize closes the socket: %j', message => {
  const { say, closed, taken } = open()
  say(message)
  expect(closed).toEqual([[1002, expect.stringMatching(/^(First message|Initialize request) must /)]])
  expect(taken).toEqual([])
})

test('what is not a call is left to the library', () => {
  const { say, taken } = open()
  const said = [say('{'), say('5'), say('[]'), say({ id: 1 }), say({ id: {}, method: 'initialize' })]
  expect(taken).toEqual(said)
})

test('a second initialize and ids that are too long are answered, and notifications with them dropped', () => {
  const { say, sent, closed, taken } = open()
  say(initialize)
  say({ id: 2, method: 'initialize' })
  say({ id: long, method: 'session/list' })
  say({ id: 3, method: 'session/prompt', params: { sessionId: long } })
  say({ method: 'session/cancel', params: { sessionId: long } })
  say({ id: 4, method: 'session/list' })
  expect(sent).toMatchObject([
    { id: 2, error: { code: -32_600 } },
    { id: null, error: { code: -32_602, data: { field: 'id' } } },
    { id: 3, error: { code: -32_602, data: { field: 'sessionId' } } },
  ])
  expect(closed).toEqual([])
  expect(taken).toHaveLength(2)
})

test('a client that does not read what is refused is disconnected', () => {
  const { say, sent, closed } = open({ bufferedAmount: 9_000_000 })
  say(initialize)
  say(initialize)
  expect(sent).toEqual([])
  expect(closed).toEqual([[1008, 'The client does not read']])
})
