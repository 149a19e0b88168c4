import compression from 'compression'
import cors from 'cors'
import express, { type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import methodOverride from 'method-override'
import { describe, expect, it } from 'vitest'
import type { SessionService } from '../../src/sessions/ports/session-service.ts'
import { sendRaw } from '../support/raw-request.ts'
import { sessionId, sessionRecord } from './fake-records.ts'
import { type DoorOptions, key, openDoor } from './open-door.ts'

const json = { 'content-type': 'application/json' }

/** A router behind that middleware, and what reached its service. */
async function behind(prepare: (app: Express) => void, more: Partial<DoorOptions> = {}) {
  const titles: unknown[] = []
  const files: string[] = []
  const service = {
    models: () => [],
    create: async (_caller: unknown, { title }: { title?: string }) => {
      titles.push(title)
      return { session: sessionRecord(), replayed: false }
    },
    files: {
      save: async (_caller: unknown, _id: string, path: string, bytes: Buffer) => {
        files.push(bytes.toString('latin1'))
        return { path, sizeBytes: bytes.length, modifiedAt: 0, tag: 'a', created: true }
      },
    },
  } as unknown as Partial<SessionService>
  const door = await openDoor({ service, prepare, ...more })
  const codeOf = async (response: Response) => [
    response.status,
    ((await response.json()) as { error?: { code: string } }).error?.code,
  ]
  return {
    door,
    titles,
    files,
    create: async (body: RequestInit['body'], headers = {}) =>
      codeOf(
        await door.call('/sessions', {
          method: 'POST',
          body: body ?? null,
          headers: { ...json, ...headers },
        }),
      ),
    put: async (body: RequestInit['body'], type?: string) =>
      codeOf(
        await door.call(`/sessions/${sessionId}/files/content?path=a.json`, {
          method: 'PUT',
          body: body ?? null,
          ...(type !== undefined && { headers: { 'content-type': type } }),
        }),
      ),
  }
}

const everything = { type: () => true }
const keepBytes: RequestHandler = express.json({
  verify: (req, _res, bytes) => Object.assign(req, { rawBody: bytes }),
})
const makeEmpty: RequestHandler = (req, _res, next) => {
  req.body = {}
  next()
}
const drain: RequestHandler = (req, _res, next) => {
  req.resume().once('end', () => next())
}

describe('a JSON body that middleware has read', () => {
  it.each<[string, RequestHandler]>([
    ['express.json()', express.json()],
    ['express.json({ strict: false, limit })', express.json({ strict: false, limit: '50mb' })],
    ['express.text() for every type', express.text(everything)],
    ['express.raw() for every type', express.raw(everything)],
    ['express.urlencoded()', express.urlencoded()],
    ['a parser of forms for every type that keeps the bytes', keepBytes],
    ['something that makes an empty body beforehand', makeEmpty],
  ])('%s is used', async (_name, middleware) => {
    const { door, create, titles } = await behind(app => app.use(middleware))
    await using _ = door
    expect(await create('{"title":"Grüße"}')).toEqual([201, undefined])
    expect(await create('')).toEqual([201, undefined])
    expect((await create('{"title":7}'))[0]).toBe(400)
    expect(titles).toEqual(['Grüße', undefined])
  })

  it.each<[string, RequestHandler]>([
    ['a reader that keeps nothing', drain],
    ['express.urlencoded() for every type', express.urlencoded(everything)],
  ])('%s leaves a typed error that says what to change', async (_name, middleware) => {
    const { door, create, titles } = await behind(app => app.use(middleware))
    await using _ = door
    expect(await create('{"title":"a secret"}')).toEqual([415, 'BODY_ALREADY_READ'])
    const response = await door.post('/sessions', { title: 'a secret' })
    const text = await response.text()
    expect(text).toContain('mount the API before body parsers')
    expect(text).not.toContain('secret')
    expect(titles).toEqual([])
  })

  it('is bounded and checked like any other', async () => {
    const { door, create, titles } = await behind(app => app.use(express.text(everything)), {
      config: { maxBodyBytes: 100 },
    })
    await using _ = door
    expect(await create(JSON.stringify({ title: 'x'.repeat(100) }))).toEqual([413, 'PAYLOAD_TOO_LARGE'])
    expect(await create('{"title":')).toEqual([400, 'INVALID_REQUEST'])
    expect(await create(Buffer.from('{"title":"\xff"}', 'latin1'))).toEqual([400, 'INVALID_REQUEST'])
    expect(await create('{"title":"\ufffd"}')).toEqual([201, undefined])
    expect(await create('{"title":"\\ud800"}')).toEqual([400, 'INVALID_REQUEST'])
    expect(titles).toEqual(['\ufffd'])
  })
})

describe('an upload that middleware has read', () => {
  const content = '{ "a": 1.0 }\n'

  it.each<[string, RequestHandler, string]>([
    ['express.raw() for every type', express.raw(everything), 'application/json'],
    ['express.json() that keeps the bytes', keepBytes, 'application/json'],
    ['express.text()', express.text(), 'text/plain'],
    ['express.json() of another type', express.json(), 'application/octet-stream'],
  ])('%s is used byte by byte', async (_name, middleware, type) => {
    const { door, put, files } = await behind(app => app.use(middleware))
    await using _ = door
    expect(await put(content, type)).toEqual([201, undefined])
    expect(await put('', type)).toEqual([201, undefined])
    expect(files).toEqual([content, ''])
  })

  it.each<[string, RequestHandler, string, string]>([
    ['express.json()', express.json(), 'application/json', content],
    ['express.urlencoded()', express.urlencoded(), 'application/x-www-form-urlencoded', 'a=1'],
    ['express.text() of what is not UTF-8', express.text(), 'text/plain', '\xff'],
    ['express.text() in latin1', express.text(), 'text/plain; charset=latin1', '\xe9'],
    ['express.text() with a byte order mark', express.text(), 'text/plain', '\xef\xbb\xbfa'],
    ['a reader that keeps nothing', drain, 'image/png', 'x'],
  ])('%s has lost it: a typed error, and no file', async (_name, middleware, type, sent) => {
    const { door, put, files } = await behind(app => app.use(middleware))
    await using _ = door
    expect(await put(Buffer.from(sent, 'latin1'), type)).toEqual([415, 'BODY_ALREADY_READ'])
    expect(files).toEqual([])
  })
})

describe('other middleware', () => {
  const event = {
    kind: 'event',
    event: { type: 'session.created', sequence: 1, at: 0, sessionId, turnId: null, payload: {} },
  }
  const follow = async () =>
    Object.assign(
      (async function* () {
        yield event
        await new Promise(() => {})
      })(),
      { overflow: new AbortController().signal },
    )

  it.each<[string, RequestHandler]>([
    ['compression()', compression({ threshold: 0 })],
    ['compression() of everything', compression({ threshold: 0, filter: () => true })],
    [
      'a compression that ignores no-transform',
      (req, res, next) => {
        res.once('pipe', () => {})
        const { setHeader } = res
        res.setHeader = (name, value) =>
          setHeader.call(res, name, name === 'Cache-Control' ? 'no-cache' : value)
        compression({ threshold: 0, filter: () => true })(req, res, next)
      },
    ],
  ])('%s does not hold up a stream', async (_name, middleware) => {
    const { door } = await behind(app => app.use(middleware), {
      service: { follow } as unknown as Partial<SessionService>,
    })
    await using _ = door
    const leaving = new AbortController()
    const response = await door.call(`/sessions/${sessionId}/events`, {
      headers: { 'accept-encoding': 'gzip' },
      signal: leaving.signal,
    })
    const { value } = (await response.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).toContain('event: session.created')
    leaving.abort()
  })

  it('compression() compresses JSON', async () => {
    const { door } = await behind(app => app.use(compression({ threshold: 0 })))
    await using _ = door
    const { headers } = await sendRaw(`${door.url}/openapi.json`, {
      headers: { 'x-api-key': key, 'accept-encoding': 'gzip' },
    })
    expect(headers['content-encoding']).toBe('gzip')
    expect(await (await door.call('/models')).json()).toEqual({ models: [] })
  })

  it('helmet() and cors() add their headers, and take none of ours', async () => {
    const { door } = await behind(
      app =>
        app.use(
          helmet({ crossOriginResourcePolicy: { policy: 'cross-origin' } }),
          cors({ exposedHeaders: ['X-Host'], credentials: false }),
        ),
      { config: { cors: { origins: ['https://app.example'] } } },
    )
    await using _ = door
    const { headers } = await sendRaw(`${door.url}/models`, {
      headers: { 'x-api-key': key, origin: 'https://app.example' },
    })
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': expect.any(String),
    })
    expect(headers['access-control-expose-headers']).toMatch(/^X-Host, .*X-Request-ID/)
    expect((await door.call('/docs')).headers.get('content-security-policy')).toContain(
      "default-src 'none'; style-src",
    )
  })

  it('headers of a body that it has set beforehand are not those of ours', async () => {
    const { door, create } = await behind(app =>
      app.use((_req, res, next) => {
        res
          .status(418)
          .set({ 'Content-Type': 'text/html', 'Content-Length': '1', 'Content-Encoding': 'br', ETag: '"x"' })
        next()
      }),
    )
    await using _ = door
    expect(await create('{}')).toEqual([201, undefined])
    const { headers } = await door.call('/models')
    expect([headers.get('content-type'), headers.get('content-encoding'), headers.get('etag')]).toEqual([
      'application/json; charset=utf-8',
      null,
      null,
    ])
  })

  it('method-override() and settings of the application', async () => {
    const seen: string[] = []
    const { door } = await behind(
      app => {
        app.enable('strict routing').enable('case sensitive routing').set('query parser', 'extended')
        app.use(methodOverride('X-HTTP-Method-Override'))
      },
      {
        service: {
          end: async (_: unknown, id: string) => void seen.push(id),
        } as unknown as Partial<SessionService>,
      },
    )
    await using _ = door
    const response = await door.call(`/sessions/${sessionId}`, {
      method: 'POST',
      headers: { 'X-HTTP-Method-Override': 'DELETE' },
    })
    expect([response.status, seen]).toEqual([204, [sessionId]])
  })

  it('that takes so long that the client has left: nothing is done, and the API closes', async () => {
    const arrived = Promise.withResolvers<void>()
    const passed = Promise.withResolvers<void>()
    const { door, titles } = await behind(app => {
      app.use((_req, res, next) => {
        arrived.resolve()
        res.once('close', () => {
          next()
          passed.resolve()
        })
      })
    })
    const leaving = new AbortController()
    const init = { method: 'POST', body: '{"title": "late"}', headers: json, signal: leaving.signal }
    const asked = door.call('/sessions', init).catch(() => 'left')
    await arrived.promise
    leaving.abort()
    expect(await asked).toBe('left')
    await passed.promise
    await door[Symbol.asyncDispose]()
    expect(titles).toEqual([])
  })

  it('mounted twice, each mount makes its own links', async () => {
    const { door } = await behind(() => {})
    await using _ = door
    door.app.use('/v2/:team', door.door.router)
    for (const [path, url] of [
      ['/api/v1', '/api/v1'],
      ['/v2/blue', '/v2/blue'],
    ] as const) {
      const response = await fetch(`${door.origin}${path}/openapi.json`, { headers: { 'x-api-key': key } })
      expect(((await response.json()) as { servers: unknown }).servers).toEqual([{ url }])
    }
  })
})
