import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { apiBase, type Door, type DoorSocket } from '../../src/contract/doors.ts'
import { watchPeer } from '../../src/http/doors/web-socket.ts'
import { endsLater } from '../support/lifetime.ts'
import { openSessions, until } from '../support/open-sessions.ts'
import { sendBytes } from '../support/raw-request.ts'
import { type DoorOptions, key, openDoor } from './open-door.ts'

const listen = {
  method: 'get',
  path: '/',
  summary: 'Listen',
  scopes: ['sessions:read'],
  reach: 'tenant',
} as const

/** A door whose sockets answer each message with the status of a call of the API. */
const parrot: Door<'listen'> = {
  name: 'acp',
  operations: { listen },
  load: async () => ({
    answer: async () => new Response('no socket', { status: 426 }),
    refuse: ({ status, code }) => Response.json({ refused: code }, { status }),
    async upgrade(_id, { request, fetch }, accept) {
      const wish = new URL(request.url).searchParams.get('wish')
      if (wish === 'refusal') return new Response('I would rather not', { status: 418 })
      const socket: DoorSocket = accept({ 'x-parrot': 'yes' })
      if (wish === 'fault') throw new Error('broken parrot')
      socket.on('message', async said => {
        const { status } = await fetch(`${apiBase}/sessions`)
        socket.send(`${said} ${status}`)
      })
      return undefined
    },
  }),
}

async function open({ deps, ...options }: DoorOptions = {}) {
  const { sessions, store } = await openSessions()
  const door = await openDoor({ service: sessions, store, deps: { doors: [parrot], ...deps }, ...options })
  endsLater(() => door[Symbol.asyncDispose]())
  const dial = (path = '/doors/acp', headers: Record<string, string> = { 'x-api-key': key }) => {
    const socket = new WebSocket(door.url.replace('http', 'ws') + path, { headers })
    socket.on('error', () => {})
    endsLater(() => socket.terminate())
    return socket
  }
  /** Resolves with the status of the response: 101 for a socket. */
  const statusOf = async (...args: Parameters<typeof dial>) => {
    const socket = dial(...args)
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    socket.once('upgrade', ({ statusCode }) => resolve(statusCode))
    socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
    return promise
  }
  return { door, dial, statusOf }
}

async function say(socket: WebSocket, text: string) {
  socket.send(text)
  const [answer] = await once(socket, 'message')
  return String(answer)
}

const requestWith = (lines: string, path = '/api/v1/doors/acp') =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${key}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n`

test('a door talks over a socket, which is a request in the log until it ends', async () => {
  const { door, dial } = await open()
  const socket = dial('/doors/acp?a=b', { 'x-api-key': key, 'x-request-id': 'of-the-socket' })
  const opened = once(socket, 'open')
  const [{ headers }] = await once(socket, 'upgrade')
  await opened
  expect(headers).toMatchObject({ 'x-parrot': 'yes', 'x-request-id': 'of-the-socket' })
  expect(await say(socket, 'hello')).toBe('hello 200')
  const line = () => door.lines.find(({ msg, status }) => msg === 'request' && status === 101)
  expect(line()).toBeUndefined()
  socket.close()
  await until(() => line() !== undefined)
  expect(line()).toMatchObject({ requestId: 'of-the-socket' })
  expect(line()).not.toHaveProperty('clientGone')
})

test('the gates hold for a socket as for a request', async () => {
  const { statusOf, door } = await open()
  const { key: reader } = (await (
    await door.post('/keys', { name: 'a', scopes: ['permissions:answer'] })
  ).json()) as { key: string }
  expect(await statusOf('/doors/acp', {})).toBe(401)
  expect(await statusOf('/doors/acp', { 'x-api-key': 'wrong' })).toBe(403)
  expect(await statusOf('/doors/acp', { 'x-api-key': reader })).toBe(403)
  expect(await statusOf('/doors/acp?wish=refusal')).toBe(418)
  for (const path of ['/doors/other', '/elsewhere', '/evil/doors/acp']) {
    expect(await statusOf(path), path).toBe(404)
  }
  expect(await statusOf()).toBe(101)
})

test('there are no sockets without a door, nor while the server closes', async () => {
  expect(await (await open({ deps: { doors: [] } })).statusOf()).toBe(404)
  expect(await (await open({ deps: { isClosing: () => true } })).statusOf()).toBe(503)
})

test('a foreign page gets no socket where no key is needed', async () => {
  const { statusOf } = await open({ config: { auth: { enabled: false } } })
  expect(await statusOf('/doors/acp', { origin: 'https://evil.example' })).toBe(403)
  expect(await statusOf('/doors/acp', { host: 'evil.example' })).toBe(421)
  expect(
    await statusOf('/doors/acp', { 'sec-fetch-dest': 'websocket', 'sec-fetch-site': 'same-origin' }),
  ).toBe(101)
})

test('sockets are limited as streams are, and what is said on them as requests are', async () => {
  const { dial, statusOf, door } = await open({
    config: { limits: { streamsPerKey: 1 }, rateLimit: { enabled: true, maxRequests: 4 } },
  })
  const socket = dial()
  await once(socket, 'open')
  expect(await statusOf()).toBe(429)
  expect(await say(socket, 'one')).toBe('one 200')
  expect(await say(socket, 'two')).toBe('two 200')
  expect(await say(socket, 'three')).toBe('three 429')
  socket.terminate()
  await until(() => door.lines.some(({ status }) => status === 101))
})

test('a handshake that is none gets an answer, and the connection ends', async () => {
  const { door } = await open()
  const { origin } = door
  const statusOf = async (bytes: string) => Number((await sendBytes(origin, bytes)).split(' ', 2)[1])
  expect(await statusOf(requestWith(''))).toBe(400)
  const handshake = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  expect(await statusOf(requestWith(`${handshake}Sec-WebSocket-Version: 7\r\n`))).toBe(400)
  expect(await statusOf(`${requestWith('Content-Length: 2\r\n')}{}`)).toBe(400)
  // An ordinary path answers, as if the client had not asked.
  expect(await statusOf(requestWith('', '/api/v1/health'))).toBe(200)
})

test('a request that would like HTTP/2 is answered with HTTP/1.1, with its body', async () => {
  const { door } = await open()
  const body = '{"title":"made"}'
  const head = [
    'POST /api/v1/sessions HTTP/1.1',
    'Host: 127.0.0.1',
    `X-Api-Key: ${key}`,
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ]
  const socket = connect(Number(new URL(door.origin).port), '127.0.0.1')
  endsLater(() => socket.destroy())
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 201/)
})

test('a client that breaks off does no harm, at any time', async () => {
  const held = Promise.withResolvers<undefined>()
  const asked = Promise.withResolvers<void>()
  const authenticate = () => {
    asked.resolve()
    return held.promise
  }
  const { door, dial } = await open({ config: { auth: { authenticate } } })
  const socket = connect(Number(new URL(door.origin).port), '127.0.0.1')
  socket.write(requestWith('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'))
  await asked.promise
  socket.resetAndDestroy()
  await until(() => door.lines.some(line => line.clientGone === true))
  held.resolve(undefined)
  const other = dial()
  const [, { statusCode }] = await once(other, 'unexpected-response')
  expect(statusCode).toBe(401)
})

test('a door that fails after it has opened a socket ends it', async () => {
  const { door, dial } = await open()
  const [code] = await once(dial('/doors/acp?wish=fault'), 'close')
  expect(code).toBe(1006)
  await until(() => door.lines.some(({ msg }) => msg === 'unexpected fault'))
})

test('the router ends its sockets when it closes, also those of clients that do not listen', async () => {
  const { door, dial } = await open()
  const [polite, deaf] = [dial(), dial()]
  await Promise.all([once(polite, 'open'), once(deaf, 'open')])
  deaf.pause()
  const end = once(polite, 'close')
  await door.door.close()
  expect((await end)[0]).toBe(1001)
  expect(door.lines.filter(({ status }) => status === 101)).toHaveLength(2)
})

test('a peer that neither answers nor reads is disconnected', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  endsLater(() => void vi.useRealTimers())
  const ws = Object.assign(new EventEmitter(), { bufferedAmount: 0, ping: vi.fn(), terminate: vi.fn() })
  watchPeer(ws as never)
  vi.advanceTimersByTime(30_000)
  ws.emit('pong')
  vi.advanceTimersByTime(30_000)
  expect([ws.ping.mock.calls.length, ws.terminate.mock.calls.length]).toEqual([2, 0])
  // One that reads slowly stays.
  ws.bufferedAmount = 100
  ws.emit('message')
  vi.advanceTimersByTime(30_000)
  ws.bufferedAmount = 50
  vi.advanceTimersByTime(30_000)
  expect(ws.terminate).not.toHaveBeenCalled()
  vi.advanceTimersByTime(30_000)
  expect(ws.terminate).toHaveBeenCalledOnce()
  ws.emit('close')
  vi.advanceTimersByTime(60_000)
  expect(ws.terminate).toHaveBeenCalledOnce()
})
