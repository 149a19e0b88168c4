import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { audience, inSeconds, makeKey, openKeyServer } from '../support/key-server.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { codeOf, openConsole } from '../support/open-console.ts'
import { caller, openSessions, plain, temporaryDirectory, until } from '../support/open-sessions.ts'
import { sendRaw } from '../support/raw-request.ts'
import { key } from './open-door.ts'

const shared = openOnce(async () => {
  const { sessions, store } = await openSessions()
  const console = await openConsole({ service: sessions, store, config: { rateLimit: { enabled: false } } })
  const { session } = await sessions.create(caller, plain)
  return { ...console, store, sessionId: session.id }
})

/** A stored key. */
async function makeStoredKey(body: object = {}): Promise<{ keyId: string; key: string }> {
  const response = await shared().door.post('/keys', { name: 'page', scopes: ['sessions:read'], ...body })
  expect(response.status).toBe(201)
  return (await response.json()) as { keyId: string; key: string }
}

/** Opens a stream with a login; its text comes when it has ended. */
async function follow(cookie: string): Promise<{ text: Promise<string> }> {
  const path = `/console/api/sessions/${shared().sessionId}/events?after=latest`
  const response = await fetch(shared().origin + path, { headers: { cookie } })
  expect(response.status).toBe(200)
  return { text: response.text() }
}

/** Stops a clock until the end of the test: time passes when the test says so. */
function stopClock(clock: 'Date' | 'performance'): void {
  vi.useFakeTimers({ toFake: [clock] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('a login', () => {
  test('gives a cookie that pages cannot read, and what the console needs to know', async () => {
    const page = await shared().logIn()
    const [pair, ...attributes] = page.setCookie.split('; ')
    expect(pair).toMatch(/^cca_console_[0-9a-f]{16}=[\w-]{43}$/)
    expect(attributes).toEqual(['Path=/console', 'Max-Age=2592000', 'HttpOnly', 'SameSite=Strict'])
    const shown = await shared().send('/console/session', 'GET', { cookie: page.cookie })
    expect(shown.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(shown.text)).toEqual({
      caller: JSON.parse((await shared().send('/console/api/caller', 'GET', { cookie: page.cookie })).text),
      csrfToken: page.csrfToken,
      expiresAt: expect.any(String),
      login: 'key',
    })
    const secret = page.cookie.split('=')[1] ?? ''
    expect(JSON.stringify([await shared().store.logins.loadLogins(), shared().door.lines])).not.toContain(
      secret,
    )
  })

  test('works below each mount, for reads and for writes with its token', async () => {
    for (const mount of ['/console', '/a/b/console']) {
      const { cookie, csrfToken, setCookie } = await shared().logIn(key, mount)
      expect(setCookie).toContain(`Path=${mount};`)
      const read = await shared().send(`${mount}/api/sessions`, 'GET', { cookie })
      expect(read.status).toBe(200)
      const made = await shared().send(
        `${mount}/api/sessions`,
        'POST',
        { cookie, 'x-csrf-token': csrfToken },
        {},
      )
      expect(made.status).toBe(201)
    }
  })

  test('is Secure if the page came over https, whatever proxies say', async () => {
    const { origin, logIn } = shared()
    expect((await logIn(key, '/console', { origin: origin.replace('http:', 'https:') })).setCookie).toMatch(
      /; Secure$/,
    )
    expect((await logIn(key, '/console', { 'x-forwarded-proto': 'https' })).setCookie).not.toContain('Secure')
  })

  test('counts nowhere but in the console', async () => {
    const { cookie, csrfToken } = await shared().logIn()
    for (const [method, path] of [
      ['GET', '/api/v1/sessions'],
      ['POST', '/api/v1/sessions'],
      ['GET', '/api/v1/caller'],
    ] as const) {
      const answer = await shared().send(
        path,
        method,
        { cookie, 'x-csrf-token': csrfToken },
        method === 'GET' ? undefined : {},
      )
      expect(codeOf(answer)).toEqual([401, 'MISSING_API_KEY'])
    }
  })

  test('does not turn into keys or tickets, for which the key itself is needed', async () => {
    const { cookie, csrfToken } = await shared().logIn()
    const headers = { cookie, 'x-csrf-token': csrfToken }
    for (const [method, path] of [
      ['GET', '/keys'],
      ['POST', '/keys'],
      ['GET', '/keys/abc'],
      ['PATCH', '/keys/abc'],
      ['POST', '/keys/abc/rotate'],
      ['DELETE', '/keys/abc'],
      ['POST', '/tickets'],
    ] as const) {
      const answer = await shared().send(`/console/api${path}`, method, headers)
      expect(codeOf(answer)).toEqual([403, 'KEY_REQUIRED'])
    }
    const withKey = await shared().send('/console/api/keys', 'GET', { cookie, 'x-api-key': key })
    expect(withKey.status).toBe(200)
    // A key in the header is judged for itself, not helped by the cookie.
    const wrong = await shared().send('/console/api/sessions', 'GET', {
      cookie,
      'x-api-key': 'wrong-key-of-a-page',
    })
    expect(codeOf(wrong)).toEqual([403, 'INVALID_API_KEY'])
  })

  test('ends with a logout, together with its streams, and only once', async () => {
    const { cookie, csrfToken } = await shared().logIn()
    const { text } = await follow(cookie)
    const headers = { cookie, 'x-csrf-token': csrfToken }
    const left = await shared().send('/console/session', 'DELETE', headers)
    expect([left.status, left.headers['set-cookie']]).toEqual([
      204,
      [`${cookie.split('=')[0]}=; Path=/console; Max-Age=0; HttpOnly; SameSite=Strict`],
    ])
    expect(await text).toContain('event: closing')
    expect(codeOf(await shared().send('/console/session', 'DELETE', headers))).toEqual([
      401,
      'MISSING_API_KEY',
    ])
    expect(codeOf(await shared().send('/console/session', 'GET', { cookie }))).toEqual([
      401,
      'MISSING_API_KEY',
    ])
    expect(codeOf(await shared().send('/console/api/sessions', 'GET', { cookie }))).toEqual([
      401,
      'MISSING_API_KEY',
    ])
  })

  test('is new each time: a cookie that the browser already had is never taken over', async () => {
    const { cookie } = await shared().logIn()
    const again = await shared().logIn(key, '/console', { cookie })
    expect(again.cookie).not.toBe(cookie)
    expect((await shared().send('/console/session', 'GET', { cookie })).status).toBe(401)
    const name = cookie.split('=')[0]
    const planted = `${name}=${'A'.repeat(43)}`
    const fixed = await shared().logIn(key, '/console', { cookie: planted })
    expect(fixed.cookie).not.toBe(planted)
    // Two of them: one was set by another host of the domain, and nothing says which.
    for (const both of [`${planted}; ${fixed.cookie}`, `${fixed.cookie}; ${again.cookie}`]) {
      expect((await shared().send('/console/session', 'GET', { cookie: both })).status).toBe(401)
    }
    expect((await shared().send('/console/session', 'GET', { cookie: `a=b; ${fixed.cookie}` })).status).toBe(
      200,
    )
  })

  test('beyond twenty of a key, the one that was not used for longest gives way', async () => {
    const stored = await makeStoredKey()
    const first = await shared().logIn(stored.key)
    const rest = []
    for (let index = 0; index < 20; index++) rest.push(await shared().logIn(stored.key))
    const statuses = [first, rest[0], rest[19]].map(
      async page => (await shared().send('/console/session', 'GET', { cookie: page?.cookie ?? '' })).status,
    )
    expect(await Promise.all(statuses)).toEqual([401, 200, 200])
  })

  test('is in the audit log, and so is its end and a wrong key', async () => {
    const { keyId, key: text } = await makeStoredKey()
    const { cookie, csrfToken } = await shared().logIn(text)
    await shared().send('/console/session', 'DELETE', { cookie, 'x-csrf-token': csrfToken })
    const entries = async (query: string) =>
      JSON.parse((await shared().send(`/console/api/audit?${query}`, 'GET', { 'x-api-key': key })).text)
        .entries
    expect(await entries(`keyId=${keyId}`)).toMatchObject([
      { action: 'console.logout', outcome: 'done', details: {}, address: '127.0.0.1' },
      { action: 'console.login', outcome: 'done', details: {}, requestId: expect.any(String) },
    ])
    await shared().send('/console/session', 'POST', {}, { key: 'a-wrong-key-for-the-log' })
    await until(async () => (await entries('action=authenticate')).length > 0)
  })
})

describe('what a foreign page sends with the cookie of a login', () => {
  const evil = [
    'null',
    'http://evil.example',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://a.127.0.0.1.nip.io',
  ]

  test.each(evil)('from Origin %s is refused, reads and writes', async origin => {
    const { cookie, csrfToken } = await shared().logIn()
    const headers = { cookie, origin, 'x-csrf-token': csrfToken }
    for (const [method, path] of [
      ['POST', '/console/api/sessions'],
      ['DELETE', '/console/session'],
      ['GET', '/console/session'],
      ['GET', '/console/api/sessions'],
    ] as const) {
      expect(codeOf(await shared().send(path, method, headers))).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
    }
    const login = await shared().send('/console/session', 'POST', { origin }, { key })
    expect(codeOf(login)).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
  })

  test('or without Origin is refused if it is a write, or a login', async () => {
    const { cookie, csrfToken } = await shared().logIn()
    const send = (path: string, method: string, headers: Record<string, string>, body: object = {}) =>
      sendRaw(shared().origin + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    const written = await send('/console/api/sessions', 'POST', { cookie, 'x-csrf-token': csrfToken })
    expect(codeOf(written)).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
    expect(codeOf(await send('/console/session', 'POST', {}, { key }))).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
  })

  test('without the token of this very login is refused', async () => {
    const { cookie } = await shared().logIn()
    const other = await shared().logIn()
    for (const token of [undefined, '', 'x', other.csrfToken, cookie.split('=')[1] ?? '']) {
      const headers = { cookie, ...(token !== undefined && { 'x-csrf-token': token }) }
      for (const [method, path] of [
        ['POST', '/console/api/sessions'],
        ['PUT', `/console/api/sessions/${shared().sessionId}/files/content?path=a`],
        ['DELETE', `/console/api/sessions/${shared().sessionId}`],
        ['DELETE', '/console/session'],
      ] as const) {
        expect(codeOf(await shared().send(path, method, headers))).toEqual([403, 'CSRF_TOKEN_INVALID'])
      }
    }
  })

  test.each(['cross-site', 'same-site'])('and Sec-Fetch-Site: %s is refused', async site => {
    const { cookie } = await shared().logIn()
    for (const path of ['/console/api/sessions', '/console/session']) {
      const answer = await shared().send(path, 'GET', { cookie, 'sec-fetch-site': site })
      expect(codeOf(answer)).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
    }
  })

  test.each(['script', 'style', 'worker', 'serviceworker', 'iframe', 'object'])(
    'as a %s gets nothing, so that a file that Claude wrote never runs as part of the console',
    async destination => {
      const { cookie } = await shared().logIn()
      const answer = await shared().send('/console/api/sessions', 'GET', {
        cookie,
        'sec-fetch-dest': destination,
      })
      expect(codeOf(answer)).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
    },
  )

  test('to another Host is refused, whatever else names the right one', async () => {
    const { cookie, csrfToken } = await shared().logIn()
    const host = new URL(shared().origin).host
    for (const headers of [
      { host: 'evil.example', origin: 'http://evil.example' },
      { host: 'evil.example', 'x-forwarded-host': host },
      { host, 'x-forwarded-host': 'evil.example' },
    ]) {
      const answer = await shared().send('/console/api/sessions', 'POST', {
        cookie,
        'x-csrf-token': csrfToken,
        ...headers,
      })
      expect(codeOf(answer)).toEqual([421, 'HOST_NOT_ALLOWED'])
      expect(codeOf(await shared().send('/console/session', 'POST', headers, { key }))).toEqual([
        421,
        'HOST_NOT_ALLOWED',
      ])
    }
  })

  test('by a name at which nobody logged in is refused, although it is loopback', async () => {
    const { cookie, csrfToken } = await shared().logIn()
    const { port } = new URL(shared().origin)
    const headers = {
      cookie,
      'x-csrf-token': csrfToken,
      host: `localhost:${port}`,
      origin: `http://localhost:${port}`,
    }
    expect(codeOf(await shared().send('/console/api/sessions', 'POST', headers))).toEqual([
      403,
      'ORIGIN_NOT_ALLOWED',
    ])
  })
})

describe('a request to log in', () => {
  test.each([
    ['text/plain', `{"key":"${key}"}`, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['application/x-www-form-urlencoded', `key=${key}`, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['application/json', '', 400, 'INVALID_REQUEST'],
    ['application/json', '[', 400, 'INVALID_REQUEST'],
    ['application/json', '{}', 400, 'INVALID_REQUEST'],
    ['application/json', '{"key":7}', 400, 'INVALID_REQUEST'],
    ['application/json', `{"key":"${key}","admin":true}`, 400, 'INVALID_REQUEST'],
    ['application/json', `{"key":"${'x'.repeat(40_000)}"}`, 413, 'PAYLOAD_TOO_LARGE'],
    ['application/json', `{"key":"${'x'.repeat(25_000)}"}`, 400, 'INVALID_REQUEST'],
  ])('of %s that is not one is refused: %.20s', async (type, body, status, code) => {
    const answer = await shared().send('/console/session', 'POST', { 'content-type': type }, body)
    expect(codeOf(answer)).toEqual([status, code])
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(JSON.stringify(shared().door.lines)).not.toContain(key)
  })

  test('with another method is told which ones there are', async () => {
    const answer = await shared().send('/console/session', 'PUT')
    expect([...codeOf(answer), answer.headers.allow]).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
      'GET, HEAD, POST, DELETE',
    ])
  })

  test('with wrong keys counts against its address like any other', async () => {
    const { send } = await openConsole({ config: { limits: { wrongKeysPerAddress: 3 } } })
    // The delay is of a second.
    stopClock('performance')
    const attempt = (text: string) => send('/console/session', 'POST', {}, { key: text })
    for (let index = 0; index < 3; index++) {
      expect(codeOf(await attempt(`a-wrong-key-number-${index}`))).toEqual([403, 'INVALID_API_KEY'])
    }
    const delayed = await attempt(key)
    expect(codeOf(delayed)).toEqual([429, 'CALLER_LIMIT_REACHED'])
    expect(Number(delayed.headers['retry-after'])).toBeGreaterThan(0)
    // The same count, wherever a key is sent.
    expect(codeOf(await send('/api/v1/caller', 'GET', { 'x-api-key': key }))).toEqual([
      429,
      'CALLER_LIMIT_REACHED',
    ])
  })

  test('counts against the rate limit of its address', async () => {
    const { send } = await openConsole({ config: { rateLimit: { maxRequests: 2 } } })
    const statuses = []
    for (let index = 0; index < 3; index++) {
      statuses.push((await send('/console/session', 'POST', {}, { key })).status)
    }
    expect(statuses).toEqual([201, 201, 429])
  })
})

describe('a login ends with its key', () => {
  test('when it is revoked, and an open stream with it', async () => {
    const stored = await makeStoredKey()
    const { cookie } = await shared().logIn(stored.key)
    const { text } = await follow(cookie)
    await shared().door.call(`/keys/${stored.keyId}`, { method: 'DELETE' })
    expect(await text).toContain('event: closing')
    expect((await shared().send('/console/session', 'GET', { cookie })).status).toBe(401)
    await until(
      async () =>
        !(await shared().store.logins.loadLogins()).some(({ createdBy }) => createdBy === stored.keyId),
    )
  })

  test('when it is rotated, at once or after the grace time', async () => {
    const stored = await makeStoredKey()
    const { cookie } = await shared().logIn(stored.key)
    await shared().door.post(`/keys/${stored.keyId}/rotate`, { graceMs: 60_000 })
    expect((await shared().send('/console/session', 'GET', { cookie })).status).toBe(200)
    const { text } = await follow(cookie)
    await shared().door.post(`/keys/${stored.keyId}/rotate`, { graceMs: 0 })
    expect(await text).toContain('event: closing')
    expect((await shared().send('/console/session', 'GET', { cookie })).status).toBe(401)
  })

  test('when it expires; until then the cookie says so too', async () => {
    stopClock('Date')
    const expiresAt = new Date(Date.now() + 1_500).toISOString()
    const stored = await makeStoredKey({ expiresAt })
    const page = await shared().logIn(stored.key)
    expect(page.expiresAt).toBe(expiresAt)
    expect(page.setCookie).toContain('Max-Age=1;')
    const { text } = await follow(page.cookie)
    vi.advanceTimersByTime(1_501)
    expect(await text).toContain('event: closing')
    expect((await shared().send('/console/session', 'GET', { cookie: page.cookie })).status).toBe(401)
  })

  test('when it loses a scope, but not when it gets one', async () => {
    const stored = await makeStoredKey({ scopes: ['sessions:read', 'usage:read'] })
    const { cookie } = await shared().logIn(stored.key)
    const patch = (scopes: string[]) =>
      shared().door.call(`/keys/${stored.keyId}`, {
        method: 'PATCH',
        body: JSON.stringify({ scopes }),
        headers: { 'content-type': 'application/json' },
      })
    await patch(['sessions:read', 'usage:read', 'workspace:read'])
    expect(
      JSON.parse((await shared().send('/console/session', 'GET', { cookie })).text).caller.scopes,
    ).toHaveLength(3)
    await patch(['sessions:read'])
    expect((await shared().send('/console/session', 'GET', { cookie })).status).toBe(401)
  })

  test('when it is the token of an identity provider', async () => {
    const signing = await makeKey()
    const provider = await openKeyServer([signing])
    const tokens = {
      issuer: provider.issuer,
      audiences: [audience],
      defaultTenant: 'default',
      clockSkewMs: 0,
    }
    const { logIn, send } = await openConsole({ config: { auth: { tokens } } })
    stopClock('Date')
    const page = await logIn(await provider.sign(signing, { exp: inSeconds(2) }))
    expect(page.caller.keyId).toMatch(/^token_/)
    expect((await send('/console/session', 'GET', { cookie: page.cookie })).status).toBe(200)
    vi.advanceTimersByTime(2_001)
    expect((await send('/console/session', 'GET', { cookie: page.cookie })).status).toBe(401)
    const expired = await send(
      '/console/session',
      'POST',
      {},
      { key: await provider.sign(signing, { exp: inSeconds(-5) }) },
    )
    expect(codeOf(expired)).toEqual([403, 'INVALID_API_KEY'])
  })
})

describe('a server that starts again', () => {
  test('knows its logins, and one on another store does not', async () => {
    const file = `${temporaryDirectory()}/store.db`
    const open = async (config = {}) => {
      const store = await openStore({ file })
      return { store, ...(await openConsole({ store, config })) }
    }
    const first = await open()
    const { cookie } = await first.logIn()
    await first.door[Symbol.asyncDispose]()
    await first.store.close()

    const second = await open()
    expect((await second.send('/console/session', 'GET', { cookie })).status).toBe(200)
    const stranger = shared()
    const name = (await stranger.logIn()).cookie.split('=')[0]
    expect(cookie.startsWith(`${name}=`)).toBe(false)
    const renamed = `${name}=${cookie.split('=')[1]}`
    for (const foreign of [cookie, renamed]) {
      expect((await stranger.send('/console/session', 'GET', { cookie: foreign })).status).toBe(401)
    }
    await second.door[Symbol.asyncDispose]()
    await second.store.close()

    // The key was taken out of the configuration.
    const third = await open({ auth: { apiKeys: ['another-key-of-the-tests'] } })
    endsLater(() => third.store.close())
    expect((await third.send('/console/session', 'GET', { cookie })).status).toBe(401)
  })
})

describe('without a login of its own', () => {
  test('the console of a server without keys needs none, but its own origin', async () => {
    const { sessions } = await openSessions()
    const { send, origin } = await openConsole({ service: sessions, config: { auth: { enabled: false } } })
    const shown = await send('/console/session')
    expect(JSON.parse(shown.text)).toMatchObject({ login: 'none', csrfToken: null, expiresAt: null })
    expect((await send('/console/api/sessions', 'POST', {}, {})).status).toBe(201)
    expect(codeOf(await send('/console/session', 'POST', {}, { key }))).toEqual([405, 'METHOD_NOT_ALLOWED'])
    for (const headers of [{ origin: 'http://evil.example' }, { origin, 'sec-fetch-site': 'cross-site' }]) {
      expect(codeOf(await send('/console/session', 'GET', headers))).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
      expect(codeOf(await send('/console/api/sessions', 'POST', headers, {}))).toEqual([
        403,
        'ORIGIN_NOT_ALLOWED',
      ])
    }
  })

  test('the host application says who is there', async () => {
    const { send } = await openConsole({
      config: {
        auth: {
          authenticate: req =>
            req.headers.cookie === 'host=ann'
              ? { tenant: 'acme', subject: 'ann', scopes: ['sessions:read'] }
              : undefined,
        },
      },
    })
    expect(codeOf(await send('/console/session'))).toEqual([401, 'MISSING_API_KEY'])
    const shown = await send('/console/session', 'GET', { cookie: 'host=ann' })
    expect(JSON.parse(shown.text)).toMatchObject({
      login: 'host',
      csrfToken: null,
      caller: { tenant: 'acme' },
    })
    expect(codeOf(await send('/console/session', 'DELETE', { cookie: 'host=ann' }))).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
    ])
  })
})
