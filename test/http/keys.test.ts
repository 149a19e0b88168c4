import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createClient } from '../support/client.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { key, openDoor, readError } from './open-door.ts'

const shared = openOnce(async () => {
  const { sessions } = await openSessions()
  const door = await openDoor({ service: sessions })
  endsLater(() => door[Symbol.asyncDispose]())
  return { door, sessionId: await createClient(door.url, key).createSession() }
})

interface Made {
  keyId: string
  key: string
  [field: string]: unknown
}

/** Sends a request with another key. */
function as(credential: string, path: string, method = 'GET', body?: unknown) {
  return shared().door.call(path, {
    method,
    headers: { 'x-api-key': credential, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function make(body: object, credential = key): Promise<Made> {
  const response = await as(credential, '/keys', 'POST', { name: 'bot', ...body })
  expect(response.status).toBe(201)
  return (await response.json()) as Made
}

interface Page {
  keys: Made[]
  pagination: { nextCursor: string | null }
}

async function read<T>(response: Promise<Response>): Promise<T> {
  return (await (await response).json()) as T
}

/** Lets time pass for keys only when the test says so. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
}

async function codeOf(response: Response): Promise<string> {
  return (await readError(response)).error.code
}

describe('a stored key', () => {
  test('is shown once, in a form that scanners for secrets recognize', async () => {
    const made = await make({ scopes: ['sessions:read'] })
    expect(made.key).toMatch(/^ccak_[0-9a-z]{12}_[0-9A-Za-z]{46}$/)
    expect(made.key.startsWith(`ccak_${made.keyId}_`)).toBe(true)
    const shown = await (await shared().door.call(`/keys/${made.keyId}`)).text()
    const listed = await (await shared().door.call('/keys?limit=200')).text()
    expect(shown + listed).not.toContain(made.key.slice(-46))
    expect(JSON.stringify(shared().door.lines)).not.toContain(made.key.slice(-46))
  })

  test('opens what its scopes allow, and names the one it lacks', async () => {
    const made = await make({ scopes: ['sessions:read'] })
    expect((await as(made.key, `/sessions/${shared().sessionId}`)).status).toBe(200)
    const refused = await as(made.key, '/sessions', 'POST', {})
    expect(refused.status).toBe(403)
    expect((await readError(refused)).error).toMatchObject({
      code: 'SCOPE_REQUIRED',
      details: { anyOf: ['sessions:write'] },
    })
    expect((await as(made.key, '/metrics')).status).toBe(403)
    expect(await (await as(made.key, '/health')).json()).toEqual({ status: expect.any(String) })
  })

  test('with a wrong end, a wrong checksum or an unknown id is a wrong key', async () => {
    const { key: text } = await make({ scopes: ['sessions:read'] })
    const last = text.at(-1) === 'a' ? 'b' : 'a'
    const wrong = [
      text.slice(0, -1) + last,
      `${text}x`,
      text.toUpperCase(),
      `ccak_${'a'.repeat(12)}_${'b'.repeat(46)}`,
    ]
    for (const credential of wrong) expect((await as(credential, '/sessions')).status).toBe(403)
  })

  test('bound to a session opens nothing else', async () => {
    const other = await createClient(shared().door.url, key).createSession()
    const scopes = ['sessions:read', 'sessions:write', 'permissions:answer', 'workspace:read', 'usage:read']
    const { key: bound } = await make({ scopes, sessionId: shared().sessionId })
    expect((await as(bound, `/sessions/${shared().sessionId}`)).status).toBe(200)
    for (const path of [
      '',
      '/messages',
      '/turns',
      '/files',
      '/permissions',
      '/usage',
      '/events',
      '/export',
    ]) {
      expect(await codeOf(await as(bound, `/sessions/${other}${path}`)), path).toBe('SESSION_NOT_FOUND')
    }
    expect(await (await as(bound, '/sessions?status=all')).json()).toMatchObject({
      total: 1,
      sessions: [{ sessionId: shared().sessionId }],
    })
    expect(await codeOf(await as(bound, '/sessions', 'POST', {}))).toBe('SCOPE_REQUIRED')
    expect(await codeOf(await as(bound, `/sessions/${shared().sessionId}/fork`, 'POST', {}))).toBe(
      'SCOPE_REQUIRED',
    )
    expect((await as(bound, '/permissions')).status).toBe(200)
  })

  test('that is revoked is refused at once, and its open stream ends within a second', async () => {
    const made = await make({ scopes: ['sessions:read'] })
    const stream = await as(made.key, `/sessions/${shared().sessionId}/events?after=latest`)
    expect(stream.status).toBe(200)
    const text = stream.text()
    expect((await shared().door.call(`/keys/${made.keyId}`, { method: 'DELETE' })).status).toBe(204)
    expect(await codeOf(await as(made.key, `/sessions/${shared().sessionId}`))).toBe('INVALID_API_KEY')
    expect(await text).toContain('event: closing')
    expect((await shared().door.call(`/keys/${made.keyId}`, { method: 'DELETE' })).status).toBe(204)
    expect(await (await shared().door.call(`/keys/${made.keyId}`)).json()).toMatchObject({
      status: 'revoked',
    })
    const changed = await as(key, `/keys/${made.keyId}`, 'PATCH', { name: 'again' })
    expect(await codeOf(changed)).toBe('KEY_REVOKED')
  })

  test('that loses the scope of an open stream loses the stream, but not what it still may', async () => {
    const made = await make({ scopes: ['sessions:read', 'usage:read'] })
    const text = (await as(made.key, `/sessions/${shared().sessionId}/events?after=latest`)).text()
    await as(key, `/keys/${made.keyId}`, 'PATCH', { scopes: ['usage:read'] })
    expect(await text).toContain('event: closing')
    expect((await as(made.key, `/sessions/${shared().sessionId}`)).status).toBe(403)
    expect((await as(made.key, `/sessions/${shared().sessionId}/usage`)).status).toBe(200)
  })

  test('that expires is refused from then on', async () => {
    stopClock()
    const expiresAt = new Date(Date.now() + 300).toISOString()
    const made = await make({ scopes: ['sessions:read'], expiresAt })
    const stream = await as(made.key, `/sessions/${shared().sessionId}/events?after=latest`)
    expect(stream.status).toBe(200)
    vi.advanceTimersByTime(301)
    expect(await stream.text()).toContain('event: closing')
    expect(await codeOf(await as(made.key, '/sessions'))).toBe('INVALID_API_KEY')
    expect(await (await shared().door.call(`/keys/${made.keyId}`)).json()).toMatchObject({
      status: 'expired',
    })
    const past = await as(key, '/keys', 'POST', {
      name: 'late',
      scopes: ['sessions:read'],
      expiresAt: '2020-01-01T00:00:00Z',
    })
    expect((await readError(past)).error.details).toMatchObject({ issues: [{ path: 'expiresAt' }] })
  })

  test('that is rotated stays valid for the grace time alone', async () => {
    const made = await make({ scopes: ['sessions:read'] })
    const rotated = await read<Made>(as(key, `/keys/${made.keyId}/rotate`, 'POST', {}))
    expect(rotated).toMatchObject({ keyId: made.keyId, previousValidUntil: expect.any(String) })
    expect((await as(made.key, '/sessions')).status).toBe(200)
    expect((await as(rotated.key, '/sessions')).status).toBe(200)
    const last = await read<Made>(as(key, `/keys/${made.keyId}/rotate`, 'POST', { graceMs: 0 }))
    for (const old of [made.key, rotated.key]) expect((await as(old, '/sessions')).status).toBe(403)
    expect((await as(last.key, '/sessions')).status).toBe(200)
  })
})

describe('an administrator that is stored', () => {
  test('grants no scope, limit or time beyond its own', async () => {
    const limits = { turnsPerHour: 10, spendPerDayUsd: 5 }
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const admin = await make({ scopes: ['admin', 'sessions:read'], limits, expiresAt, tenant: 'grants' })
    const ask = (body: object) =>
      as(admin.key, '/keys', 'POST', { name: 'x', scopes: ['sessions:read'], ...body })
    const later = new Date(Date.now() + 7_200_000).toISOString()
    const refused: [object, string][] = [
      [{ scopes: ['sessions:write'] }, 'scopes'],
      [{ limits: { turnsPerHour: 11 } }, 'limits.turnsPerHour'],
      [{ limits: { spendPerDayUsd: 5.01 } }, 'limits.spendPerDayUsd'],
      [{ expiresAt: later }, 'expiresAt'],
    ]
    for (const [body, field] of refused) {
      const { error } = await readError(await ask(body))
      expect(error).toMatchObject({ code: 'GRANT_NOT_ALLOWED', details: { field } })
    }
    const inherited = await (await ask({ limits: { runningTurns: 1 } })).json()
    expect(inherited).toMatchObject({ limits: { ...limits, runningTurns: 1 }, expiresAt: admin.expiresAt })
    for (const body of [{ limits: null }, { limits: { turnsPerHour: 11 } }, { expiresAt: null }]) {
      const { error } = await readError(await as(admin.key, `/keys/${admin.keyId}`, 'PATCH', body))
      expect(error.code).toBe('GRANT_NOT_ALLOWED')
    }
  })

  test('cannot get the text of a key that may do more', async () => {
    const admin = await make({ scopes: ['admin'], tenant: 'rotation' })
    const stronger = await make({ scopes: ['admin', 'workspace:write'], tenant: 'rotation' })
    const rotated = await as(admin.key, `/keys/${stronger.keyId}/rotate`, 'POST', {})
    expect(await codeOf(rotated)).toBe('GRANT_NOT_ALLOWED')
    expect((await as(admin.key, `/keys/${admin.keyId}/rotate`, 'POST', {})).status).toBe(200)
    expect((await as(admin.key, `/keys/${stronger.keyId}`, 'DELETE')).status).toBe(204)
  })

  test('knows the keys of its tenant alone', async () => {
    const admin = await make({ scopes: ['admin'], tenant: 'mine' })
    const foreign = await make({ scopes: ['admin'], tenant: 'yours' })
    for (const [method, path, body] of [
      ['GET', `/keys/${foreign.keyId}`],
      ['PATCH', `/keys/${foreign.keyId}`, { name: 'x' }],
      ['POST', `/keys/${foreign.keyId}/rotate`, {}],
      ['DELETE', `/keys/${foreign.keyId}`],
    ] as const) {
      expect(await codeOf(await as(admin.key, path, method, body))).toBe('KEY_NOT_FOUND')
    }
    const named = await as(admin.key, '/keys', 'POST', { name: 'x', scopes: ['admin'], tenant: 'yours' })
    expect(await codeOf(named)).toBe('TENANT_NOT_ALLOWED')
    expect(await codeOf(await as(admin.key, '/keys?tenant=yours'))).toBe('TENANT_NOT_ALLOWED')
    expect(await (await as(admin.key, '/keys')).json()).toMatchObject({ pagination: { total: 1 } })
    expect(await (await shared().door.call('/keys?tenant=yours')).json()).toMatchObject({
      pagination: { total: 1 },
    })
  })

  test('cannot end the last administrator, however it tries', async () => {
    const admin = await make({ scopes: ['admin', 'sessions:read'], tenant: 'last' })
    const soon = new Date(Date.now() + 60_000).toISOString()
    const last = `/keys/${admin.keyId}`
    for (const [method, body] of [
      ['DELETE'],
      ['PATCH', { scopes: ['sessions:read'] }],
      ['PATCH', { expiresAt: soon }],
    ] as const) {
      const response = await as(admin.key, last, method, body)
      expect([response.status, await codeOf(response)]).toEqual([409, 'LAST_ADMINISTRATOR'])
    }
    await as(admin.key, '/keys', 'POST', { name: 'second', scopes: ['admin'] })
    expect((await as(admin.key, last, 'DELETE')).status).toBe(204)
  })

  test('two that end each other at the same moment leave one', async () => {
    const first = await make({ scopes: ['admin'], tenant: 'race' })
    const second = await make({ scopes: ['admin'], tenant: 'race' })
    const statuses = await Promise.all([
      as(first.key, `/keys/${second.keyId}`, 'DELETE'),
      as(second.key, `/keys/${first.keyId}`, 'DELETE'),
    ])
    // The one that was ended first is no longer an administrator who could end the other.
    expect(statuses.map(({ status }) => status).sort()).toEqual([204, 403])
    expect(await read(shared().door.call('/keys?tenant=race'))).toMatchObject({ pagination: { total: 1 } })
  })

  test('is not for one session', async () => {
    const response = await as(key, '/keys', 'POST', {
      name: 'x',
      scopes: ['admin'],
      sessionId: shared().sessionId,
    })
    expect((await readError(response)).error.details).toMatchObject({ issues: [{ path: 'scopes' }] })
    const unknown = await as(key, '/keys', 'POST', {
      name: 'x',
      scopes: ['sessions:read'],
      sessionId: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    })
    expect((await readError(unknown)).error.details).toMatchObject({ issues: [{ path: 'sessionId' }] })
  })
})

test('the list goes on after a cursor, whatever is created meanwhile', async () => {
  for (const name of ['a', 'b', 'c']) await make({ name, scopes: ['usage:read'], tenant: 'pages' })
  const first = await read<Page>(shared().door.call('/keys?tenant=pages&limit=2'))
  await make({ name: 'd', scopes: ['usage:read'], tenant: 'pages' })
  const cursor = first.pagination.nextCursor
  const rest = await read<Page>(shared().door.call(`/keys?tenant=pages&limit=2&cursor=${cursor}`))
  const names = [...first.keys, ...rest.keys].map(({ name }) => name)
  expect(names).toEqual(['a', 'b', 'c', 'd'])
})

describe('what a change of a key may give', () => {
  const soon = () => new Date(Date.now() + 3_600_000).toISOString()
  const change = (admin: Made, changed: Made, body: object) =>
    as(admin.key, `/keys/${changed.keyId}`, 'PATCH', body)

  test('an administrator with a time or a limit widens no key that lacks them', async () => {
    const scopes = ['admin', 'sessions:read', 'sessions:write']
    const lasting = await make({ scopes: ['sessions:read'], tenant: 'widening' })
    const limited = await make({ scopes, tenant: 'widening', limits: { turnsPerHour: 1 } })
    const passing = await make({ scopes, tenant: 'widening', expiresAt: soon() })
    for (const admin of [limited, passing]) {
      const refused = await change(admin, lasting, { scopes: ['sessions:read', 'sessions:write'] })
      expect(await codeOf(refused)).toBe('GRANT_NOT_ALLOWED')
      expect((await change(admin, lasting, { name: 'renamed', limits: { turnsPerHour: 1 } })).status).toBe(
        200,
      )
    }
  })

  test('nobody gives more time to a key that may do more than itself', async () => {
    const admin = await make({ scopes: ['admin'], tenant: 'reviving' })
    const stronger = await make({ scopes: ['workspace:write'], tenant: 'reviving', expiresAt: soon() })
    const refused = await change(admin, stronger, { expiresAt: null })
    expect(await codeOf(refused)).toBe('GRANT_NOT_ALLOWED')
  })

  test('a last administrator with an expiry cannot end itself either', async () => {
    const admin = await make({ scopes: ['admin', 'sessions:read'], tenant: 'passing', expiresAt: soon() })
    expect((await as(admin.key, `/keys/${admin.keyId}`, 'DELETE')).status).toBe(409)
    expect((await change(admin, admin, { scopes: ['sessions:read'] })).status).toBe(409)
  })

  test('the replaced text of a key grants nothing that outlives it, and replaces nothing', async () => {
    const admin = await make({ scopes: ['admin'], tenant: 'replaced' })
    await as(admin.key, `/keys/${admin.keyId}/rotate`, 'POST', { graceMs: 60_000 })
    const again = await as(admin.key, `/keys/${admin.keyId}/rotate`, 'POST', { graceMs: 0 })
    expect(await codeOf(again)).toBe('GRANT_NOT_ALLOWED')
    const made = await as(admin.key, '/keys', 'POST', { name: 'child', scopes: ['admin'] })
    expect(Date.parse(((await made.json()) as Made).expiresAt as string)).toBeLessThan(Date.now() + 61_000)
  })

  test('expired keys do not count for the number, and come back only within it', async () => {
    stopClock()
    const expiresAt = new Date(Date.now() + 50).toISOString()
    const brief = await make({ scopes: ['usage:read'], tenant: 'many', expiresAt })
    vi.advanceTimersByTime(51)
    expect((await read<Made>(shared().door.call(`/keys/${brief.keyId}`))).status).toBe('expired')
    expect((await as(key, `/keys/${brief.keyId}`, 'PATCH', { expiresAt: null })).status).toBe(200)
  })
})

test('a key that is revoked while its request still arrives does nothing any more', async () => {
  const { url } = shared().door
  const admin = await make({ scopes: ['admin'], tenant: 'slow' })
  const body = JSON.stringify({ name: 'child', scopes: ['admin'] })
  const { port, pathname } = new URL(`${url}/keys`)
  const socket = connect(Number(port), '127.0.0.1')
  const answer = text(socket)
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nx-api-key: ${admin.key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body[0]}`,
  )
  // The server has begun with the request when it has answered a later one.
  await as(admin.key, '/caller')
  expect((await shared().door.call(`/keys/${admin.keyId}`, { method: 'DELETE' })).status).toBe(204)
  socket.write(body.slice(1))
  expect(await answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*INVALID_API_KEY/)
  expect(await (await shared().door.call('/keys?tenant=slow')).json()).toMatchObject({
    pagination: { total: 0 },
  })
})
