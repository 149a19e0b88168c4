import express from 'express'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/contract/errors.ts'
import { createPushSubscriptionRequests } from '../../src/contract/examples/push.ts'
import { getOperation, type OperationId, operationIds } from '../../src/contract/operations.ts'
import type { HttpDeps } from '../../src/http/options.ts'
import {
  digest,
  sessionId,
  sessionRecord,
  settingsInForce,
  submission,
  turnId,
  turnRecord,
} from './fake-records.ts'
import { type OpenDoor, openDoor, readError } from './open-door.ts'

const models = { models: () => [{ id: 'opus', name: 'Opus' }] }
const list = { list: async () => ({ sessions: [], total: 0, nextCursor: null }) }

/** Operations that do not call the service, or that report its faults. */
const needsNoService: ReadonlySet<string> = new Set([
  'getHealth',
  'getReadiness',
  'getMetrics',
  'getOpenApi',
  'getDocs',
  'getReference',
  'getReferenceScript',
])

describe('the request id', () => {
  it.each(['a', '#weird~id', 'x'.repeat(128)])('%s is kept', async id => {
    await using door = await openDoor({ service: models })
    const response = await door.call('/models', { headers: { 'x-request-id': id } })
    expect(response.headers.get('x-request-id')).toBe(id)
  })

  it.each(['x'.repeat(129), 'with space', 'ümlaut', ''])('%s is replaced', async id => {
    await using door = await openDoor({ service: models })
    const response = await door.call('/models', { headers: { 'x-request-id': id } })
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is in the error body and in every line of the log', async () => {
    await using door = await openDoor({ service: {} })
    const response = await door.call('/models', { headers: { 'x-request-id': 'mine' } })
    expect((await readError(response)).requestId).toBe('mine')
    await door.door.close()
    expect(door.lines.map(line => line.requestId)).toEqual(['mine', 'mine'])
  })
})

describe('paths and methods', () => {
  const paths = [...new Set(operationIds.map(id => getOperation(id).path))]

  it.each(paths)('%s says which methods it knows', async path => {
    await using door = await openDoor()
    const methods = operationIds
      .filter(id => getOperation(id).path === path)
      .flatMap(id =>
        getOperation(id).method === 'get' ? ['GET', 'HEAD'] : [getOperation(id).method.toUpperCase()],
      )
    for (const method of ['PUT', 'OPTIONS'].filter(name => !methods.includes(name))) {
      const response = await door.call(path.replace(/:\w+/g, 'x'), { method })
      const { error } = await readError(response)
      expect([response.status, error.code]).toEqual([405, 'METHOD_NOT_ALLOWED'])
      expect(error.details).toEqual({ allowed: methods })
      expect(response.headers.get('allow')).toBe(methods.join(', '))
    }
  })

  it.each(['/', '/nowhere', '/sessions/a/b/c/d', '/%zz', '/sessions/%zz', '/Sessions', '/health/more'])(
    '%s is not found',
    async path => {
      await using door = await openDoor()
      const response = await door.call(path)
      expect([response.status, (await readError(response)).error.code]).toEqual([404, 'NOT_FOUND'])
    },
  )

  it('HEAD is GET without the body', async () => {
    await using door = await openDoor({ service: models })
    const response = await door.call('/models', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(10)
    expect(await response.text()).toBe('')
  })
})

describe('mounted anywhere', () => {
  const service = {
    ...models,
    submit: async () => submission(turnRecord({ status: 'queued' })),
  }

  async function tryOut(door: OpenDoor, base: string) {
    const accepted = await door.post(`/sessions/${sessionId}/messages`, { prompt: 'x', background: true })
    expect(accepted.status).toBe(202)
    expect(await accepted.json()).toEqual({
      turnId,
      sessionId,
      status: 'queued',
      eventsUrl: `${base}/sessions/${sessionId}/events?turnId=${turnId}`,
      turnUrl: `${base}/sessions/${sessionId}/turns/${turnId}`,
    })
    const document = (await (await door.call('/openapi.json')).json()) as { servers: unknown }
    expect(document.servers).toEqual([{ url: base || '/' }])
  }

  it.each(['/', '/api/v1', '/a/b/c'])('at %s', async mount => {
    await using door = await openDoor({ service, mount })
    await tryOut(door, mount === '/' ? '' : mount)
  })

  it('inside another router, in a host that parses JSON', async () => {
    await using door = await openDoor({
      service,
      prepare: app => app.use(express.json()),
      mount: '/outer/:tenant',
    })
    const there = { ...door, url: door.url }
    const response = await there.call('/models')
    expect(response.status).toBe(200)
  })

  it('under a path with parameters, which are not its own', async () => {
    await using door = await openDoor({
      service: {
        get: async () => ({
          session: sessionRecord(),
          state: 'idle',
          digest,
          backgroundTasks: 0,
          settingsInForce,
        }),
      },
      mount: '/t/:sessionId/api',
    })
    expect((await door.call(`/sessions/${sessionId}`)).status).toBe(200)
  })

  it('and does not change with settings of the host', async () => {
    await using door = await openDoor({
      service: list,
      prepare: app => {
        app.set('json spaces', 2)
        app.set('json replacer', () => 'replaced')
        app.set('query parser', false)
        app.set('etag', 'strong')
      },
    })
    const response = await door.call('/sessions?limit=5')
    expect(await response.text()).toBe('{"sessions":[],"total":0,"nextCursor":null}')
  })
})

describe('errors', () => {
  const thrown = new Error('secret of the house')
  /** Of the operations for which an empty one is wrong. */
  const neededBodies: Partial<Record<OperationId, object>> = {
    sendMessage: { prompt: 'x' },
    streamMessage: { prompt: 'x' },
    rewindSession: { toTurnId: turnId },
    answerPermission: { decision: 'deny' },
    changeMcpServer: { action: 'enable' },
    createPreset: { name: 'x', configuration: {} },
    createPresetVersion: { configuration: {} },
    createKey: { name: 'bot', scopes: ['sessions:read'] },
    createWebhook: { url: 'https://example.com/', events: ['turn.lost'] },
    createPushSubscription: createPushSubscriptionRequests.simple,
  }
  const queryOf = (id: OperationId, path: string) => {
    if (id === 'search') return '?q=x'
    return path.endsWith('/content') ? '?path=x' : ''
  }

  it('of a service say what they mean', async () => {
    await using door = await openDoor({
      service: {
        create: async () => {
          throw new ServiceError('MAX_SESSIONS_REACHED', 'Full', { limit: 1, active: 1 })
        },
      },
    })
    const response = await door.post('/sessions', {})
    expect(response.status).toBe(429)
    expect(await response.json()).toEqual({
      error: {
        code: 'MAX_SESSIONS_REACHED',
        message: 'Full',
        details: { limit: 1, active: 1 },
        retryable: true,
        retry: 'same_key',
      },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestId: response.headers.get('x-request-id'),
    })
  })

  it.each(operationIds.filter(id => !needsNoService.has(id)))(
    'that %s does not expect stay in the log',
    async id => {
      // Whatever of it is called, however deep.
      const service: HttpDeps['service'] = new Proxy(() => {}, {
        get: () => service,
        apply: () => {
          throw thrown
        },
      }) as unknown as HttpDeps['service']
      await using door = await openDoor({ service, deps: { keys: service as never } })
      const { method, path, body, fault } = getOperation(id)
      const at = path.replace(/:\w+/g, sessionId) + queryOf(id, path)
      const response = body
        ? await door.post(at, neededBodies[id] ?? {}, { method: method.toUpperCase() })
        : await door.call(at, { method: method.toUpperCase() })
      const text = await response.text()
      expect(response.status).toBe(500)
      expect(text).not.toContain('secret')
      const answer = JSON.parse(text)
      expect(answer.error.code).toBe(fault)
      expect(answer.error).not.toHaveProperty('details')
      const line = door.lines.find(({ level }) => level === 50)
      expect(line).toMatchObject({
        requestId: answer.requestId,
        operation: id,
        err: { message: thrown.message },
      })
    },
  )

  it('that come while opening are answered as faults, and when closing as 503', async () => {
    let closing = false
    await using door = await openDoor({
      deps: { ready: () => Promise.reject(thrown), isClosing: () => closing },
    })
    expect((await readError(await door.call('/sessions'))).error.code).toBe('LIST_SESSIONS_FAILED')
    closing = true
    for (const path of ['/sessions', '/nowhere', '/docs']) {
      const response = await door.call(path)
      expect([response.status, (await readError(response)).error.code]).toEqual([503, 'SHUTTING_DOWN'])
    }
    // Who has no key is not told.
    expect((await fetch(`${door.url}/sessions`)).status).toBe(401)
  })
})

describe('the health check', () => {
  const sessions = { active: 1, total: 2 }
  const health = (agent: object | undefined, store: object = { checkedAt: 0, ok: true, sessions }) => ({
    health: async () => ({ store, agent }) as never,
  })
  const failure = { reason: 'not_logged_in', message: 'Log in' }

  it.each([
    ['healthy before Claude Code was asked', health(undefined), 200, 'healthy', { status: 'unknown' }],
    ['healthy', health({ status: 'ok', version: '2' }), 200, 'healthy', { status: 'ok', version: '2' }],
    [
      'degraded',
      health({ status: 'unavailable', failure }),
      200,
      'degraded',
      { status: 'unavailable', ...failure },
    ],
    ['unhealthy', health(undefined, { checkedAt: 0, ok: false }), 503, 'unhealthy', { status: 'unknown' }],
  ])('can be %s, and says only that without a key', async (_, service, status, word, claude) => {
    await using door = await openDoor({ service })
    const response = await fetch(`${door.url}/health`, { headers: { 'x-api-key': 'wrong' } })
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ status: word })
    expect(response.headers.get('x-ratelimit-limit')).toBeNull()
    const whole = await door.call('/health')
    expect(whole.status).toBe(status)
    expect(await whole.json()).toMatchObject({
      status: word,
      version: '1.2.3',
      checks: { claude, store: { ageMs: expect.any(Number) } },
    })
  })

  it('answers while the service is being opened, and after that failed', async () => {
    for (const ready of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('no'))]) {
      await using door = await openDoor({ deps: { ready } })
      const response = await door.call('/health')
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ status: 'unhealthy', sessions: { active: 0, total: 0 } })
    }
  })

  it('is unhealthy while the server closes', async () => {
    await using door = await openDoor({ service: health(undefined), deps: { isClosing: () => true } })
    expect((await fetch(`${door.url}/health`)).status).toBe(503)
  })
})

describe('the readiness check', () => {
  const service = (ok: boolean) => ({
    health: async () =>
      ({ store: { checkedAt: performance.now() - 500, ok, sessions: { active: 0, total: 0 } } }) as never,
  })

  it.each([
    ['ready', 200, { service: service(true) }],
    ['starting', 503, { deps: { ready: () => new Promise<void>(() => {}) } }],
    ['starting', 503, { deps: { ready: () => Promise.reject(new Error('no')) } }],
    ['draining', 503, { service: service(true), deps: { isClosing: () => true } }],
    ['store_unavailable', 503, { service: service(false) }],
  ])('is %s: %i', async (word, status, options) => {
    await using door = await openDoor(options)
    const response = await fetch(`${door.url}/ready`)
    expect([response.status, await response.json()]).toEqual([status, { status: word }])
    const whole = await door.call('/ready')
    expect(whole.status).toBe(status)
    const body = (await whole.json()) as { checks: { store: { ageMs?: number } } }
    if (word === 'ready') expect(body.checks.store.ageMs).toBeGreaterThanOrEqual(500)
  })
})
