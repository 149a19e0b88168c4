import { once } from 'node:events'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { ForwarderOptions } from '../../src/forwarder/forwarder.ts'
import { until } from '../support/open-sessions.ts'
import { sendRaw } from '../support/raw-request.ts'
import { openChannel } from './open-channel.ts'
import { listen } from './open-forwarder.ts'

const basic = (token: string, user = 'box') => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`

/** Names that resolve to loopback, one of them besides to a public address. */
const lookup: ForwarderOptions['lookup'] = async host => [
  ...(host === 'two.test' ? [{ address: '1.1.1.1', family: 4 }] : []),
  { address: '127.0.0.1', family: 4 },
]

/** Asks for a tunnel; the answer is its head, and the socket stays open. */
async function ask(port: number, target: string, token?: string, more = '') {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const auth = token === undefined ? '' : `Proxy-Authorization: ${basic(token)}\r\n`
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${auth}\r\n${more}`)
  const [answer] = await once(socket, 'data')
  return { socket, answer: String(answer), status: Number(String(answer).split(' ')[1]) }
}

/** A server that sends back what it gets. */
async function openEcho() {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { port, sockets, close: () => server.close() }
}

describe('programs in a box', () => {
  test('reach a host of the list, in both directions and until both sides have ended', async () => {
    const echo = await openEcho()
    const host = `echo.test:${echo.port}`
    const { port, token } = await openChannel({ agentNetwork: [host], allowedPrivateHosts: [host], lookup })
    const { socket, status } = await ask(port, host, token)
    expect(status).toBe(200)
    const large = Buffer.alloc(3 * 1024 * 1024, 'x')
    socket.end(large)
    let received = 0
    // A reader that is slower than the server loses nothing.
    for await (const chunk of socket) {
      received += chunk.length
      await new Promise(setImmediate)
    }
    expect(received).toBe(large.length)
    echo.close()
  })

  test('may send data with the request for a tunnel', async () => {
    const echo = await openEcho()
    const host = `echo.test:${echo.port}`
    const { port, token, channel } = await openChannel({
      agentNetwork: [host],
      allowedPrivateHosts: [host],
      lookup,
    })
    const { socket, answer } = await ask(port, host, token, 'early')
    let text = answer
    socket.on('data', chunk => {
      text += chunk
    })
    await until(() => text.endsWith('early'))
    channel.close()
    await until(() => socket.destroyed && [...echo.sockets].every(({ destroyed }) => destroyed))
    echo.close()
  })

  test.each([
    ['none', 'example.test:443', 'agentNetwork'],
    ['none', '127.0.0.1:PORT', 'agentNetwork'],
    [['other.test'], 'echo.test:443', 'agentNetwork: ["echo.test:443"]'],
    [['echo.test'], 'echo.test:PORT', 'agentNetwork'],
    [['echo.test:PORT'], 'echo.test:PORT', 'allowedPrivateHosts'],
    [['*.test'], 'echo.test:443', 'allowedPrivateHosts'],
    ['all', 'echo.test:PORT', 'allowedPrivateHosts'],
    ['all', 'two.test:PORT', 'allowedPrivateHosts'],
    ['all', '127.0.0.1:PORT', 'allowedPrivateHosts'],
    ['all', 'localhost:PORT', 'allowedPrivateHosts'],
    ['all', 'x.localhost:PORT', 'allowedPrivateHosts'],
    ['all', '[::1]:PORT', 'allowedPrivateHosts'],
    ['all', '[::ffff:127.0.0.1]:PORT', 'allowedPrivateHosts'],
    ['all', '2130706433:PORT', 'allowedPrivateHosts'],
    ['all', '0:PORT', 'allowedPrivateHosts'],
    ['all', '169.254.169.254:80', 'allowedPrivateHosts'],
    ['all', '[fd00:ec2::254]:80', 'allowedPrivateHosts'],
    ['all', '10.0.0.1:443', 'allowedPrivateHosts'],
  ] as const)('with the network %j do not reach %s', async (network, target, reason) => {
    const echo = await openEcho()
    const withPort = (text: string) => text.replace('PORT', String(echo.port))
    const { port, token, warnings, origin } = await openChannel({
      agentNetwork: typeof network === 'string' ? network : network.map(withPort),
      // What MCP servers may reach is not for programs in the box, unless it is in their list too.
      allowedPrivateHosts: [`127.0.0.1:${echo.port}`, `localhost:${echo.port}`],
      lookup,
    })
    const { status, answer } = await ask(port, withPort(target), token)
    expect([status, answer]).toEqual([403, expect.stringContaining(withPort(reason))])
    expect(answer).not.toMatch(/resolves to .*127\.0\.0\.1/)
    const headers = { 'proxy-authorization': basic(token), connection: 'close' }
    const options = { headers, path: `http://${withPort(target)}/` }
    const plain = await sendProxied(origin, options)
    expect([plain.status, plain.text]).toEqual([
      403,
      expect.stringContaining(network === 'all' ? reason : ''),
    ])
    expect(warnings).toMatchObject([
      { claudeSessionId: 'some', reason: expect.stringContaining(withPort(reason)) },
    ])
    expect(echo.sockets.size).toBe(0)
    echo.close()
  })

  test('are known by the token of their box', async () => {
    const server = await listen((_, response) => response.end('x'))
    const options = { agentNetwork: [server.host], allowedPrivateHosts: [server.host] }
    const { port, origin, token } = await openChannel(options)
    const other = await openChannel(options)
    for (const wrong of [undefined, '', other.token, `${token}x`]) {
      expect((await ask(port, server.host, wrong)).status).toBe(407)
      const headers = wrong === undefined ? {} : { 'proxy-authorization': basic(wrong) }
      const answer = await sendProxied(origin, { headers, path: `${server.url}/` })
      expect([answer.status, answer.headers['proxy-authenticate']]).toEqual([
        407,
        expect.stringContaining('Basic'),
      ])
    }
    expect(
      (await sendProxied(origin, { headers: { 'x-api-key': token }, path: `${server.url}/` })).status,
    ).toBe(407)
    expect(server.requests).toEqual([])
    expect((await ask(port, server.host, token)).status).toBe(200)
  })

  test('send plain requests to the host of the URL, without what is for the proxy', async () => {
    const server = await listen(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response
        .writeHead(201, { 'set-cookie': ['a=1', 'b=2'], 'x-answer': 'yes' })
        .end(`${request.method} ${body}`)
    })
    const host = `web.test:${server.port}`
    const { origin, token } = await openChannel({ agentNetwork: [host], allowedPrivateHosts: [host], lookup })
    const headers = {
      host: '169.254.169.254',
      'proxy-authorization': basic(token),
      'x-hop': 'dropped',
      connection: 'x-hop',
      authorization: 'Bearer own',
    }
    const answer = await sendProxied(origin, { method: 'PUT', path: `http://${host}/a?b=c`, headers }, 'sent')
    expect([answer.status, answer.text, answer.headers['x-answer']]).toEqual([201, 'PUT sent', 'yes'])
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    const [got] = server.requests
    expect([got?.url, got?.headers.host]).toEqual(['/a?b=c', host])
    expect(got?.headers).toMatchObject({ authorization: 'Bearer own' })
    expect(JSON.stringify(got?.rawHeaders)).not.toMatch(new RegExp(`proxy|x-hop|${token}`, 'i'))
    for (const path of ['https://web.test/', `http://user@${host}:x/`, 'http://web.test:0/']) {
      expect((await sendProxied(origin, { path, headers })).status, path).toBe(400)
    }
  })

  test('get redirects as they are, and what these lead to is checked', async () => {
    const secret = await listen((_, response) => response.end('secret'))
    const server = await listen((_, response) => response.writeHead(302, { location: secret.url }).end())
    const { origin, token } = await openChannel({
      agentNetwork: [server.host],
      allowedPrivateHosts: [server.host, secret.host],
    })
    const headers = { 'proxy-authorization': basic(token) }
    const answer = await sendProxied(origin, { path: `${server.url}/`, headers })
    expect([answer.status, answer.headers.location]).toEqual([302, secret.url])
    expect((await sendProxied(origin, { path: `${answer.headers.location}/`, headers })).status).toBe(403)
    expect(secret.requests).toEqual([])
  })

  test('reach the provider that they sign for, whatever the list says', async () => {
    const environment = {
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_REGION: 'eu-x-1',
      AWS_SECRET_ACCESS_KEY: 'inside',
    }
    // The session cannot add hosts by naming another region.
    const own = { AWS_REGION: 'evil', ANTHROPIC_BEDROCK_BASE_URL: 'https://evil.test' }
    const { port, token, inside } = await openChannel(
      { agentNetwork: 'none', environment, lookup: async () => [] },
      own,
    )
    expect(inside).toMatchObject({
      AWS_SECRET_ACCESS_KEY: 'inside',
      ANTHROPIC_BEDROCK_BASE_URL: 'https://evil.test',
    })
    expect(inside).not.toHaveProperty('ANTHROPIC_BASE_URL')
    // It is looked up, and has no address in this test.
    expect((await ask(port, 'bedrock-runtime.eu-x-1.amazonaws.com:443', token)).status).toBe(502)
    expect((await ask(port, 'bedrock-runtime.evil.amazonaws.com:443', token)).status).toBe(403)
    expect((await ask(port, 'evil.test:443', token)).status).toBe(403)
  })
})

describe("the model's service, where hosts are restricted", () => {
  const fetching = { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }], messages: [] }
  const plain = { tools: [{ name: 'web_fetch' }], messages: [{ content: 'x'.repeat(1024 * 1024) }] }

  test.each([
    [['a.test'], 400],
    ['none', 400],
    ['all', 200],
  ] as const)('with the network %j answers a request to fetch with %d', async (agentNetwork, expected) => {
    const upstream = await listen((_, response) => response.end('{}'))
    const environment = { ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: 'sk-real' }
    const { model, token } = await openChannel({ environment, agentNetwork })
    const send = async (path: string, body: object) => {
      const headers = { 'x-api-key': token }
      return sendRaw(`${model}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    // Large ones are looked at in a thread.
    for (const body of [fetching, { ...plain, ...fetching, more: plain }]) {
      for (const path of ['/v1/messages', '/v1/messages/count_tokens']) {
        const { status, text } = await send(path, body)
        expect(status).toBe(expected)
        if (status === 400) expect(JSON.parse(text).error.message).toContain('web_fetch_20250910')
      }
    }
    expect(upstream.requests).toHaveLength(expected === 200 ? 4 : 0)
    expect((await send('/v1/messages', plain)).status).toBe(200)
  })
})

describe('MCP servers of a session in a box', () => {
  const initialize = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }

  test('are reached through its channel, if their host is in the list', async () => {
    const server = await listen((_, response) => response.end('{}'))
    const elsewhere = await listen((_, response) => response.end('{}'))
    const redirecting = await listen((_, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    )
    const { channel, origin, forwarder } = await openChannel({
      agentNetwork: [server.host, redirecting.host],
      allowedPrivateHosts: [server.host, elsewhere.host, redirecting.host],
    })
    const servers = [server, elsewhere, redirecting].map(({ url }, index) => [
      `server${index}`,
      { type: 'http' as const, url, headers: { 'x-token': 'secret' } },
    ])
    const forwarding = channel.openMcp({ tenantId: 'default' })
    const urls = Object.values(forwarding.forward(Object.fromEntries(servers))).map(
      given => new URL((given as { url: string }).url),
    )
    expect(new Set(urls.map(({ host }) => host))).toEqual(new Set([channel.address]))
    const statuses = []
    for (const { pathname } of urls) statuses.push((await sendRaw(`${origin}${pathname}`, initialize)).status)
    expect(statuses).toEqual([200, 502, 502])
    expect(server.requests[0]?.headers).toMatchObject({ 'x-token': 'secret' })
    expect(elsewhere.requests).toEqual([])
    expect(forwarding.find('server1')?.failure).toContain('agentNetwork')
    // Neither another channel nor the server for all processes knows the path.
    const other = forwarder.openChannel({}, { tenantId: 'default' })
    expect(other.address).toBe(channel.address)
    expect((await sendRaw(`http://${forwarder.address}${urls[0]?.pathname}`, initialize)).status).toBe(404)
    forwarding.close()
    expect((await sendRaw(`${origin}${urls[0]?.pathname}`, initialize)).status).toBe(404)
  })
})

/** Sends a request with an absolute URL. */
async function sendProxied(
  origin: string,
  { path, method = 'GET', headers }: { path: string; method?: string; headers: Record<string, string> },
  body?: string,
) {
  const { hostname, port } = new URL(origin)
  const sent = request({ hostname, port, path, method, headers, agent: false })
  sent.end(body)
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode as number, headers: response.headers, text }
}
