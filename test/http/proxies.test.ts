import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sendRaw } from '../support/raw-request.ts'
import { sessionId, submission, turnId, turnRecord } from './fake-records.ts'
import { type DoorOptions, key, openDoor } from './open-door.ts'

const own = { 'x-api-key': key }
const service = {
  models: () => [],
  getTurn: async () => turnRecord(),
  submit: async () => submission(turnRecord({ status: 'queued' })),
}

/** A proxy that cuts off a prefix, as `location /ai/ { proxy_pass http://api/; }` does, and adds these headers. */
async function openProxy(target: string, prefix: string, headers: Record<string, string>): Promise<string> {
  const server = createServer((req, res) => {
    const path = (req.url ?? '').slice(prefix.length)
    const forwarded = request(
      target + path,
      { method: req.method, headers: { ...req.headers, ...headers } },
      answer => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      },
    )
    req.pipe(forwarded)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function linksOf(base: string, at: (path: string) => string = path => path) {
  const headers = { ...own, 'content-type': 'application/json' }
  const path = `${base}${at(`/sessions/${sessionId}/messages`)}`
  const answer = await sendRaw(path, { method: 'POST', headers, body: '{"prompt":"x","background":true}' })
  const document = JSON.parse((await sendRaw(`${base}${at('/openapi.json')}`, { headers: own })).text)
  return { ...JSON.parse(answer.text), server: document.servers[0].url } as Record<
    'eventsUrl' | 'turnUrl' | 'server',
    string
  >
}

describe('behind a proxy that cuts off a prefix', () => {
  it.each<[string, DoorOptions['config'], Record<string, string>, string]>([
    ['that says so and is trusted', { trustProxy: true }, { 'x-forwarded-prefix': '/ai' }, '/ai/api/v1'],
    [
      'that is trusted by its address',
      { trustProxy: 'loopback' },
      { 'x-forwarded-prefix': '/ai/' },
      '/ai/api/v1',
    ],
    ['behind another one', { trustProxy: 1 }, { 'x-forwarded-prefix': '/ai' }, '/ai/api/v1'],
    ['that says nothing, by publicUrl', { publicUrl: 'PROXY/ai/api/v1/' }, {}, 'PROXY/ai/api/v1'],
  ])('%s, links lead through it', async (_name, config = {}, headers, expected) => {
    let door: Awaited<ReturnType<typeof openDoor>> | undefined
    // The address of the proxy is needed before the router is made.
    const relay = createServer((req, res) => {
      req.pipe(
        request(
          (door?.origin ?? '') + (req.url ?? ''),
          { method: req.method, headers: req.headers },
          answer => {
            res.writeHead(answer.statusCode ?? 502, answer.headers)
            answer.pipe(res)
          },
        ),
      )
    })
    await new Promise<void>(resolve => relay.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void relay.close().closeAllConnections())
    const proxy = await openProxy(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`, '/ai', headers)
    const fill = (text: string) => text.replace('PROXY', proxy)
    door = await openDoor({
      service,
      config: { ...config, ...(config.publicUrl && { publicUrl: fill(config.publicUrl) }) },
    })
    await using _ = door
    const base = fill(expected)
    const links = await linksOf(`${proxy}/ai/api/v1`)
    expect(links).toMatchObject({
      server: base,
      turnUrl: `${base}/sessions/${sessionId}/turns/${turnId}`,
      eventsUrl: `${base}/sessions/${sessionId}/events?turnId=${turnId}`,
    })
    expect((await sendRaw(new URL(links.turnUrl, proxy).href, { headers: own })).status).toBe(200)
    for (const path of ['/docs', '/docs/']) {
      const page = await sendRaw(`${proxy}/ai/api/v1${path}`, { headers: own })
      const [, href = ''] = /href="([^"]*openapi\.json)"/.exec(page.text) ?? []
      expect((await sendRaw(new URL(href, `${proxy}/ai/api/v1${path}`).href, { headers: own })).status).toBe(
        200,
      )
    }
  })

  it.each([
    '//evil.example',
    '/ai//evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/a"><script>',
    "/a'b",
    '/a b',
    '/a\\b',
    '/../x',
    '/%2e%2e/x',
    '/a?b',
    '/a#b',
    'ai',
    '/a,b',
    '/%zz',
    `/${'x'.repeat(2000)}`,
  ])('a prefix of %s is not used', async prefix => {
    await using door = await openDoor({ service, config: { trustProxy: true } })
    const headers = { ...own, 'x-forwarded-prefix': prefix }
    const answer = await sendRaw(`${door.url}/openapi.json`, { headers })
    expect(JSON.parse(answer.text).servers).toEqual([{ url: '/api/v1' }])
    expect((await sendRaw(`${door.url}/docs`, { headers })).text).not.toMatch(/evil|<script|javascript:/)
  })

  it('a caller who is not a trusted proxy does not choose the links', async () => {
    await using door = await openDoor({ service })
    const answer = await sendRaw(`${door.url}/openapi.json`, {
      headers: { ...own, 'x-forwarded-prefix': '/ai' },
    })
    expect(JSON.parse(answer.text).servers).toEqual([{ url: '/api/v1' }])
  })
})

describe('the address that a request counts for', () => {
  /** Which of these requests still pass, one allowed for each address. */
  async function passes(
    options: Pick<DoorOptions, 'config' | 'prepare'>,
    senders: string[],
  ): Promise<boolean[]> {
    await using door = await openDoor({
      service,
      ...options,
      config: { ...options.config, rateLimit: { maxRequests: 1 } },
    })
    const passed: boolean[] = []
    for (const sender of senders) {
      const { status } = await sendRaw(`${door.url}/models`, {
        headers: sender ? { 'x-forwarded-for': sender } : {},
      })
      passed.push(status === 401)
    }
    return passed
  }

  it.each<[string, Pick<DoorOptions, 'config' | 'prepare'>, string[], boolean[]]>([
    ['is that of the proxy until it is trusted', {}, ['1.1.1.1', '2.2.2.2'], [true, false]],
    [
      'is the caller behind a trusted one',
      { config: { trustProxy: true } },
      ['1.1.1.1', '2.2.2.2', '1.1.1.1'],
      [true, true, false],
    ],
    [
      'cannot be made up in front of it',
      { config: { trustProxy: 1 } },
      ['9.9.9.1, 1.1.1.1', '9.9.9.2, 1.1.1.1'],
      [true, false],
    ],
    [
      'is known by the ranges of proxies',
      { config: { trustProxy: ['loopback', '10.0.0.0/8'] } },
      ['1.1.1.1, 10.1.1.1', '2.2.2.2, 10.1.1.1'],
      [true, true],
    ],
    [
      'is known by a function',
      { config: { trustProxy: address => address.endsWith('127.0.0.1') } },
      ['1.1.1.1', '2.2.2.2'],
      [true, true],
    ],
    [
      'has no port',
      { config: { trustProxy: true } },
      ['1.1.1.1:1', '1.1.1.1:2', '[::5]:9', '::5'],
      [true, false, true, false],
    ],
    [
      'is an address',
      { config: { trustProxy: true } },
      ['made-up', 'also made up', ''],
      [true, false, false],
    ],
    [
      "follows the host application's setting",
      { prepare: app => void app.set('trust proxy', true) },
      ['1.1.1.1', '2.2.2.2'],
      [true, true],
    ],
    [
      "but the router's own one wins",
      { config: { trustProxy: false }, prepare: app => void app.set('trust proxy', true) },
      ['1.1.1.1', '2.2.2.2'],
      [true, false],
    ],
  ])('%s', async (_name, options, senders, expected) => {
    expect(await passes(options, senders)).toEqual(expected)
  })

  it('is what a keyGenerator is given', async () => {
    const seen: (string | undefined)[] = []
    await using door = await openDoor({
      service,
      config: {
        trustProxy: true,
        rateLimit: {
          keyGenerator: req => {
            seen.push(req.ip, req.get('x-team'))
            return 'all'
          },
        },
      },
    })
    await sendRaw(`${door.url}/models`, { headers: { 'x-forwarded-for': '1.1.1.1', 'x-team': 'blue' } })
    expect(seen).toEqual(['1.1.1.1', 'blue'])
  })

  it('needs a setting that means something', async () => {
    await expect(openDoor({ config: { trustProxy: 'no-address' } })).rejects.toThrow(/^trustProxy: /)
  })
})
