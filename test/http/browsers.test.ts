import { describe, expect, it } from 'vitest'
import { getOperation, operationIds } from '../../src/contract/operations.ts'
import { sendBytes, sendRaw } from '../support/raw-request.ts'
import { sessionId, sessionRecord } from './fake-records.ts'
import { type DoorOptions, key, openDoor } from './open-door.ts'

const json = { 'content-type': 'application/json' }
const foreign = 'http://evil.example'
const app = 'https://app.example'
const basic = { authorization: `Basic ${Buffer.from(`me:${key}`).toString('base64')}` }

/** Where the response would run, or be a page within a page. */
const destinations = [
  'script',
  'style',
  'worker',
  'sharedworker',
  'serviceworker',
  'audioworklet',
  'paintworklet',
  'iframe',
  'frame',
  'fencedframe',
  'object',
  'embed',
  'xslt',
  'json',
  'manifest',
  'a-new-one',
]

function open(config: DoorOptions['config'] = {}) {
  const created: unknown[] = []
  const service = {
    models: () => [],
    health: async () => ({ store: { checkedAt: 0, ok: false }, agent: undefined }),
    create: async (_caller: unknown, body: unknown) => {
      created.push(body)
      return { session: sessionRecord(), replayed: false }
    },
  } as DoorOptions['service']
  return openDoor({ service: service ?? {}, config }).then(door => ({ door, created }))
}
const withoutKeys = (more: DoorOptions['config'] = {}) => open({ auth: { enabled: false }, ...more })
const codeOf = ({ status, text }: { status: number; text: string }) => [
  status,
  JSON.parse(text || '{}').error?.code,
]

describe('without keys', () => {
  it.each([
    'evil.example',
    'evil.example:3050',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    '0.0.0.0',
    '192.168.1.5:3050',
    '[::]',
  ])('Host: %s is refused', async host => {
    const { door, created } = await withoutKeys()
    await using _ = door
    const answer = await sendRaw(`${door.url}/sessions`, { method: 'POST', headers: { host, ...json } })
    expect(codeOf(answer)).toEqual([421, 'HOST_NOT_ALLOWED'])
    expect(answer.text).not.toContain('evil')
    expect(codeOf(await sendRaw(`${door.url}/models`, { headers: { host } }))).toEqual([
      421,
      'HOST_NOT_ALLOWED',
    ])
    expect(created).toEqual([])
  })

  it.each([
    'localhost',
    'LOCALHOST:3050',
    'localhost.',
    'app.localhost',
    '127.0.0.1',
    '127.8.9.1:1',
    '[::1]:3050',
    '[0:0:0:0:0:0:0:1]',
  ])('Host: %s is this machine', async host => {
    const { door } = await withoutKeys()
    await using _ = door
    expect((await sendRaw(`${door.url}/models`, { headers: { host } })).status).toBe(200)
  })

  it('answers to the hosts that the configuration names', async () => {
    const { door } = await withoutKeys({
      allowedHosts: ['API.example', 'other.example:8443', 'fd00::1'],
      publicUrl: 'https://public.example:444/ai/api/v1',
    })
    await using _ = door
    const statusOf = async (host: string) =>
      (await sendRaw(`${door.url}/models`, { headers: { host } })).status
    for (const host of [
      'api.example',
      'api.example:99',
      'API.EXAMPLE.',
      'other.example:8443',
      '[FD00::1]:7',
      'public.example:444',
    ])
      expect([host, await statusOf(host)]).toEqual([host, 200])
    for (const host of ['other.example', 'other.example:1', 'sub.api.example', 'public.example'])
      expect([host, await statusOf(host)]).toEqual([host, 421])
  })

  it('looks at every name that a request says it was sent to', async () => {
    const { door } = await withoutKeys({ trustProxy: true })
    await using _ = door
    const lines = (target: string, ...headers: string[]) =>
      `${[`GET ${target} HTTP/1.1`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`
    for (const bytes of [
      lines('/api/v1/models', 'Host: localhost', 'Host: evil.example'),
      lines('http://evil.example/api/v1/models', 'Host: localhost'),
      lines('/api/v1/models', 'Host: localhost', 'X-Forwarded-Host: evil.example'),
      lines('/api/v1/models', 'Host: evil.example', 'X-Forwarded-Host: localhost'),
      'GET /api/v1/models HTTP/1.0\r\n\r\n',
      lines('/api/v1/models', 'Host:'),
    ]) {
      expect([bytes, await sendBytes(door.origin, bytes)]).toEqual([
        bytes,
        expect.stringMatching(/^HTTP\/1.1 421 /),
      ])
    }
    const absolute = lines('http://localhost/api/v1/models', 'Host: localhost')
    expect(await sendBytes(door.origin, absolute)).toMatch(/^HTTP\/1.1 200 /)
  })

  it.each<[string, Record<string, string | string[]>]>([
    ['another origin', { origin: foreign }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['a sandboxed page', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['two origins', { origin: `${app}, ${foreign}` }],
    ['two headers', { origin: [app, foreign] }],
    ['a page elsewhere that reads without an origin', { 'sec-fetch-site': 'cross-site' }],
    ['a page on another port', { 'sec-fetch-site': 'same-site' }],
    ['a page of the allowed origin that sends none', { 'sec-fetch-site': 'cross-site', referer: `${app}/` }],
    ['an origin that begins like the allowed one', { origin: `${app}.evil.example` }],
    ['the allowed origin without TLS', { origin: 'http://app.example' }],
  ])('%s is refused', async (_name, headers) => {
    const { door, created } = await withoutKeys({ cors: { origins: [app] } })
    await using _ = door
    for (const sent of [
      { method: 'POST', headers: { ...headers, ...json } },
      { method: 'GET', headers },
    ]) {
      const answer = await sendRaw(`${door.url}/sessions`, sent)
      expect(codeOf(answer)).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect(created).toEqual([])
  })

  it('its own pages, programs and allowed origins are served', async () => {
    const { door } = await withoutKeys({
      cors: { origins: [app] },
      publicUrl: 'https://public.example/ai/api/v1',
    })
    await using _ = door
    for (const headers of [
      {},
      { 'sec-fetch-site': 'none' },
      { origin: door.origin, 'sec-fetch-site': 'same-origin' },
      { origin: app, 'sec-fetch-site': 'cross-site' },
      { origin: 'https://public.example', 'sec-fetch-site': 'same-origin' },
      { host: 'localhost', origin: 'http://localhost' },
      { host: 'localhost:443', origin: 'https://localhost' },
    ] as Record<string, string>[]) {
      const answer = await sendRaw(`${door.url}/sessions`, {
        method: 'POST',
        headers: { ...json, ...headers },
      })
      expect([headers, answer.status]).toEqual([headers, 201])
    }
  })

  it.each(destinations)(
    'what a page would use as a %s is refused, also for its own pages',
    async destination => {
      const { door } = await withoutKeys({ cors: { origins: [app] } })
      await using _ = door
      for (const headers of [
        { 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'none' },
        { origin: door.origin, 'sec-fetch-site': 'same-origin' },
        { origin: app, 'sec-fetch-site': 'cross-site' },
        {},
      ] as Record<string, string>[]) {
        for (const path of [
          '/models',
          `/sessions/${sessionId}/files/content?path=a.js`,
          `/sessions/${sessionId}/archive`,
          `/sessions/${sessionId}/export?format=html`,
          `/sessions/${sessionId}/attachments/x`,
        ]) {
          const sent = { headers: { ...headers, 'sec-fetch-dest': destination } }
          const answer = await sendRaw(door.url + path, sent)
          expect([path, ...codeOf(answer)]).toEqual([path, 403, 'ORIGIN_NOT_ALLOWED'])
        }
      }
    },
  )

  it('what a page reads, shows or plays is served, and so is the script of the reference', async () => {
    const { door } = await withoutKeys()
    await using _ = door
    const statusOf = async (path: string, destination: string) => {
      const headers = { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': destination }
      return (await sendRaw(door.url + path, { headers })).status
    }
    for (const destination of ['empty', 'document', 'image', 'audio', 'video'])
      expect([destination, await statusOf('/models', destination)]).toEqual([destination, 200])
    expect(await statusOf('/reference/scalar.js', 'script')).toBe(200)
    expect(await statusOf('/reference/scalar.js', 'style')).toBe(403)
    expect(await statusOf('/reference', 'iframe')).toBe(403)
  })

  it('a key that nobody checks proves nothing', async () => {
    const { door } = await withoutKeys()
    await using _ = door
    const headers = { host: 'evil.example', 'x-api-key': 'made-up', authorization: 'Bearer made-up' }
    expect((await sendRaw(`${door.url}/models`, { headers })).status).toBe(421)
  })

  it('unknown paths and methods are refused as well', async () => {
    const { door } = await withoutKeys()
    await using _ = door
    for (const [path, method] of [
      ['/nowhere', 'GET'],
      ['/models', 'DELETE'],
      ['/%zz', 'GET'],
    ] as const) {
      expect((await sendRaw(door.url + path, { method, headers: { host: 'evil.example' } })).status).toBe(421)
      expect((await sendRaw(door.url + path, { method, headers: { origin: foreign } })).status).toBe(403)
    }
  })

  it('an upload has a type that no form has', async () => {
    const { door } = await withoutKeys()
    await using _ = door
    const url = `${door.url}/sessions/${sessionId}/attachments`
    for (const type of [
      'text/plain',
      'TEXT/PLAIN; a=b',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
    ]) {
      const answer = await sendRaw(url, { method: 'POST', headers: { 'content-type': type }, body: 'x' })
      expect([type, ...codeOf(answer)]).toEqual([type, 415, 'UNSUPPORTED_MEDIA_TYPE'])
    }
    expect(codeOf(await sendRaw(url, { method: 'POST', body: 'x' }))[0]).toBe(415)
    const headers = { 'content-type': 'application/octet-stream' }
    expect((await sendRaw(url, { method: 'POST', headers, body: 'x' })).status).toBe(500)
  })
})

describe('the health check', () => {
  it('is answered by whatever name or page it is asked for', async () => {
    const { door } = await open()
    await using _ = door
    for (const headers of [
      { host: '10.0.0.7' },
      { origin: foreign, 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[]) {
      expect((await sendRaw(`${door.url}/health`, { headers })).status).not.toBe(421)
      expect((await sendRaw(`${door.url}/health`, { headers })).status).not.toBe(403)
    }
    expect(await sendBytes(door.origin, 'GET /api/v1/health HTTP/1.0\r\n\r\n')).toMatch(
      /^HTTP\/1.1 (200|503) /,
    )
  })
})

describe('with keys', () => {
  it('a key in a header is enough, from any page and by any name', async () => {
    const { door } = await open()
    await using _ = door
    const headers = { host: 'anything.example', origin: foreign, 'sec-fetch-site': 'cross-site' }
    for (const proof of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]) {
      expect((await sendRaw(`${door.url}/models`, { headers: { ...headers, ...proof } })).status).toBe(200)
    }
  })

  it('also for what a page would run: it has the key anyway', async () => {
    const { door } = await open()
    await using _ = door
    const headers = { 'x-api-key': key, 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'script' }
    expect((await sendRaw(`${door.url}/models`, { headers })).status).toBe(200)
  })

  it('a key that the browser sends by itself is not', async () => {
    const { door } = await open()
    await using _ = door
    for (const path of ['/docs', '/openapi.json']) {
      expect((await sendRaw(door.url + path, { headers: basic })).status).toBe(200)
      expect((await sendRaw(door.url + path, { headers: { ...basic, host: 'evil.example' } })).status).toBe(
        421,
      )
      expect(
        (await sendRaw(door.url + path, { headers: { ...basic, 'sec-fetch-site': 'cross-site' } })).status,
      ).toBe(403)
      expect(
        (await sendRaw(door.url + path, { headers: { ...basic, 'sec-fetch-site': 'none' } })).status,
      ).toBe(200)
    }
  })

  it('operations that are open by configuration are closed to foreign pages', async () => {
    const { door, created } = await open({ auth: { apiKeys: [key], requireAuth: ['GET /models'] } })
    await using _ = door
    const post = (headers: Record<string, string>) =>
      sendRaw(`${door.url}/sessions`, { method: 'POST', headers: { ...json, ...headers } })
    expect((await post({ host: 'evil.example' })).status).toBe(421)
    expect((await post({ origin: foreign })).status).toBe(403)
    expect((await post({ origin: foreign, 'x-api-key': 'wrong' })).status).toBe(403)
    expect(created).toEqual([])
    expect((await post({ origin: foreign, 'x-api-key': key })).status).toBe(201)
    expect((await post({})).status).toBe(201)
  })
})

describe('a POST', () => {
  const posts = operationIds.filter(
    id => getOperation(id).method === 'post' && getOperation(id).upload === null,
  )

  it.each(posts)('%s needs its type, also without a body', async id => {
    await using door = await openDoor()
    const path = getOperation(id).path.replace(/:\w+/g, sessionId)
    for (const type of [
      undefined,
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'text/json',
    ]) {
      const headers = { 'x-api-key': key, ...(type !== undefined && { 'content-type': type }) }
      const answer = await sendRaw(door.url + path, { method: 'POST', headers })
      expect([type, ...codeOf(answer)]).toEqual([type, 415, 'UNSUPPORTED_MEDIA_TYPE'])
    }
    const headers = { 'x-api-key': key, 'content-type': 'Application/JSON ; charset=UTF-8' }
    expect((await sendRaw(door.url + path, { method: 'POST', headers })).status).not.toBe(415)
  })
})

describe('CORS', () => {
  const config = { cors: { origins: [app, 'http://localhost:5173'] } }
  const ask = {
    origin: app,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'x-api-key',
  }

  it('answers preflights without a key, and counts none of them', async () => {
    const { door } = await open({ ...config, rateLimit: { maxRequests: 1 } })
    await using _ = door
    for (let round = 0; round < 5; round++) {
      const answer = await sendRaw(`${door.url}/sessions/x/messages`, { method: 'OPTIONS', headers: ask })
      expect(answer.status).toBe(204)
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': app,
        'access-control-allow-methods': 'POST, GET, HEAD',
        'access-control-max-age': '7200',
        vary: expect.stringContaining('Origin'),
      })
      expect(answer.headers['access-control-allow-headers']).toBe(
        'x-api-key, Authorization, Content-Type, X-Request-ID, Idempotency-Key',
      )
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
      expect(answer.headers).not.toHaveProperty('x-ratelimit-limit')
    }
    expect((await door.call('/models')).status).toBe(200)
  })

  it.each(operationIds)('allows a page what %s takes', async id => {
    const { door } = await open({ ...config, auth: { apiKeys: [key], apiKeyHeader: 'X-Own-Key' } })
    await using _ = door
    const { method, path, headers } = getOperation(id)
    const answer = await sendRaw(door.url + path.replace(/:\w+/g, 'x'), {
      method: 'OPTIONS',
      headers: { ...ask, 'access-control-request-method': method.toUpperCase() },
    })
    expect(String(answer.headers['access-control-allow-methods']).split(', ')).toContain(method.toUpperCase())
    const names = String(answer.headers['access-control-allow-headers']).split(', ')
    expect(names).toEqual(
      expect.arrayContaining(['x-own-key', 'Content-Type', ...Object.keys(headers?.shape ?? {})]),
    )
  })

  it('lets the page read errors: no key, a wrong key, an unknown path, a method, a limit, a body that is too large', async () => {
    const { door } = await open({ ...config, maxBodyBytes: 10, rateLimit: { maxRequests: 5 } })
    await using _ = door
    const read = (path: string, method: string, headers: Record<string, string>, body?: string) =>
      sendRaw(door.url + path, {
        method,
        headers: { origin: app, ...headers },
        ...(body !== undefined && { body }),
      })
    const own = { 'x-api-key': key }
    const answers = [
      await read('/models', 'GET', {}),
      await read('/models', 'GET', { 'x-api-key': 'wrong' }),
      await read('/nowhere', 'GET', own),
      await read('/models', 'PATCH', own),
      await read('/sessions', 'POST', own),
      await read('/sessions', 'POST', { ...own, ...json }, '{"title":"too long"}'),
      await read('/sessions/x', 'GET', own),
      await read('/sessions', 'GET', own),
    ]
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 404, 405, 415, 413, 500, 429])
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe(app)
      expect(headers.vary).toContain('Origin')
    }
    const exposed = String(answers.at(-1)?.headers['access-control-expose-headers']).split(', ')
    expect(exposed).toEqual(
      expect.arrayContaining([
        'X-Request-ID',
        'Retry-After',
        'RateLimit',
        'X-RateLimit-Remaining',
        'Idempotent-Replayed',
        'ETag',
        'Content-Disposition',
        'Allow',
      ]),
    )
  })

  it('tells other origins nothing', async () => {
    const { door } = await open(config)
    await using _ = door
    for (const origin of [foreign, 'null', `${app}:444`, 'http://localhost:51730']) {
      const headers = { ...ask, origin }
      const preflight = await sendRaw(`${door.url}/sessions`, { method: 'OPTIONS', headers })
      expect(codeOf(preflight)).toEqual([401, 'MISSING_API_KEY'])
      const answer = await sendRaw(`${door.url}/models`, { headers: { origin, 'x-api-key': key } })
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(answer.headers.vary).toContain('Origin')
    }
  })

  it('lets a page on a public address ask for a server in a private network', async () => {
    const { door } = await open(config)
    await using _ = door
    const headers = { ...ask, 'access-control-request-private-network': 'true' }
    const answer = await sendRaw(`${door.url}/nowhere`, { method: 'OPTIONS', headers })
    expect([answer.status, answer.headers['access-control-allow-private-network']]).toEqual([204, 'true'])
  })

  it('is off by default', async () => {
    const { door } = await open()
    await using _ = door
    expect(codeOf(await sendRaw(`${door.url}/sessions`, { method: 'OPTIONS', headers: ask }))[0]).toBe(401)
    const answer = await sendRaw(`${door.url}/models`, { headers: { origin: app, 'x-api-key': key } })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })
})

it('no answer can be embedded by a foreign page', async () => {
  const { door } = await open({ cors: { origins: [app] } })
  await using _ = door
  for (const path of ['/health', '/models', '/docs', '/nowhere']) {
    const { headers } = await sendRaw(door.url + path)
    expect([path, headers['cross-origin-resource-policy'], headers['x-content-type-options']]).toEqual([
      path,
      'same-origin',
      'nosniff',
    ])
  }
})
