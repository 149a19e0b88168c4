import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Tickets } from '../../src/http/tickets.ts'
import { operator } from '../../src/sessions/records.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { caller, openSessions, plain, stranger, until } from '../support/open-sessions.ts'
import { sendRaw } from '../support/raw-request.ts'
import { key, openDoor } from './open-door.ts'

const shared = openOnce(async () => {
  const { sessions } = await openSessions()
  const door = await openDoor({
    service: sessions,
    config: { rateLimit: { enabled: false }, openApiValidation: { enabled: true } },
  })
  endsLater(() => door[Symbol.asyncDispose]())
  const [own, other, foreign] = [
    await sessions.create(caller, plain),
    await sessions.create(caller, plain),
    await sessions.create(stranger, plain),
  ]
  return { door, own: own.session.id, other: other.session.id, foreign: foreign.session.id }
})

/** A stored key, with requests that it sends. */
async function makeKey(body: object) {
  const { door } = shared()
  const response = await door.post('/keys', { name: 'of a page', ...body })
  const made = (await response.json()) as { key: string; keyId: string }
  expect(response.status, JSON.stringify(made)).toBe(201)
  const headers = { 'x-api-key': made.key, 'content-type': 'application/json' }
  const send = (method: string, path: string, request?: object) =>
    fetch(door.url + path, { method, headers, ...(request && { body: JSON.stringify(request) }) })
  return { ...made, send }
}

async function takeTicket(
  body: object = {},
  send = (method: string, path: string, request?: object) =>
    shared().door.call(path, {
      method,
      body: JSON.stringify(request),
      headers: { 'content-type': 'application/json' },
    }),
): Promise<string> {
  const response = await send('POST', '/tickets', body)
  expect(response.status).toBe(201)
  return ((await response.json()) as { ticket: string }).ticket
}

/** The status of a stream, which is left as soon as it begins. */
async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  const leaving = new AbortController()
  const response = await fetch(shared().door.url + path, { headers, signal: leaving.signal })
  leaving.abort()
  return response.status
}

/** Writes a request and reads the first line of the answer. */
function firstLine(head: string): Promise<string> {
  const { port, hostname } = new URL(shared().door.origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(head))
    socket.setEncoding('latin1').once('data', text => {
      resolve(String(text).split('\r\n', 1)[0] ?? '')
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

describe('a ticket', () => {
  test('opens the events of a session once, also for a page of another origin', async () => {
    const { own } = shared()
    const path = `/sessions/${own}/events?ticket=${await takeTicket()}`
    const page = { origin: 'http://app.example', 'sec-fetch-site': 'cross-site' }
    expect(await statusOf(path, page)).toBe(200)
    const again = await fetch(shared().door.url + path)
    expect([again.status, await again.json()]).toMatchObject([403, { error: { code: 'INVALID_API_KEY' } }])
    expect(await statusOf(`/sessions/${own}/events?ticket=ticket_${'x'.repeat(43)}`)).toBe(403)
    expect(await statusOf(`/sessions/${own}/events?ticket=${key}`)).toBe(403)
    expect(await statusOf(`/sessions/${own}/events?ticket=`)).toBe(401)
    expect(await statusOf(`/sessions/${own}/events?ticket=`, { 'x-api-key': key })).toBe(400)
  })

  test('is redeemed by one of many requests at the same moment', async () => {
    const ticket = await takeTicket()
    const head = `GET /api/v1/sessions/${shared().own}/events?ticket=${ticket} HTTP/1.1\r\nHost: evil.example\r\n\r\n`
    const lines = await Promise.all(Array.from({ length: 12 }, () => firstLine(head)))
    expect(lines.filter(line => line === 'HTTP/1.1 200 OK')).toHaveLength(1)
    expect(lines.filter(line => line === 'HTTP/1.1 403 Forbidden')).toHaveLength(11)
  })

  test('opens nothing else, and is not used up by trying', async () => {
    const { own, door } = shared()
    const ticket = await takeTicket()
    for (const [method, path] of [
      ['GET', `/sessions/${own}`],
      ['GET', `/sessions/${own}/messages`],
      ['GET', '/sessions'],
      ['POST', `/sessions/${own}/stream`],
      ['POST', '/tickets'],
      ['DELETE', `/sessions/${own}`],
      ['POST', `/sessions/${own}/events`],
    ]) {
      const headers = { 'content-type': 'application/json' }
      const url = `${door.url}${path}?ticket=${ticket}`
      expect([method, path, (await sendRaw(url, { method: method ?? '', headers })).status]).toEqual([
        method,
        path,
        401,
      ])
      const inHeader = await sendRaw(door.url + path, {
        method: method ?? '',
        headers: { ...headers, 'x-api-key': ticket },
      })
      expect(inHeader.status).toBe(403)
    }
    expect(await statusOf(`/sessions/${own}/events?ticket=${ticket}`)).toBe(200)
  })

  test('opens no more than its key does', async () => {
    const { own, other, foreign } = shared()
    const writer = await makeKey({ scopes: ['sessions:write'] })
    const refused = await writer.send('POST', '/tickets', {})
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { code: 'SCOPE_REQUIRED', details: { anyOf: ['sessions:read'] } } },
    ])
    const ofOne = await makeKey({ scopes: ['sessions:read'], sessionId: own })
    expect((await ofOne.send('POST', '/tickets', { sessionId: other })).status).toBe(404)
    const bound = await takeTicket({}, ofOne.send)
    expect(await statusOf(`/sessions/${other}/events?ticket=${bound}`)).toBe(404)
    expect(await statusOf(`/sessions/${own}/events?ticket=${await takeTicket({}, ofOne.send)}`)).toBe(200)
    const reader = await makeKey({ scopes: ['sessions:read', 'sessions:write', 'admin'] })
    for (const sessionId of [foreign, crypto.randomUUID()]) {
      expect((await reader.send('POST', '/tickets', { sessionId })).status).toBe(404)
    }
    expect(await statusOf(`/sessions/${foreign}/events?ticket=${await takeTicket({}, reader.send)}`)).toBe(
      404,
    )
    expect(await statusOf(`/sessions/${other}/events?ticket=${await takeTicket({}, reader.send)}`)).toBe(200)
    // Who administers the server sees the sessions of all tenants.
    expect(await statusOf(`/sessions/${foreign}/events?ticket=${await takeTicket()}`)).toBe(200)
    const ofForeign = await takeTicket({ sessionId: foreign.toUpperCase() })
    expect(await statusOf(`/sessions/${foreign}/events?ticket=${ofForeign}`)).toBe(200)
  })

  test('and its stream end with the key that has made it', async () => {
    const { door, own } = shared()
    const { keyId, send } = await makeKey({ scopes: ['sessions:read'] })
    const [used, unused] = [await takeTicket({}, send), await takeTicket({}, send)]
    const stream = await fetch(`${door.url}/sessions/${own}/events?ticket=${used}`)
    expect(stream.status).toBe(200)
    expect((await door.call(`/keys/${keyId}`, { method: 'DELETE' })).status).toBe(204)
    expect(await stream.text()).toContain('event: closing')
    expect(await statusOf(`/sessions/${own}/events?ticket=${unused}`)).toBe(403)
  })

  test('is in no log, no error and no referrer', async () => {
    const { door, own } = shared()
    const ticket = await takeTicket()
    for (const path of [
      `/sessions/${own}?ticket=${ticket}`,
      `/nowhere?ticket=${ticket}`,
      `/sessions/${own}/events?ticket=${ticket}&ticket=${ticket}`,
      `/sessions/${own}/events?ticket=${ticket}&after=${ticket}`,
      `/sessions/${own}/events?ticket=${ticket}`,
      `/sessions/${own}/events?ticket=%zz${ticket}`,
    ]) {
      for (const headers of [{}, { 'x-api-key': key }] as Record<string, string>[]) {
        const leaving = new AbortController()
        const response = await fetch(door.url + path, { headers, signal: leaving.signal })
        expect(response.headers.get('referrer-policy')).toBe('no-referrer')
        if (response.status >= 400) expect(await response.text()).not.toContain(ticket)
        expect(JSON.stringify([...response.headers])).not.toContain(ticket)
        leaving.abort()
      }
    }
    await until(() => door.lines.some(({ refused }) => refused === 'ticket'))
    expect(JSON.stringify(door.lines)).not.toContain(ticket)
  })
})

describe('the tickets of a server', () => {
  afterEach(() => void vi.useRealTimers())
  const known = (keyId: string, tenantId = 'default') => ({
    caller: { ...operator(keyId), tenantId },
    isValid: () => true,
  })

  test('can be redeemed for 30 seconds', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const tickets = new Tickets()
    const [first, second] = [tickets.create(known('a'), null), tickets.create(known('a'), null)]
    vi.advanceTimersByTime(29_999)
    expect(tickets.redeem(first)?.caller.keyId).toBe('a')
    vi.advanceTimersByTime(2)
    expect(tickets.redeem(second)).toBeUndefined()
  })

  test('are bounded for each caller and each tenant, and make room when they are redeemed or too old', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const tickets = new Tickets()
    const mine = Array.from({ length: 100 }, () => tickets.create(known('a'), null))
    const excess = () => tickets.create(known('a'), null)
    expect(excess).toThrow(expect.objectContaining({ code: 'CALLER_LIMIT_REACHED' }))
    tickets.redeem(mine[50] ?? '')
    excess()
    expect(excess).toThrow(expect.objectContaining({ code: 'CALLER_LIMIT_REACHED' }))
    for (let count = 0; count < 9_900; count++) tickets.create(known(`b${count}`), null)
    const stranger = () => tickets.create(known('stranger'), null)
    expect(stranger).toThrow(expect.objectContaining({ code: 'CALLER_LIMIT_REACHED' }))
    // Another tenant has tickets of its own.
    tickets.create(known('stranger', 'other'), null)
    vi.advanceTimersByTime(30_001)
    stranger()
    excess()
  })
})

describe('GET /caller', () => {
  const read = async (headers: Record<string, string>) =>
    (await fetch(`${shared().door.url}/caller`, { headers })).json()

  test('says what the key may do', async () => {
    const { own } = shared()
    const expiresAt = '2031-01-01T00:00:00.000Z'
    const { key: text, keyId } = await makeKey({ scopes: ['sessions:read'], sessionId: own, expiresAt })
    expect(await read({ authorization: `Bearer ${text}` })).toEqual({
      keyId,
      name: 'of a page',
      tenant: 'default',
      scopes: ['sessions:read'],
      sessionId: own,
      administersServer: false,
      expiresAt,
    })
    expect(await read({ 'x-api-key': key })).toMatchObject({
      tenant: 'default',
      scopes: expect.arrayContaining(['admin']),
      sessionId: null,
      administersServer: true,
      expiresAt: null,
    })
    expect(await read({})).toMatchObject({ error: { code: 'MISSING_API_KEY' } })
  })
})
