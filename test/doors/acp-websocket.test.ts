import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect as openConnection } from 'node:net'
import { join } from 'node:path'
import { methods, type RequestError } from '@agentclientprotocol/sdk'
import { createWebSocketStream } from '@agentclientprotocol/sdk/experimental/ws-client'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { text, toolUse } from '../../src/demo/answer.ts'
import { choosing, connectAcp, textOf, updatesOf } from '../support/acp-client.ts'
import { endsLater, openOnce } from '../support/lifetime.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { pendingPermissions } from '../support/permissions.ts'
import { cheapStart, claudeEnvironment } from '../support/real-claude.ts'

const maxBodyBytes = 200_000
const shared = openOnce(() => openServer({ doors: ['acp'], maxBodyBytes }))

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    value => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (error: RequestError & { data: Record<string, unknown> }) => error,
  )

const toSocketUrl = (base: string, query = '') => `${base.replace(/^http/, 'ws')}/doors/acp${query}`
const headersOf = (key: string) => ({ authorization: `Bearer ${key}` })

/** The official client over the socket, which is shown too. */
async function connect({ key = apiKey, query = '', base = shared().base } = {}) {
  const opened: WebSocket[] = []
  const connectionIds: unknown[] = []
  class Watched extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      opened.push(this)
      this.on('upgrade', ({ headers }) => connectionIds.push(headers['acp-connection-id']))
    }
  }
  const stream = createWebSocketStream(toSocketUrl(base, query), {
    headers: headersOf(key),
    WebSocket: Watched as never,
  })
  const acp = await connectAcp(base, { stream })
  const [socket] = opened
  if (!socket) throw new Error('there is no socket')
  return { ...acp, socket, connectionIds }
}

/** The response to a request for a socket that is refused. */
async function refused(url: string, headers: Record<string, string> = headersOf(apiKey)) {
  const socket = new WebSocket(url, { headers })
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response', { signal: AbortSignal.timeout(10_000) })
  let body = ''
  for await (const chunk of response) body += chunk
  socket.terminate()
  return { status: response.statusCode, headers: response.headers, body }
}

const closed = (socket: WebSocket) => once(socket, 'close', { signal: AbortSignal.timeout(10_000) })

describe('over a WebSocket', () => {
  test('prompts are answered, asked for and cancelled, and a client that was lost comes back', async () => {
    const server = shared()
    const { cwd, model } = server
    const file = join(cwd, 'touched')
    const held = Promise.withResolvers<void>()
    const touch = toolUse('Bash', { command: `touch ${file}` })
    model.script('touch it', [touch, text('touched')])
    model.script('wait', text('Never said.', { holdAfterFragments: 0, holdUntil: held.promise }))
    model.script('alone', [touch, text('done')])
    const acp = await connect()
    acp.handlers.permission = () => choosing('allow')
    const { sessionId } = await acp.open(cwd)
    expect(await acp.prompt(sessionId, 'touch it')).toMatchObject({ stopReason: 'end_turn' })
    expect(textOf(acp.updates)).toBe('touched')
    expect(updatesOf(acp.updates, 'tool_call')).toMatchObject([{ kind: 'execute' }])
    expect(existsSync(file)).toBe(true)

    const cancelled = acp.prompt(sessionId, 'wait')
    await until(async () => (await server.call('GET', `/sessions/${sessionId}`)).body.state === 'running')
    await acp.agent.notify(methods.agent.session.cancel, { sessionId })
    expect(await cancelled).toMatchObject({ stopReason: 'cancelled' })
    held.resolve()

    acp.handlers.permission = () => new Promise(() => {})
    const lost = rejection(acp.prompt(sessionId, 'alone'))
    await pendingPermissions(server, sessionId)
    // Not even the other end of the connection is told.
    acp.socket.terminate()
    await lost
    const again = await connect()
    again.handlers.permission = () => choosing('reject')
    await again.agent.request(methods.agent.session.load, { sessionId, cwd, mcpServers: [] })
    await until(() => textOf(again.updates).endsWith('done'))
  })

  test('bytes that are no text, and more than a body may have, end the connection', async () => {
    const [binary, large] = [await connect(), await connect()]
    binary.socket.send(Buffer.from('{}'))
    expect((await closed(binary.socket))[0]).toBe(1003)
    large.socket.send('x'.repeat(maxBodyBytes + 1))
    expect((await closed(large.socket))[0]).toBe(1009)
  })

  test.each([
    ['nested too deep', '['.repeat(300)],
    ['of too many values', `[${'0,'.repeat(50_000)}0]`],
  ])('text that would block the server while it is parsed ends the connection: %s', async (_, message) => {
    const { socket } = await connect()
    socket.send(message)
    const [code, reason] = await closed(socket)
    expect(code).toBe(1008)
    expect(reason.toString()).toMatch(/^the body must /i)
  })
})

describe('callers', () => {
  const scopes = ['sessions:read', 'sessions:write', 'permissions:answer']
  const makeKey = async (name: string): Promise<{ key: string; keyId: string }> =>
    (await shared().call('POST', '/keys', { name, tenant: name, scopes })).body

  test('use nothing of another tenant, nor its connection over HTTP', async () => {
    const { base, cwd } = shared()
    const [one, other] = [(await makeKey('one')).key, (await makeKey('other')).key]
    const owner = await connect({ key: one, query: '?workspace=empty' })
    const { sessionId } = await owner.open(cwd)
    const stranger = await connect({ key: other })
    const load = stranger.agent.request(methods.agent.session.load, { sessionId, cwd, mcpServers: [] })
    expect(await rejection(load)).toMatchObject({ code: -32_002, data: { code: 'SESSION_NOT_FOUND' } })
    const [connectionId] = owner.connectionIds
    for (const key of [one, other]) {
      const headers = { ...headersOf(key), 'acp-connection-id': String(connectionId) }
      const response = await fetch(`${base}/doors/acp`, { method: 'DELETE', headers })
      expect(response.status).toBe(404)
    }
    expect((await owner.agent.request(methods.agent.session.list, {})).sessions).toHaveLength(1)
  })

  test('with a wrong key, or a wrong URL, get a response and no socket', async () => {
    const { base } = shared()
    const wrong = await refused(toSocketUrl(base), headersOf('wrong-key'))
    expect(wrong.status).toBe(403)
    expect(wrong.headers).toMatchObject({ connection: 'close', 'x-request-id': expect.any(String) })
    expect(JSON.parse(wrong.body)).toMatchObject({
      jsonrpc: '2.0',
      error: { code: -32_000, data: { code: 'INVALID_API_KEY' } },
    })
    expect((await refused(toSocketUrl(base), {})).status).toBe(401)
    expect((await refused(toSocketUrl(base, '?agent=x'))).body).toContain('agent: ')
    expect((await refused(`${toSocketUrl(base)}/other`)).status).toBe(404)
    expect((await refused(toSocketUrl(`${base}/other`))).status).toBe(404)
    // An ordinary path answers as ever.
    expect((await refused(`${base.replace(/^http/, 'ws')}/caller`)).status).toBe(200)
  })

  test('whose key is revoked are disconnected', async () => {
    const { key, keyId } = await makeKey('short')
    const { socket } = await connect({ key })
    const end = closed(socket)
    expect((await shared().call('DELETE', `/keys/${keyId}`)).status).toBe(204)
    const [code, reason] = await end
    expect([code, String(reason)]).toEqual([1008, 'The API key is no longer valid'])
  })
})

test('the server itself opens them, keeps them before silent connections, and stops with them', async () => {
  const home = temporaryDirectory()
  const options = {
    ...{ doors: ['acp'], auth: { apiKeys: [apiKey] }, limits: { connectionsPerAddress: 2 } },
    ...{ dataDir: join(home, 'data'), defaultCwd: home, keepSpareProcess: false },
  }
  const program = openServerProgram(options, { ...claudeEnvironment(shared().model, home), ...cheapStart })
  const [, base = ''] = /listening on (\S+)/.exec(await program.said(/listening on \S+/)) ?? []
  const { socket, agent } = await connect({ base: `${base}/api/v1` })
  for (const silent of [1, 2, 3].map(() => openConnection(Number(new URL(base).port), '127.0.0.1'))) {
    silent.on('error', () => {})
    await once(silent, 'connect')
    endsLater(() => silent.destroy())
  }
  expect((await agent.request(methods.agent.session.list, {})).sessions).toEqual([])
  const end = closed(socket)
  program.child.kill('SIGTERM')
  expect((await end)[0]).toBe(1001)
  expect(await program.ended).toBe(0)
})

test('no message of a client writes anything but lines of JSON into the log', async () => {
  const home = temporaryDirectory()
  const options = {
    ...{ doors: ['acp'], auth: { apiKeys: [apiKey] } },
    ...{ dataDir: join(home, 'data'), defaultCwd: home, keepSpareProcess: false },
  }
  const program = openServerProgram(options, { ...claudeEnvironment(shared().model, home), ...cheapStart })
  const [listening, url = ''] = /listening on (\S+)\n/.exec(await program.said(/listening on \S+\n/)) ?? []
  const base = `${url}/api/v1`
  const { socket, agent } = await connect({ base })
  const forged = 'x\n{"level":30,"msg":"FORGED LINE"}\n'
  const cancel = methods.agent.session.cancel
  const messages = [
    ...[forged, 999, null, {}].map(id => ({ id, result: {} })),
    ...[{ id: forged, error: forged }, { error: forged }, { method: forged }, { id: forged, method: forged }],
    ...[5, { [forged]: forged }, { sessionId: 'x'.repeat(2_000) }].map(params => ({
      method: cancel,
      params,
    })),
    ...[
      { id: 'x'.repeat(2_000), method: 'session/list' },
      { id: 5, method: 'initialize' },
    ],
  ].map(message => JSON.stringify({ jsonrpc: '2.0', ...message }))
  for (const message of messages) socket.send(message)
  for (const first of [...messages, '{"jsonrpc":"2.0","method":"initialize"}']) {
    const other = new WebSocket(toSocketUrl(base), { headers: headersOf(apiKey) })
    await once(other, 'open')
    other.send(first)
    other.close()
    await closed(other)
  }
  expect((await agent.request(methods.agent.session.list, {})).sessions).toEqual([])
  // The same over HTTP.
  const post = (body: string, more: Record<string, string> = {}) => {
    const headers = { ...headersOf(apiKey), 'content-type': 'application/json', ...more }
    return fetch(`${base}/doors/acp`, { method: 'POST', headers, body })
  }
  const opened = await post('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}}')
  const connection = { 'acp-connection-id': opened.headers.get('acp-connection-id') ?? '' }
  for (const message of messages) expect((await post(message, connection)).status).toBeLessThan(500)
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  const lines = (program.stdout().replace(listening ?? '', '') + program.stderr()).trim().split('\n')
  expect(lines.map(line => JSON.parse(line).msg)).not.toContain('FORGED LINE')
})

test('a server that shuts down says so, and waits for no client', async () => {
  const { close, log } = shared()
  const { socket } = await connect()
  const end = closed(socket)
  await close()
  const [code, reason] = await end
  expect([code, String(reason)]).toEqual([1001, 'The server is shutting down'])
  expect(log.faults()).toEqual([])
  const sockets = log.lines.filter(line => line.status === 101)
  expect(sockets.length).toBeGreaterThan(5)
})
