import type { Express } from 'express'
import session from 'express-session'
import { describe, expect, test, vi } from 'vitest'
import type { AuthenticatedCaller } from '../../src/config/auth-options.ts'
import type { ClaudeCodeApiConfig } from '../../src/config/options.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { sendRaw } from '../support/raw-request.ts'
import { openDoor } from './open-door.ts'

type Auth = NonNullable<ClaudeCodeApiConfig['auth']>
interface WithLogin {
  session: { login?: { org: string; user: string } }
}

const scopes = ['sessions:read', 'sessions:write'] as const
const loggedOut = new Set<string>()

/** An application with logins of its own, in a cookie, above the scripted engine. */
const shared = openOnce(async () => {
  const { sessions } = await openSessions()
  const door = await openDoor({
    service: sessions,
    config: {
      rateLimit: { enabled: false },
      auth: {
        authenticate(req) {
          const { login } = (req as unknown as WithLogin).session
          if (!login) return undefined
          const { org: tenant, user: subject } = login
          const isValid = () => !loggedOut.has(subject)
          return { tenant, subject, scopes: [...scopes], name: `User ${subject}`, isValid }
        },
      },
    },
    prepare(app) {
      app.use(session({ secret: 'of the tests', resave: false, saveUninitialized: false }))
      app.post('/login/:org/:user', (req, res) => {
        Object.assign((req as unknown as WithLogin).session, { login: req.params })
        res.status(204).end()
      })
    },
  })
  endsLater(() => door[Symbol.asyncDispose]())
  return door
})

/** A browser that has logged in. */
async function logIn(org: string, user: string) {
  const door = shared()
  const response = await fetch(`${door.origin}/login/${org}/${user}`, { method: 'POST' })
  const cookie = response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? ''
  const send = (method: string, path: string, headers: Record<string, string> = {}) =>
    sendRaw(door.url + path, {
      method,
      headers: { cookie, 'content-type': 'application/json', ...headers },
      ...(method === 'POST' && { body: '{}' }),
    })
  return Object.assign(send, { cookie })
}

describe('the login of an application', () => {
  test('decides who the caller is, in which tenant, and what it has made', async () => {
    const [alice, bob, eve] = [
      await logIn('acme', 'alice'),
      await logIn('acme', 'bob'),
      await logIn('other', 'eve'),
    ]
    const created = await alice('POST', '/sessions')
    expect(created.status).toBe(201)
    const { sessionId } = JSON.parse(created.text)
    const seen = await bob('GET', `/sessions/${sessionId}`)
    expect([seen.status, JSON.parse(seen.text)]).toMatchObject([200, { createdBy: 'host:acme:alice' }])
    expect((await eve('GET', `/sessions/${sessionId}`)).status).toBe(404)
    expect(JSON.parse((await eve('GET', '/sessions')).text)).toMatchObject({ total: 0 })
    expect(JSON.parse((await alice('GET', '/caller')).text)).toEqual({
      keyId: 'host:acme:alice',
      name: 'User alice',
      tenant: 'acme',
      scopes,
      sessionId: null,
      administersServer: false,
      expiresAt: null,
    })
    expect((await alice('GET', '/sessions?tenant=other')).status).toBe(403)
    expect((await alice('GET', '/webhooks')).status).toBe(403)
  })

  test('is needed: without it 401, and no key takes its place', async () => {
    const { url } = shared()
    for (const headers of [
      {},
      { 'x-api-key': 'Key-for-Tests-1' },
      { cookie: 'connect.sid=s%3Amade-up.signature' },
    ] as Record<string, string>[]) {
      const response = await fetch(`${url}/docs`, { headers })
      expect([response.status, await response.json()]).toMatchObject([
        401,
        { error: { code: 'MISSING_API_KEY', message: 'The application has not identified the caller' } },
      ])
      expect(response.headers.get('www-authenticate')).toBeNull()
    }
    expect((await fetch(`${url}/health`)).status).not.toBe(401)
  })

  test('sent by a foreign page is refused, since a browser sends a cookie on its own', async () => {
    const alice = await logIn('acme', 'alice')
    const before = JSON.parse((await alice('GET', '/sessions')).text).total
    expect((await alice('POST', '/sessions', { origin: 'http://evil.example' })).status).toBe(403)
    expect((await alice('POST', '/sessions', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    for (const destination of ['script', 'style', 'serviceworker', 'iframe']) {
      const own = { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': destination }
      expect((await alice('GET', '/sessions', own)).status).toBe(403)
    }
    expect((await alice('POST', '/sessions', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await alice('GET', '/sessions', { host: 'evil.example' })).status).toBe(421)
    expect(JSON.parse((await alice('GET', '/sessions')).text).total).toBe(before)
  })

  test('ends the streams that it has opened, with those of its tickets', async () => {
    const { url } = shared()
    const carol = await logIn('acme', 'carol')
    const { sessionId } = JSON.parse((await carol('POST', '/sessions')).text)
    const { ticket } = JSON.parse((await carol('POST', '/tickets')).text)
    // Both have begun when their headers are here.
    const events = `${url}/sessions/${sessionId}/events`
    const streams = [
      await fetch(events, { headers: { cookie: carol.cookie } }),
      await fetch(`${events}?ticket=${ticket}`),
    ]
    expect(streams.map(({ status }) => status)).toEqual([200, 200])
    loggedOut.add('carol')
    for (const stream of streams) expect(await stream.text()).toContain('event: closing')
  })
})

/** A door whose application answers with this, and the status of a request to it. */
async function openWith(auth: Auth, prepare?: (app: Express) => void) {
  const door = await openDoor({
    service: {
      models: () => [],
      health: async () => ({ store: { checkedAt: 0, ok: false }, agent: undefined }),
    },
    config: { auth },
    ...(prepare && { prepare }),
  })
  const send = async (path = '/models', headers: Record<string, string> = {}) => {
    const response = await sendRaw(door.url + path, { headers })
    return [response.status, JSON.parse(response.text).error?.code]
  }
  return { door, send }
}

const valid: AuthenticatedCaller = { tenant: 'acme', subject: 'alice', scopes: [] }

describe('a result that is not a caller is 500, and the log says why', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'expected object'],
    ['a text', 'alice', 'expected object'],
    ['true', true, 'expected object'],
    ['a list', [valid], 'expected object'],
    ['an empty object', {}, 'tenant'],
    ['no tenant', { ...valid, tenant: undefined }, 'tenant'],
    ['an invalid tenant', { ...valid, tenant: 'Acme Corp.' }, 'tenant: must be 1 to 63'],
    ['no subject', { ...valid, subject: '' }, 'subject: must be 1 to 128'],
    ['a subject with spaces', { ...valid, subject: 'a b' }, 'subject: must be 1 to 128'],
    ['a subject that is a number', { ...valid, subject: 7 }, 'subject'],
    ['an unknown scope', { ...valid, scopes: ['sessions:read', 'everything'] }, 'scopes[1]'],
    ['scopes that are a text', { ...valid, scopes: 'admin' }, 'scopes'],
    ['an unknown field', { ...valid, scope: ['admin'] }, 'scope: '],
    ['a session that is a number', { ...valid, sessionId: 1 }, 'sessionId'],
    ['an expiry that is a text', { ...valid, expiresAt: 'tomorrow' }, 'expiresAt: must be a date'],
    ['an expiry that is not a date', { ...valid, expiresAt: new Date(Number.NaN) }, 'expiresAt'],
    ['an isValid that is a value', { ...valid, isValid: true }, 'isValid: must be a function'],
  ])('%s', async (_name, result, problem) => {
    const { door, send } = await openWith({ authenticate: () => result as never })
    await using _ = door
    expect(await send()).toEqual([500, 'INTERNAL'])
    expect(door.lines).toContainEqual(
      expect.objectContaining({
        msg: 'authenticate returned an invalid caller',
        problem: expect.stringContaining(problem),
        requestId: expect.any(String),
      }),
    )
  })
})

describe('the function', () => {
  test.each<[string, Auth['authenticate']]>([
    [
      'throws',
      () => {
        throw new Error('the directory is away: secret')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the directory is away: secret'))],
    ['rejects with nothing', () => Promise.reject()],
    ['never answers', () => new Promise(() => {})],
  ])('that %s is 500, never a caller without rights', async (_name, authenticate) => {
    const { door, send } = await openWith({
      authenticate,
      authenticateTimeoutMs: 50,
      requireAuth: ['GET /sessions'],
    } as Auth)
    await using _ = door
    expect(await send('/models')).toEqual([500, 'INTERNAL'])
    expect(await send('/nowhere')).toEqual([500, 'INTERNAL'])
    expect((await send('/health'))[0]).toBe(503)
    expect(door.lines).toContainEqual(expect.objectContaining({ msg: 'authenticate failed' }))
    expect((await sendRaw(`${door.url}/models`)).text).not.toContain('secret')
  })

  test('is not asked for what is open to all, and once for everything else', async () => {
    const authenticate = vi.fn(() => valid)
    const { door, send } = await openWith({ authenticate })
    await using _ = door
    await send('/health')
    await send('/ready')
    expect(authenticate).toHaveBeenCalledTimes(0)
    expect(await send('/models')).toEqual([200, undefined])
    expect(authenticate).toHaveBeenCalledTimes(1)
  })

  test('gets the request with the address behind trusted proxies', async () => {
    const seen: unknown[] = []
    const door = await openDoor({
      service: { models: () => [] },
      config: {
        trustProxy: true,
        auth: {
          authenticate(req) {
            seen.push([req.ip, req.get('x-user'), req.path, req.headers.cookie])
            return valid
          },
        },
      },
    })
    await using _ = door
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-user': 'alice', cookie: 'a=b' }
    expect((await sendRaw(`${door.url}/models`, { headers })).status).toBe(200)
    expect(seen).toEqual([['203.0.113.9', 'alice', '/models', 'a=b']])
  })

  test('that reads only a header proves that the caller meant the request', async () => {
    const authenticate: Auth['authenticate'] = req => (req.get('authorization') ? valid : undefined)
    const headers = { authorization: 'Bearer of-the-host', origin: 'http://evil.example', host: 'a.example' }
    for (const [readsHeaderOnly, status] of [
      [true, 200],
      [false, 421],
    ] as const) {
      const { door, send } = await openWith({ authenticate, readsHeaderOnly })
      await using _ = door
      expect((await send('/models', headers))[0]).toBe(status)
    }
  })

  test('of a tenant opens nothing that needs no caller by configuration', async () => {
    const { door, send } = await openWith({ authenticate: () => undefined, requireAuth: ['GET /keys'] })
    await using _ = door
    expect(await send('/sessions')).toEqual([401, 'MISSING_API_KEY'])
    expect(await send('/models')).toEqual([200, undefined])
  })

  test('takes the place of keys, also of those that an administrator would make', async () => {
    const { door } = await openWith({ authenticate: () => ({ ...valid, scopes: ['admin'] }) })
    await using _ = door
    for (const id of operationIds.filter(each => getOperation(each).path.startsWith('/keys'))) {
      const { method, path } = getOperation(id)
      const url = door.url + path.replace(/:\w+/g, 'x')
      const headers = { 'content-type': 'application/json' }
      const { status, text } = await sendRaw(url, { method: method.toUpperCase(), headers })
      expect([id, status, JSON.parse(text).error.code]).toEqual([id, 403, 'SCOPE_REQUIRED'])
    }
  })

  test('is refused together with keys, tokens, or no authentication', () => {
    const authenticate = () => undefined
    const resolve = (auth: Auth) =>
      resolveConfig({ auth: { authenticate, ...auth } }, { CLAUDE_API_KEY: 'of-the-environment' })
    expect(resolve({}).auth.keys).toEqual([])
    expect(() => resolve({ apiKeys: ['a-key-of-sixteen'] })).toThrow('auth.apiKeys: cannot be used together')
    expect(() => resolve({ keyHashes: ['a'.repeat(64)] })).toThrow('auth.keyHashes: cannot be used together')
    const tokens = { issuer: 'https://a.example', audiences: ['a'], defaultTenant: 'a' }
    expect(() => resolve({ tokens })).toThrow('auth.tokens: cannot be used together')
    expect(() => resolve({ enabled: false })).toThrow('auth.authenticate: has no effect')
    expect(() => resolve({ authenticate: 'x' as never })).toThrow('auth.authenticate: must be a function')
  })
})

test('an isValid that fails ends what the caller has opened, and the log says why', async () => {
  const { sessions } = await openSessions()
  for (const [isValid, problem] of [
    [() => Promise.resolve(true), 'isValid must return true or false'],
    [
      () => {
        throw new Error('gone')
      },
      'isValid failed: gone',
    ],
  ] as const) {
    // It holds when the request begins, and fails when it is asked again.
    const authenticate = () => {
      let isAsked = false
      const once = () => {
        if (isAsked) return (isValid as () => boolean)()
        isAsked = true
        return true
      }
      return { ...valid, scopes: [...scopes], isValid: once }
    }
    const door = await openDoor({ service: sessions, config: { auth: { authenticate } } })
    await using _ = door
    const headers = { 'content-type': 'application/json' }
    const made = await sendRaw(`${door.url}/sessions`, { method: 'POST', headers, body: '{}' })
    const { sessionId } = JSON.parse(made.text)
    const { text } = await sendRaw(`${door.url}/sessions/${sessionId}/events`)
    expect(text).toContain('event: closing')
    expect(door.lines).toContainEqual(expect.objectContaining({ problem }))
  }
})
