import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { ClaudeCodeClient } from '../../src/client/index.ts'
import { apiBase, type Door } from '../../src/contract/doors.ts'
import { endsLater } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { key, openDoor } from './open-door.ts'

const echo = {
  method: 'post',
  path: '/echo/:id',
  summary: 'Echo',
  scopes: ['sessions:write'],
  reach: 'tenant',
} as const
const events = {
  method: 'get',
  path: '/events/:id',
  summary: 'Events',
  scopes: [],
  reach: 'session',
} as const

const collectGarbage = (() => {
  setFlagsFromString('--expose_gc')
  return runInNewContext('gc') as () => void
})()

/** Settles when the reader of the silent stream has left. */
let left = Promise.withResolvers<string>()

/** A stream without events, which hears of its end by the signal of the request alone. */
function keepSilent(signal: AbortSignal): Response {
  left = Promise.withResolvers()
  signal.addEventListener('abort', () => left.resolve(signal.reason.name), { once: true })
  return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
}

/** A door that shows what it is given, and calls the API in the name of its caller. */
const mirror: Door<'echo' | 'events'> = {
  name: 'ui',
  operations: { echo, events },
  load: async () => ({
    async answer(id, { request, params, caller, fetch }) {
      const client = new ClaudeCodeClient({ baseUrl: apiBase, fetch })
      if (params.id === 'silence') return keepSilent(request.signal)
      if (request.headers.has('x-tag')) {
        return fetch(`${apiBase}/sessions?limit=1&tag=${'x'.repeat(Number(request.headers.get('x-tag')))}`)
      }
      if (id === 'events') return fetch(`${apiBase}/sessions/${params.id}/events`, { signal: request.signal })
      const session = await client.createSession({ title: await request.text() })
      const { createdBy, title, tenant } = await session.get()
      return Response.json({ params, caller, createdBy, title, tenant, id: session.id })
    },
    refuse: ({ status, code, requestId }) =>
      Response.json({ refused: code, requestId }, { status: status + 10 }),
  }),
}

async function open() {
  const { sessions, store } = await openSessions()
  const door = await openDoor({ service: sessions, store, deps: { doors: [mirror] } })
  endsLater(() => door[Symbol.asyncDispose]())
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${door.url}/doors/ui${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
    })
  return { send, door, sessions }
}

test('a door calls the API in the name of its caller', async () => {
  const { send } = await open()
  const response = await send('/echo/a%20b', { method: 'POST', body: 'hello' })
  expect(response.status).toBe(200)
  const body = (await response.json()) as Record<string, Record<string, unknown>>
  expect(body).toMatchObject({ params: { id: 'a b' }, title: 'hello', tenant: 'default' })
  expect(body.createdBy).toBe(body.caller?.keyId)
})

test('errors have the form of the door, and the header of the request', async () => {
  const { send } = await open()
  const wrong = await send('/echo/a', { method: 'POST', headers: { authorization: 'Bearer wrong' } })
  expect([wrong.status, await wrong.json()]).toMatchObject([413, { refused: 'INVALID_API_KEY' }])
  const missing = await send('/other')
  expect([missing.status, await missing.json()]).toMatchObject([414, { refused: 'NOT_FOUND' }])
  expect((await send('/echo/a')).headers.get('allow')).toBe('POST')
})

test('a path that cannot be decoded is refused after the key, as an unknown one', async () => {
  const { send } = await open()
  for (const path of ['/echo/%ff', '/echo/%E0%A4%A']) {
    expect((await send(path, { method: 'POST', headers: { authorization: 'Bearer wrong' } })).status).toBe(
      413,
    )
    expect(await (await send(path, { method: 'POST' })).json()).toMatchObject({ refused: 'NOT_FOUND' })
  }
})

test.each(['text/plain', 'multipart/form-data; boundary=x', '', 'application/json; charset=latin1'])(
  'a body of the type "%s", which pages can send everywhere, is refused',
  async type => {
    const { send } = await open()
    const response = await send('/echo/a', {
      method: 'POST',
      body: Buffer.from('{}'),
      headers: { 'content-type': type },
    })
    expect(await response.json()).toMatchObject({ refused: 'UNSUPPORTED_MEDIA_TYPE' })
  },
)

test('values that make an address too long are named', async () => {
  const { send } = await open()
  const list = async (length: number) => {
    const response = await send('/events/a', { headers: { 'x-tag': `${length}` } })
    return [response.status, await response.json()]
  }
  expect((await list(7_900))[1]).toMatchObject({
    error: { code: 'INVALID_REQUEST', message: expect.stringMatching(/^tag/) },
  })
  for (const length of [8_000, 300_000]) {
    expect(await list(length)).toMatchObject([
      400,
      {
        error: { details: { issues: [{ path: 'tag', message: expect.stringMatching(/^must be shorter/) }] } },
      },
    ])
  }
})

test('a body has the bounds of the API, before the door reads it', async () => {
  const { send } = await open()
  const bodies = [`[${'{},'.repeat(60_000)}0]`, '['.repeat(300), new Uint8Array([0x7b, 0xff])]
  for (const body of bodies) {
    const response = await send('/echo/a', { method: 'POST', body })
    expect([response.status, await response.json()]).toMatchObject([410, { refused: 'INVALID_REQUEST' }])
  }
})

test('a stream comes as it is made, and ends with its reader', async () => {
  const { send, sessions } = await open()
  const made = await send('/echo/a', { method: 'POST', body: 'hello' })
  const { id } = (await made.json()) as { id: string }
  const leaving = new AbortController()
  const response = await send(`/events/${id}`, { signal: leaving.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader?.read())?.value).toContain('session.created')
  expect(sessions.figures().readers).toBe(1)
  leaving.abort()
  await expect.poll(() => sessions.figures().readers, { timeout: 20_000 }).toBe(0)
})

test('a stream that is silent hears that its reader has left, also after the request has been collected', async () => {
  const { send } = await open()
  const leaving = new AbortController()
  await send('/events/silence', { signal: leaving.signal })
  collectGarbage()
  leaving.abort()
  expect(await left.promise).toBe('ClientGoneError')
})

test('there is no door unless the server has one', async () => {
  const { sessions, store } = await openSessions()
  const door = await openDoor({ service: sessions, store })
  endsLater(() => door[Symbol.asyncDispose]())
  const response = await fetch(`${door.url}/doors/ui/echo/a`, {
    method: 'POST',
    headers: { 'x-api-key': key },
  })
  expect(response.status).toBe(404)
})
