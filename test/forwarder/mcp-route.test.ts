import { describe, expect, test } from 'vitest'
import { until } from '../support/open-sessions.ts'
import { listen, openForwarder } from './open-forwarder.ts'

const post = (url: string, body: object = {}, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...headers },
  })

describe('an MCP server behind the forwarder', () => {
  test('gets the headers of the session; Claude Code does not', async () => {
    const server = await listen((_, response) => response.setHeader('x-answer', 'yes').end('{}'))
    const { forward, forwarder } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const { url, forwarding } = forward(`${server.url}/deep/mcp?key=1`, { headers: { 'X-Token': 'secret' } })
    expect(url).toMatch(new RegExp(`^http://${forwarder.address}/[\\w-]{43}$`))
    expect(
      JSON.stringify(forwarding.forward({ two: { type: 'http', url, headers: { a: 'b' } } })),
    ).not.toContain('"b"')
    const answer = await post(url, {}, { 'mcp-protocol-version': '2025-11-25', te: 'trailers' })
    expect([answer.status, answer.headers.get('x-answer')]).toEqual([200, 'yes'])
    const [request] = server.requests
    expect(request?.url).toBe('/deep/mcp?key=1')
    expect(request?.headers).toMatchObject({
      host: server.host,
      'x-token': 'secret',
      'mcp-protocol-version': '2025-11-25',
    })
    expect(request?.headers).not.toHaveProperty('te')
  })

  test('is reached by its own path alone, and only while its process lives', async () => {
    const server = await listen((_, response) => response.end('{}'))
    const { forward, forwarder } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const { url, forwarding } = forward(`${server.url}/mcp`)
    const { origin } = new URL(url)
    for (const wrong of [
      `${origin}/`,
      `${origin}/mcp`,
      `${origin}/.well-known/oauth-protected-resource`,
      `${url}/admin`,
      `${url}/../x`,
      `${url}?q`,
      `${url.slice(0, -1)}_`,
    ]) {
      expect((await post(wrong)).status, wrong).toBe(404)
    }
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(404)
    const foreign = await fetch(`http://${forwarder.address}`, { headers: { host: server.host } })
    expect(foreign.status).toBe(404)
    forwarding.close()
    expect((await post(url)).status).toBe(404)
    expect(server.requests).toEqual([])
  })

  test.each([
    'http://127.0.0.1:PORT/mcp',
    'http://localhost:PORT/mcp',
    'http://2130706433:PORT/mcp',
    'http://[::ffff:127.0.0.1]:PORT/mcp',
    'http://mcp.test:PORT/mcp',
    'http://two.test:PORT/mcp',
  ])('%s is refused, and nothing is sent', async address => {
    const server = await listen((_, response) => response.end('{}'))
    const lookup = async (host: string) => [
      ...(host === 'two.test' ? [{ address: '1.1.1.1', family: 4 }] : []),
      { address: '127.0.0.1', family: 4 },
    ]
    const { forward, warnings } = await openForwarder({ lookup })
    const { url, traffic } = forward(address.replace('PORT', String(server.port)))
    const answer = await post(url)
    expect(answer.status).toBe(502)
    expect(await answer.text()).toContain(`allowedPrivateHosts: ["`)
    expect(traffic()?.failure).toContain('allowedPrivateHosts')
    expect(traffic()?.failure).not.toMatch(/resolves to .*127\.0\.0\.1/)
    expect(warnings).toMatchObject([{ setting: 'mcpServers.one.url' }])
    expect(server.requests).toEqual([])
  })

  test('is resolved once for a connection, to the address that was checked', async () => {
    const server = await listen((_, response) => response.end('{}'))
    let lookups = 0
    // As an attacker's name server answers: harmless when it is looked at, something else afterwards.
    const lookup = async () => [{ address: lookups++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
    const { forward } = await openForwarder({ lookup, allowedPrivateHosts: [server.host] })
    const { url } = forward(`http://mcp.test:${server.port}/mcp`)
    expect((await post(url)).status).toBe(200)
    expect((await post(url)).status).toBe(200)
    expect(lookups).toBe(1)
    expect(server.requests[0]?.headers.host).toBe(`mcp.test:${server.port}`)
    // The next connection is checked anew.
    server.server.closeAllConnections()
    await until(async () => (await post(url)).status === 502)
  })
})

describe('redirects', () => {
  test('to a private address are refused', async () => {
    const inside = await listen((_, response) => response.end('secret'))
    const server = await listen((_, response) => response.writeHead(307, { location: inside.url }).end())
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const { url, traffic } = forward(server.url)
    expect((await post(url)).status).toBe(502)
    expect(traffic()?.failure).toContain(inside.host)
    expect(inside.requests).toEqual([])
  })

  test.each([301, 302, 303, 307, 308])('%i to another origin carries no credentials', async status => {
    const other = await listen((_, response) => response.end('{}'))
    const server = await listen((_, response) =>
      response.writeHead(status, { location: `${other.url.replace('//', '//u:p@')}/there?x=1` }).end(),
    )
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host, other.host] })
    const { url } = forward(server.url, {
      headers: { 'X-Api-Key': 'secret', Authorization: 'Bearer secret' },
    })
    const sent = {
      authorization: 'secret',
      cookie: 'secret',
      'mcp-session-id': 'secret',
      'mcp-method': 'ping',
    }
    expect((await post(url, { a: 1 }, sent)).status).toBe(200)
    expect(server.requests[0]?.headers).toMatchObject({ 'x-api-key': 'secret', 'mcp-session-id': 'secret' })
    const [request] = other.requests
    expect(JSON.stringify(request?.headers)).not.toMatch(/secret|dTpw/)
    expect(request?.headers['mcp-method']).toBe('ping')
    expect([request?.method, request?.url]).toEqual([status >= 307 ? 'POST' : 'GET', '/there?x=1'])
  })

  test('an MCP session goes to the origin that opened it', async () => {
    const other = await listen((_, response) => response.setHeader('mcp-session-id', 'theirs').end('{}'))
    const server = await listen((_, response) => response.writeHead(307, { location: other.url }).end())
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host, other.host] })
    const { url } = forward(server.url)
    await post(url)
    await post(url, {}, { 'mcp-session-id': 'theirs' })
    expect(server.requests[1]?.headers).not.toHaveProperty('mcp-session-id')
    expect(other.requests[1]?.headers['mcp-session-id']).toBe('theirs')
  })

  test('end', async () => {
    const server = await listen((_, response) => response.writeHead(302, { location: '/again' }).end())
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const answer = await post(forward(server.url).url)
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('too often')])
    expect(server.requests.length).toBeLessThan(10)
  })
})

describe('what an MCP server names', () => {
  test('is not handed on: challenges, links, cookies', async () => {
    const server = await listen((_, response) =>
      response
        .writeHead(401, {
          'www-authenticate': 'Bearer resource_metadata="http://169.254.169.254/"',
          link: '<http://169.254.169.254/>',
          'set-cookie': 'a=b',
        })
        .end(),
    )
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const { url, traffic } = forward(server.url)
    const answer = await post(url)
    expect(answer.status).toBe(401)
    expect(JSON.stringify([...answer.headers])).not.toMatch(/169\.254|a=b/)
    expect(traffic()?.failure).toContain('401')
  })

  test('an endpoint is reached through the forwarder, of its own origin only', async () => {
    const other = await listen((_, response) => response.end())
    const endpoints = [
      '/messages?id=1',
      'ABSOLUTE/messages?id=2',
      `${other.url}/steal`,
      'http://169.254.169.254/',
    ]
    const server = await listen((request, response) => {
      if (request.method === 'POST') return void response.writeHead(202).end()
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const endpoint of endpoints) {
        const data = endpoint.replace('ABSOLUTE', `http://${request.headers.host}`)
        response.write(`event: endpoint\r\ndata: ${data}\r\n\r\n`)
      }
      response.write(': still there\n\nevent: message\ndata: {"a":\ndata: 1}\n\n')
    })
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const { url } = forward(`${server.url}/sse`, { headers: { 'X-Token': 'secret' } }, 'sse')
    const answer = await fetch(url)
    let text = ''
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    while (!text.includes('data: 1}\n\n')) text += (await reader?.read())?.value ?? ''
    await reader?.cancel()
    const base = new URL(url).pathname
    const named = [...text.matchAll(/event: endpoint\ndata: (\S+)\n\n/g)].map(match => match[1])
    expect(named).toEqual([`${base}/0`, `${base}/1`, `${base}/none`, `${base}/none`])
    expect(text).toContain('event: message\ndata: {"a":\ndata: 1}\n\n')
    const statuses = named.map(async path => (await post(new URL(path ?? '', url).href)).status)
    expect(await Promise.all(statuses)).toEqual([202, 202, 404, 404])
    const posts = server.requests.filter(({ method }) => method === 'POST')
    expect(posts.map(request => request.url).sort()).toEqual(['/messages?id=1', '/messages?id=2'])
    expect(posts[0]?.headers['x-token']).toBe('secret')
    expect(other.requests).toEqual([])
  })

  test('a stream arrives as it is sent, and ends with its reader', async () => {
    const gone = Promise.withResolvers<void>()
    const server = await listen((_, response) => {
      response.once('close', gone.resolve)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
    })
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const answer = await fetch(forward(server.url).url)
    const reader = answer.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n')
    await reader?.cancel()
    await gone.promise
  })

  test('tools are counted, and the one that spoils the list is named', async () => {
    const good = { name: 'good', inputSchema: { type: 'object', properties: {} } }
    let tools: unknown[] = [good, { name: 'bad', inputSchema: { type: 'array' } }]
    const server = await listen((_, response) =>
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ id: 1, result: { tools } })),
    )
    const { forward } = await openForwarder({ allowedPrivateHosts: [server.host] })
    const { url, traffic } = forward(server.url)
    await (await post(url, { id: 1, method: 'tools/list' })).text()
    expect(traffic()).toEqual({ failure: null, offeredTools: 2, invalidTool: 'bad' })
    tools = [good]
    await (await post(url, { id: 1, method: 'tools/list' })).text()
    expect(traffic()).toMatchObject({ offeredTools: 1, invalidTool: null })
  })
})
