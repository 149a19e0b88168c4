import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { until } from '../support/open-sessions.ts'
import { sendBytes, sendRaw } from '../support/raw-request.ts'
import { openChannel } from './open-channel.ts'
import { listen } from './open-forwarder.ts'

const mega = 1024 * 1024
const post = (url: string, headers: Record<string, string | string[]>, body = '{}') =>
  sendRaw(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

async function openModel(listener: Parameters<typeof listen>[0] = (_, response) => response.end('{}')) {
  const upstream = await listen(listener)
  const environment = { ANTHROPIC_BASE_URL: `${upstream.url}/base/`, ANTHROPIC_API_KEY: 'sk-real' }
  return { upstream, environment, ...(await openChannel({ environment })) }
}

describe("the model's API behind a channel", () => {
  test('gets the key, which the process does not have', async () => {
    const upstream = await listen(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.setHeader('set-cookie', 'a=b').end(body)
    })
    const environment = {
      PATH: '/bin',
      ANTHROPIC_BASE_URL: `${upstream.url}/base/`,
      ANTHROPIC_API_KEY: 'sk-real',
      ANTHROPIC_CUSTOM_HEADERS: 'X-Gateway: gate-secret\nX-Other: two',
      HTTPS_PROXY: 'http://user:proxy-secret@127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    }
    const { inside, token, model } = await openChannel({ environment })
    expect(inside).toMatchObject({
      PATH: '/bin',
      ANTHROPIC_API_KEY: token,
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:61616/model',
      HTTPS_PROXY: `http://box:${token}@127.0.0.1:61616`,
      NO_PROXY: 'localhost,127.0.0.1,::1',
    })
    expect(JSON.stringify(inside)).not.toMatch(/sk-real|gate-secret|proxy-secret/)
    const own = { 'x-api-key': token, cookie: 'c=d', 'x-gateway': 'forged', host: 'evil.test', 'x-kept': '1' }
    const answer = await post(`${model}/v1/messages?beta=true`, own, '{"some":"body"}')
    expect([answer.status, answer.text]).toEqual([200, '{"some":"body"}'])
    expect(answer.headers).not.toHaveProperty('set-cookie')
    const [request] = upstream.requests
    expect(request?.url).toBe('/base/v1/messages?beta=true')
    expect(request?.headers).toMatchObject({
      'x-api-key': 'sk-real',
      'x-gateway': 'gate-secret',
      'x-other': 'two',
      'x-kept': '1',
      host: upstream.host,
    })
    expect(request?.headers).not.toHaveProperty('cookie')
    expect(JSON.stringify(request?.rawHeaders)).not.toContain(token)
  })

  test.each([
    [{ ANTHROPIC_AUTH_TOKEN: 'real' }, { authorization: 'Bearer real' }],
    [{ CLAUDE_CODE_OAUTH_TOKEN: 'login' }, { authorization: 'Bearer login' }],
    [
      { ANTHROPIC_AUTH_TOKEN: 'real', ANTHROPIC_API_KEY: 'sk', CLAUDE_CODE_OAUTH_TOKEN: 'login' },
      { authorization: 'Bearer real', 'x-api-key': 'sk' },
    ],
  ])('takes %j', async (credentials, sent) => {
    const upstream = await listen((_, response) => response.end())
    const environment = { ANTHROPIC_BASE_URL: upstream.url, ...credentials }
    const { inside, token, model } = await openChannel({ environment })
    for (const [name, value] of Object.entries(credentials)) {
      expect(inside[name as keyof typeof inside]).toBe(token)
      expect(Object.values(inside)).not.toContain(value)
    }
    const own = Object.fromEntries(
      Object.entries(sent).map(([name, value]) => [
        name,
        value.startsWith('Bearer') ? `Bearer ${token}` : token,
      ]),
    )
    expect((await post(`${model}/v1/messages`, own)).status).toBe(200)
    expect(upstream.requests[0]?.headers).toMatchObject(sent)
  })

  test('is not reached with another token, or none', async () => {
    const { upstream, model, token } = await openModel()
    const other = await openModel()
    for (const headers of [
      {},
      { 'x-api-key': '' },
      { 'x-api-key': 'sk-real' },
      { 'x-api-key': other.token },
      { 'x-api-key': [token, token] },
      { 'x-api-key': token, authorization: 'Bearer sk-real' },
      { 'proxy-authorization': `Basic ${Buffer.from(`box:${token}`).toString('base64')}` },
    ] as Record<string, string>[]) {
      const { status, text } = await post(`${model}/v1/messages`, headers)
      expect([status, JSON.parse(text).error.type], JSON.stringify(headers)).toEqual([
        401,
        'authentication_error',
      ])
    }
    expect(upstream.requests).toEqual([])
  })

  test('is asked for messages and models alone', async () => {
    const { upstream, origin, model, token } = await openModel()
    const headers = { 'x-api-key': token }
    for (const [method, path] of [
      ['GET', '/v1/files'],
      ['POST', '/v1/files'],
      ['GET', '/v1/messages/batches'],
      ['POST', '/v1/messages/batches'],
      ['GET', '/v1/organizations/me'],
      ['POST', '/v1/complete'],
      ['GET', '/v1/messages/../files'],
      ['GET', '/v1/models/%2e%2e/files'],
      ['GET', '/v1/models/../files'],
      ['POST', '/v1//messages'],
      ['POST', `//127.0.0.1/v1/messages`],
      ['DELETE', '/v1/models/x'],
      ['PUT', '/v1/messages'],
    ] as const) {
      expect((await sendRaw(`${model}${path}`, { method, headers })).status, `${method} ${path}`).toBe(404)
    }
    for (const path of ['/', '/model', '/modelx/v1/messages', '/v1/messages', '/model/../v1/messages']) {
      expect(
        await sendBytes(
          origin,
          `GET ${path} HTTP/1.1\r\nHost: x\r\nx-api-key: ${token}\r\nConnection: close\r\n\r\n`,
        ),
        path,
      ).toMatch(/^HTTP\/1.1 404 /)
    }
    expect((await sendRaw(`${model}/api/hello`, { method: 'HEAD' })).status).toBe(200)
    expect(upstream.requests).toEqual([])
    expect((await sendRaw(`${model}/v1/models/claude-x`, { headers })).status).toBe(200)
    expect(upstream.requests[0]?.url).toBe('/base/v1/models/claude-x')
  })

  test('streams, and hears at once that the process has left', async () => {
    const left = Promise.withResolvers<void>()
    const { model, token } = await openModel((_, response) => {
      response.once('close', left.resolve)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    })
    const leaving = new AbortController()
    const answer = await fetch(`${model}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': token },
      body: '{}',
      signal: leaving.signal,
    })
    const reader = answer.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n')
    leaving.abort()
    await left.promise
  })

  test('is not followed to another address, and its errors are passed on', async () => {
    const other = await listen((_, response) => response.end('secret'))
    const { upstream, model, token } = await openModel((request, response) => {
      if (request.url?.includes('models')) response.writeHead(307, { location: other.url }).end()
      else response.writeHead(529, { 'retry-after': '7' }).end('{"type":"error"}')
    })
    const headers = { 'x-api-key': token }
    const redirected = await sendRaw(`${model}/v1/models`, { headers })
    expect([redirected.status, redirected.text]).toEqual([502, expect.stringContaining('redirects')])
    expect(redirected.headers).not.toHaveProperty('location')
    const overloaded = await post(`${model}/v1/messages`, headers)
    expect([overloaded.status, overloaded.headers['retry-after'], overloaded.text]).toEqual([
      529,
      '7',
      '{"type":"error"}',
    ])
    expect(other.requests).toEqual([])
    upstream.server.close()
    upstream.server.closeAllConnections()
    const gone = await post(`${model}/v1/messages`, headers)
    expect([gone.status, JSON.parse(gone.text).error.type]).toEqual([502, 'api_error'])
  })

  test('that a session names is checked, and gets only its own credentials', async () => {
    const upstream = await listen((_, response) => response.end())
    const environment = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9', ANTHROPIC_API_KEY: 'sk-server' }
    const own = { ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_AUTH_TOKEN: 'sk-own' }
    const refused = await openChannel({ environment }, own)
    expect(refused.inside).not.toHaveProperty('ANTHROPIC_API_KEY')
    const headers = { authorization: `Bearer ${refused.token}` }
    const answer = await post(`${refused.model}/v1/messages`, headers)
    expect([answer.status, answer.text]).toEqual([502, expect.stringContaining('allowedPrivateHosts')])
    const allowed = await openChannel({ environment, allowedPrivateHosts: [upstream.host] }, own)
    const forged = { authorization: `Bearer ${allowed.token}`, 'x-api-key': allowed.token }
    expect((await post(`${allowed.model}/v1/messages`, forged)).status).toBe(200)
    expect(upstream.requests[0]?.headers).toMatchObject({ authorization: 'Bearer sk-own' })
    expect(upstream.requests[0]?.headers).not.toHaveProperty('x-api-key')
  })

  test('has other answers than what HTTP allows turned into an error', async () => {
    const replies = [
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'nonsense\r\n\r\n',
      '',
      'HTTP/1.1 103 Early Hints\r\nLink: <http://127.0.0.1/>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ]
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(replies.shift() ?? ''))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const environment = { ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`, ANTHROPIC_API_KEY: 'sk-real' }
    const { model, token } = await openChannel({ environment })
    for (const status of [502, 502, 502, 502, 200]) {
      expect((await post(`${model}/v1/messages`, { 'x-api-key': token })).status).toBe(status)
    }
    server.close()
  })
})

describe('a channel', () => {
  const ask = (headers: string) => `POST /model/v1/messages HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`

  test('refuses requests that two servers could read differently', async () => {
    const { upstream, origin, token } = await openModel()
    const smuggled = 'GET /model/v1/models HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const headers of [
      `x-api-key: ${token}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked`,
      `x-api-key: ${token}\r\nTransfer-Encoding: chunked, identity`,
      `x-api-key: ${token}\r\nContent-Length: 1\r\nContent-Length: 2`,
      `x-api-key: ${token}\r\nContent-Length: +5`,
      `x-api-key : ${token}\r\nContent-Length: 2`,
      `x-api-key: ${token}\r\n\tfolded: x\r\nContent-Length: 2\r\nX: \0`,
      `x-filler: ${'a'.repeat(20_000)}`,
    ]) {
      const answer = await sendBytes(origin, `${ask(headers)}0\r\n\r\n${smuggled}`)
      expect(answer, headers.slice(0, 80)).toMatch(/^HTTP\/1.1 (400|431) /)
    }
    expect(upstream.requests).toEqual([])
  })

  test('bounds the size of a body, and of all together', async () => {
    const { upstream, origin, model, token } = await openModel()
    const begin = async (megabytes: number) => {
      const socket = connect(Number(new URL(origin).port), '127.0.0.1')
      socket.on('error', () => {})
      // The answer can come, with the end of the connection, before all is written.
      const answer = new Promise(resolve => socket.once('data', resolve))
      socket.write(ask(`x-api-key: ${token}\r\nContent-Length: ${64 * mega}`))
      await new Promise(resolve => socket.write(Buffer.alloc(megabytes * mega, '1'), resolve))
      return { socket, answer }
    }
    const tooLarge = await begin(33)
    expect(String(await tooLarge.answer)).toMatch(/^HTTP\/1.1 413 /)
    tooLarge.socket.destroy()
    const holding = [await begin(31), await begin(31)]
    const body = '1'.repeat(6 * mega)
    let passed = 0
    const again = async () => {
      const { status } = await post(`${model}/v1/messages`, { 'x-api-key': token }, body)
      if (status === 200) passed++
      return status
    }
    // What a socket has sent may not have been read yet.
    await until(async () => (await again()) === 429)
    expect(upstream.requests).toHaveLength(passed)
    for (const { socket } of holding) socket.destroy()
    await until(async () => (await again()) === 200)
  })

  test('has at most 256 connections', async () => {
    const { origin, model, token } = await openModel()
    const sockets = Array.from({ length: 260 }, () => connect(Number(new URL(origin).port), '127.0.0.1'))
    let closed = 0
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.once('close', () => closed++)
      // Otherwise the end of the connection is not read.
      socket.resume()
    }
    await until(() => closed === 4)
    for (const socket of sockets) socket.destroy()
    const ask = () => sendRaw(`${model}/v1/models`, { headers: { 'x-api-key': token } })
    await until(async () => (await ask().catch(() => undefined))?.status === 200)
  })

  test('serves one process after the other', async () => {
    const { channel, model, token } = await openModel()
    const headers = { 'x-api-key': token }
    expect((await sendRaw(`${model}/v1/models`, { headers })).status).toBe(200)
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    channel.serve(listener)
    expect((await sendRaw(`http://127.0.0.1:${port}/model/v1/models`, { headers })).status).toBe(200)
    await expect(fetch(model)).rejects.toThrow()
  })

  test('ends everything when it is closed', async () => {
    const { channel, origin, upstream, model, token } = await openModel((_, response) =>
      response.writeHead(200).write('x'),
    )
    const running = fetch(`${model}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': token },
      body: '{}',
    })
    const body = (await running).text()
    const halfOpen = connect(Number(new URL(origin).port), '127.0.0.1')
    halfOpen.on('error', () => {})
    await new Promise(resolve => halfOpen.write('POST /model/v1/messages HTTP/1.1\r\nHost: x\r\n', resolve))
    await until(() => upstream.requests.length === 1)
    channel.close()
    channel.close()
    await expect(body).rejects.toThrow()
    await until(() => halfOpen.destroyed)
    await expect(fetch(model)).rejects.toThrow()
    await until(() => upstream.requests[0]?.socket.destroyed === true)
  })
})
