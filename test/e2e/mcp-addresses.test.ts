import { createServer, type RequestListener } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { listen } from '../forwarder/open-forwarder.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

type Server = Awaited<ReturnType<typeof openServer>>

async function findMcp({ call }: Server, id: string, name = 'web') {
  const { servers } = (await call('GET', `/sessions/${id}/mcp`)).body
  return servers.find((server: { name: string }) => server.name === name)
}

async function settled(server: Server, id: string, name?: string) {
  await until(async () => (await findMcp(server, id, name)).status !== 'pending')
  return findMcp(server, id, name)
}

/** An MCP server with these tools and names. */
function speakMcp(tools: unknown[], serverInfo: object = { name: 'x', version: '1' }): RequestListener {
  return async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end()
    let body = ''
    for await (const chunk of request) body += chunk
    const { id, method, params } = JSON.parse(body)
    if (id === undefined) return void response.writeHead(202).end()
    const result =
      method === 'initialize'
        ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo }
        : method === 'tools/list'
          ? { tools }
          : {}
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  }
}

describe('the address of an MCP server', () => {
  test('that is private is refused when it is set, with the option that allows it', async () => {
    const { call, createSession } = await openServer({ allowedPrivateHosts: ['localhost:3000'] })
    const web = (url: string) => ({ mcpServers: { web: { type: 'http', url } } })
    const id = await createSession()
    for (const url of [
      'http://127.0.0.1:8080/mcp',
      'http://localhost/mcp',
      'https://0x7f.1/',
      'http://[::1]:3001/',
      'http://169.254.169.254/latest',
      'https://10.1.2.3/',
      'http://x.localhost./',
    ]) {
      for (const [method, path] of [
        ['POST', '/sessions'],
        ['PATCH', `/sessions/${id}`],
      ] as const) {
        const { status, body } = await call(method, path, web(url))
        expect([status, body.error?.code, body.error?.details], url).toMatchObject([
          403,
          'SETTING_NOT_ALLOWED',
          { setting: 'mcpServers.web.url', option: 'allowedPrivateHosts', allowed: ['localhost:3000'] },
        ])
        expect(body.error.message).toMatch(/allowedPrivateHosts: \[".+:\d+"\]/)
      }
    }
    expect((await call('PATCH', `/sessions/${id}`, web('http://127.0.0.1:3000/mcp'))).status).toBe(200)
  })

  test.each(['http', 'sse'] as const)('that is allowed works over %s', async type => {
    const mcp = await openMcpServer({ requiredHeaders: { 'x-token': 'letmein' } })
    const server = await openServer({ allowedPrivateHosts: [mcp.host] })
    const web = { type, url: type === 'http' ? mcp.url : mcp.sseUrl, headers: { 'X-Token': 'letmein' } }
    const id = await server.createSession({
      mcpServers: { web: { ...web, alwaysLoad: true } },
      allowedTools: ['mcp__web'],
    })
    expect(await settled(server, id)).toMatchObject({ status: 'connected', error: null, notice: null })
    server.model.script('use', ({ round, toolResults }) =>
      round === 0 ? toolUse('mcp__web__echo', { text: 'over there' }) : text(toolResults[0]?.content ?? ''),
    )
    expect((await server.ask(id, 'use')).body.response).toBe('over there')
    const { config } = (await server.call('GET', `/sessions/${id}`)).body
    expect(config.mcpServers.web).toMatchObject({ url: web.url, headers: { 'X-Token': '***' } })
  })

  test('that it leads on to is checked too: redirects, and what it names for logging in', async () => {
    const inside = await listen((_, response) => response.end('{}'))
    const outside = await listen((request, response) => {
      if (request.url === '/moved') return void response.writeHead(307, { location: `${inside.url}/` }).end()
      const challenge = `Bearer resource_metadata="${inside.url}/metadata"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    })
    const server = await openServer({ allowedPrivateHosts: [outside.host] })
    const headers = { 'X-Token': 'letmein' }
    for (const [path, wanted, why] of [
      ['/moved', 'failed', /allowedPrivateHosts/],
      ['/login', 'failed', /responded with 401/],
    ] as const) {
      const id = await server.createSession({
        mcpServers: { web: { type: 'http', url: `${outside.url}${path}`, headers } },
      })
      const { status, error } = await settled(server, id)
      expect([status, error]).toEqual([wanted, expect.stringMatching(why)])
    }
    expect(outside.requests.map(({ url }) => url)).not.toContain('/.well-known/oauth-authorization-server')
    expect(inside.requests).toEqual([])
    expect(JSON.stringify(server.log.lines)).toContain('address refused')
  })

  test("is reached past the operator's proxy where that is excepted, and through it otherwise", async () => {
    const mcp = await openMcpServer()
    const asked: string[] = []
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    })
    proxy.listen(0, '127.0.0.1')
    await new Promise(resolve => proxy.once('listening', resolve))
    onTestFinished(() => void proxy.close())
    const { port } = proxy.address() as { port: number }
    const open = (exceptions: string) =>
      openServer({
        allowedPrivateHosts: [mcp.host],
        environment: { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: exceptions },
      })
    const mcpServers = { web: { type: 'http', url: mcp.url } }
    const past = await open('127.0.0.1')
    expect(await settled(past, await past.createSession({ mcpServers }))).toMatchObject({
      status: 'connected',
    })
    expect(asked).toEqual([])
    const through = await open('')
    expect(await settled(through, await through.createSession({ mcpServers }))).toMatchObject({
      status: 'failed',
      error: 'The proxy responded with 502',
    })
    expect(asked).toContain(mcp.host)
  })
})

describe('what an MCP server gives', () => {
  test('names have no control characters, wherever they are shown', async () => {
    const tools = [
      { name: 'red\x1b[31m', inputSchema: { type: 'object' } },
      { name: 'a\u202eb', inputSchema: { type: 'object' } },
    ]
    const mcp = await listen(speakMcp(tools, { name: 'fix\x1b[1mture', version: '1\u2066.0\x00' }))
    const server = await openServer({ allowedPrivateHosts: [mcp.host] })
    const id = await server.createSession({ mcpServers: { web: { type: 'http', url: mcp.url } } })
    const shown = await settled(server, id)
    expect(shown).toMatchObject({
      serverInfo: { name: 'fixture', version: '1.0' },
      tools: [{ name: 'red' }, { name: 'ab' }],
    })
    await server.ask(id, 'hello')
    const history = JSON.stringify((await server.call('GET', `/sessions/${id}/messages`)).body)
    expect(history).not.toMatch(/\\u001b|\\u202e|\u202e/)
  })

  const broken: [string, unknown[], RegExp][] = [
    [
      'without a schema',
      [{ name: 'good', inputSchema: { type: 'object' } }, { name: 'bad' }],
      /all 2 .*tool bad /,
    ],
    ['that is not of an object', [{ name: 'odd', inputSchema: { type: 'array' } }], /all 1 .*tool odd /],
    [
      'that is not well-formed',
      [{ name: 'p', inputSchema: { type: 'object', properties: 7 } }],
      /all 1 .*tool p /,
    ],
    [
      'with too long a name',
      [{ name: 'x'.repeat(130), inputSchema: { type: 'object' } }],
      /names must have at most/,
    ],
  ]
  const servers = openOnce(async () => {
    const given = [...broken.map(([, tools]) => tools), []]
    const mcps = await Promise.all(given.map(tools => listen(speakMcp(tools))))
    const server = await openServer({ allowedPrivateHosts: mcps.map(({ host }) => host) })
    const mcpServers = Object.fromEntries(
      mcps.map(({ url }, index) => [`web${index}`, { type: 'http', url }]),
    )
    return { server, id: await server.createSession({ mcpServers }) }
  })

  test.each(broken.map(([what, , notice], index) => ({ what, notice, index })))(
    'a tool $what that costs all tools is told of',
    async ({ notice, index }) => {
      const { server, id } = servers()
      expect(await settled(server, id, `web${index}`)).toMatchObject({
        status: 'connected',
        notice: expect.stringMatching(notice),
      })
    },
  )

  test('a server that has no tools is no cause for a notice', async () => {
    const { server, id } = servers()
    expect(await settled(server, id, `web${broken.length}`)).toMatchObject({
      status: 'connected',
      tools: [],
      notice: null,
    })
  })
})
