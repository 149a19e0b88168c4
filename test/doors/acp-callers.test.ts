import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type McpServer, methods, type RequestError } from '@agentclientprotocol/sdk'
import { createHttpStream } from '@agentclientprotocol/sdk/experimental/http-client'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { type AcpClient, choosing, connectAcp, textOf, updatesOf } from '../support/acp-client.ts'
import { openOnce } from '../support/lifetime.ts'
import { apiKey, openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { pendingPermissions } from '../support/permissions.ts'

const shared = openOnce(async () => {
  const mcp = await openMcpServer()
  const server = await openServer({ doors: ['acp'], allowedPrivateHosts: [mcp.host] })
  return { ...server, mcp }
})

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    value => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (error: RequestError & { status?: number; data: Record<string, unknown> }) => error,
  )

const load = ({ agent }: AcpClient, sessionId: string, cwd = shared().cwd) =>
  agent.request(methods.agent.session.load, { sessionId, cwd, mcpServers: [] })

describe('a client that comes back', () => {
  test('gets the conversation, what is asked, and the rest of the turn that runs', async () => {
    const { base, cwd, model } = shared()
    const held = Promise.withResolvers<void>()
    const file = join(cwd, 'resumed')
    model.script('begin', [
      toolUse('Bash', { command: `touch ${file}` }),
      text('First half, second half.', { fragmentSize: 4, holdAfterFragments: 3, holdUntil: held.promise }),
    ])
    model.script('before', text('That was before.'))
    const first = await connectAcp(base)
    const { sessionId } = await first.open(cwd)
    await first.prompt(sessionId, 'before')
    const asked = Promise.withResolvers<void>()
    first.handlers.permission = () => {
      asked.resolve()
      return new Promise(() => {})
    }
    const lost = rejection(first.prompt(sessionId, 'begin'))
    await asked.promise
    first.connection.close()
    expect(await lost).toBeInstanceOf(Error)

    const second = await connectAcp(base)
    second.handlers.permission = () => choosing('allow')
    await load(second, sessionId)
    expect(textOf(second.updates, 'user_message_chunk')).toBe('beforebegin')
    expect(textOf(second.updates)).toBe('That was before.')
    expect(updatesOf(second.updates, 'tool_call')).toMatchObject([{ kind: 'execute' }])
    await until(() => textOf(second.updates).includes('First half'))
    expect(existsSync(file)).toBe(true)

    // A third one joins in the middle of a message.
    const third = await connectAcp(base)
    await load(third, sessionId)
    held.resolve()
    for (const client of [second, third]) {
      await until(() => textOf(client.updates) === 'That was before.First half, second half.')
      expect(updatesOf(client.updates, 'tool_call_update')).toMatchObject([{ status: 'completed' }])
    }
    // Prompts of one client are shown by the others.
    await second.prompt(sessionId, 'before')
    await until(() => textOf(third.updates, 'user_message_chunk') === 'beforebeginbefore')
    expect(textOf(second.updates, 'user_message_chunk')).toBe('beforebegin')
    await second.agent.request(methods.agent.session.close, { sessionId })
    expect(await rejection(second.prompt(sessionId, 'before'))).toMatchObject({ code: -32_002 })
  })

  test('finds its sessions in a list, and leaves those that it deletes', async () => {
    const { base, cwd } = shared()
    const acp = await connectAcp(base)
    const { list, delete: remove } = methods.agent.session
    const { sessionId } = await acp.open(cwd, { title: 'To be found' })
    const { sessions } = await acp.agent.request(list, { cwd })
    expect(sessions.find(session => session.sessionId === sessionId)).toMatchObject({
      cwd,
      title: 'To be found',
      updatedAt: expect.any(String),
    })
    expect((await acp.agent.request(list, { cwd: '/elsewhere' })).sessions).toEqual([])
    await acp.agent.request(remove, { sessionId })
    const left = (await acp.agent.request(list, {})).sessions
    expect(left.map(session => session.sessionId)).not.toContain(sessionId)
    expect(await rejection(load(acp, 'b3bb1a0c-2b1f-4e6a-9d0e-111111111111'))).toMatchObject({
      code: -32_002,
      data: { code: 'SESSION_NOT_FOUND' },
    })
  })
})

describe('callers', () => {
  test('see and use nothing of another tenant, nor the connection of another key', async () => {
    const { base, cwd, call } = shared()
    const scopes = ['sessions:read', 'sessions:write', 'permissions:answer']
    const makeKey = async (tenant: string) =>
      (await call('POST', '/keys', { name: tenant, tenant, scopes })).body.key
    const [one, other] = [await makeKey('one'), await makeKey('other')]
    const owner = await connectAcp(base, { key: one, query: '?workspace=empty' })
    const { sessionId } = await owner.open(cwd)
    const stranger = await connectAcp(base, { key: other })
    expect((await stranger.agent.request(methods.agent.session.list, {})).sessions).toEqual([])
    expect(await rejection(load(stranger, sessionId))).toMatchObject({ code: -32_002 })

    // The transport of a third connection, which is used with both keys.
    const opened = await fetch(`${base}/doors/acp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${one}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: 1 } }),
    })
    const connectionId = opened.headers.get('acp-connection-id') ?? ''
    const statusWith = async (method: string, key: string) => {
      const headers = {
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'acp-connection-id': connectionId,
      }
      const body = method === 'POST' ? '{"jsonrpc":"2.0","id":2,"method":"session/list","params":{}}' : null
      const response = await fetch(`${base}/doors/acp`, { method, headers, body })
      await response.body?.cancel()
      return response.status
    }
    for (const method of ['GET', 'POST', 'DELETE']) expect(await statusWith(method, other)).toBe(404)
    expect(await statusWith('POST', one)).toBe(202)
    expect(await statusWith('DELETE', one)).toBe(202)
    expect(await statusWith('POST', one)).toBe(404)
  })

  test('do what their scopes allow', async () => {
    const { base, cwd, call, log } = shared()
    const { sessionId } = await (await connectAcp(base)).open(cwd)
    const body = { name: 'reader', scopes: ['sessions:read'] }
    const reader = await connectAcp(base, { key: (await call('POST', '/keys', body)).body.key })
    await load(reader, sessionId)
    const refused = { code: -32_602, data: { code: 'SCOPE_REQUIRED' } }
    expect(await rejection(reader.prompt(sessionId, 'hello'))).toMatchObject(refused)
    expect(await rejection(reader.open(cwd))).toMatchObject(refused)
    // A notification has no answer, and its refusal is not a fault of the server.
    const isRefused = ({ operation, status }: Record<string, unknown>) =>
      operation === 'interruptSession' && status === 403
    expect(log.lines.some(isRefused)).toBe(false)
    await reader.agent.notify(methods.agent.session.cancel, { sessionId })
    await until(() => log.lines.some(isRefused))
  })

  test('with a wrong key are refused by the transport, as the protocol has it', async () => {
    const { base } = shared()
    const error = await rejection(connectAcp(base, { key: 'wrong-key' }))
    expect(error).toMatchObject({
      message: expect.stringContaining('ACP initialize failed: 403'),
      status: 403,
    })
    const { body } = error as unknown as { body: string }
    expect(JSON.parse(body)).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32_000, data: { code: 'INVALID_API_KEY' } },
    })
  })
})

describe('what cannot be done is refused by its name', () => {
  test('in the URL', async () => {
    const { base } = shared()
    for (const [query, field] of [
      ['?agent=x', 'agent'],
      ['?workspace=new', 'workspace'],
      ['?workspace=empty&cwd=/tmp', 'workspace'],
      ['?clientMethods=fs,mouse', 'clientMethods'],
    ] as const) {
      const error = await rejection(connectAcp(base, { query }))
      expect(error.status, query).toBe(400)
      expect(error.message).toContain(`${field}: `)
    }
  })

  test('in a new session', async () => {
    const { base, cwd } = shared()
    const acp = await connectAcp(base)
    const create = (params: object) =>
      rejection(acp.agent.request(methods.agent.session.new, { cwd, mcpServers: [], ...params }))
    const ours = (fields: object) => ({ _meta: { 'claude-code-api': fields } })
    const server = { name: 'a', url: 'http://127.0.0.1:1', headers: [] }
    const http = { type: 'http' as const, ...server }
    expect(await create({ cwd: '/' })).toMatchObject({ code: -32_602, data: { code: 'CWD_NOT_ALLOWED' } })
    // The server's own directory, from which the API would resolve it, stays out of the answer.
    for (const relative of ['../shop', 'C:\\shop']) {
      const message = 'cwd: must be an absolute path of the server'
      expect(await create({ cwd: relative })).toMatchObject({
        code: -32_602,
        message,
        data: { field: 'cwd' },
      })
    }
    expect(await create({ additionalDirectories: ['.'] })).toMatchObject({
      data: { field: 'additionalDirectories[0]' },
    })
    expect((await create({ mcpServers: [http, http] })).message).toContain('mcpServers[1].name')
    expect((await create(ours({ colour: 'red' }))).message).toContain('colour')
    for (const clientTools of [5, true, {}]) {
      expect(await create(ours({ clientTools }))).toMatchObject({
        code: -32_602,
        data: { field: '_meta.claude-code-api.clientTools' },
      })
    }
    for (const own of [5, 'x', []]) {
      expect(await create({ _meta: { 'claude-code-api': own } })).toMatchObject({
        code: -32_602,
        data: { field: '_meta.claude-code-api' },
      })
    }
    expect((await create(ours({ clientHooks: {} }))).message).toContain('clientHooks')
    expect((await create(ours({ clientMethods: ['terminal'] }))).message).toContain('has no terminal')
    for (const preset of ['Not a name', 'nobody@0', 5]) {
      const refused = { code: -32_602, data: { field: '_meta.claude-code-api.preset' } }
      expect(await create(ours({ preset }))).toMatchObject(refused)
    }
    expect(await create(ours({ preset: 'nobody' }))).toMatchObject({ data: { code: 'PRESET_NOT_FOUND' } })
    expect((await create({ cwd: 5 })).data).toMatchObject({ cwd: {} })
    expect(await rejection(acp.agent.request('auth/status', {}))).toMatchObject({ code: -32_601 })
  })

  test('in prompts, modes and other places of a session', async () => {
    const { base, cwd } = shared()
    const acp = await connectAcp(base)
    const { sessionId } = await acp.open(cwd)
    const { prompt, setMode } = methods.agent.session
    const audio = { type: 'audio' as const, data: 'AAAA', mimeType: 'audio/wav' }
    const image = { type: 'image' as const, data: 'AAAA', mimeType: 'image/bmp' }
    const send = (...blocks: (typeof audio | typeof image)[]) =>
      rejection(acp.agent.request(prompt, { sessionId, prompt: blocks }))
    expect(await send(audio)).toMatchObject({ code: -32_602, data: { field: 'prompt[0].type' } })
    expect(await send(image)).toMatchObject({ data: { field: 'prompt[0].mimeType' } })
    expect(await rejection(acp.agent.request(setMode, { sessionId, modeId: 'fast' }))).toMatchObject({
      data: { field: 'modeId' },
    })
    const moved = await rejection(load(acp, sessionId, '/tmp'))
    expect(moved).toMatchObject({ data: { field: 'cwd' } })
    expect(moved.message).toContain(cwd)
    const { load: loadMethod } = methods.agent.session
    const wider = { sessionId, cwd, mcpServers: [], additionalDirectories: ['/tmp'] }
    expect(await rejection(acp.agent.request(loadMethod, wider))).toMatchObject({
      data: { field: 'additionalDirectories' },
    })
  })
})

test('a preset says what the agent is, and an MCP server of the client asks by a form', async () => {
  const { base, cwd, mcp, model, call } = shared()
  const configuration = { allowedTools: ['mcp__people'], workspace: { type: 'empty' }, model: 'sonnet' }
  await call('POST', '/presets', { name: 'asker', configuration })
  model.script('go', ({ round, toolResults }) =>
    round === 0
      ? toolUse('mcp__people__ask_person', { message: 'Who is there?' })
      : text(`Said: ${toolResults[0]?.content}`),
  )
  const acp = await connectAcp(base, { query: '?preset=asker', capabilities: { elicitation: { form: {} } } })
  const people: McpServer = { type: 'http', name: 'people', url: mcp.url, headers: [] }
  const opened = await acp.agent.request(methods.agent.session.new, { cwd, mcpServers: [people] })
  expect(opened._meta).toMatchObject({ 'claude-code-api': { preset: { name: 'asker', version: 1 } } })
  expect(opened._meta).not.toMatchObject({ 'claude-code-api': { cwd } })
  expect(opened.configOptions?.map(option => option.currentValue)).toEqual(['default', 'sonnet', 'default'])
  let form: unknown
  acp.handlers.elicitation = request => {
    form = request
    return { action: 'accept', content: { name: 'Minka', colour: 'red' } }
  }
  await acp.prompt(opened.sessionId, 'go')
  expect(form).toMatchObject({
    mode: 'form',
    message: 'people: Who is there?',
    requestedSchema: { properties: { name: {} } },
  })
  expect(textOf(acp.updates)).toContain('"action":"accept"')
  expect(textOf(acp.updates)).toContain('Minka')

  // A client without forms can only decline.
  const plain = await connectAcp(base)
  await plain.agent.request(methods.agent.session.resume, {
    sessionId: opened.sessionId,
    cwd: (opened._meta as { 'claude-code-api': { cwd: string } })['claude-code-api'].cwd,
    mcpServers: [],
  })
  acp.handlers.elicitation = () => new Promise(() => {})
  plain.handlers.permission = ({ options }) => choosing(options[0]?.optionId ?? '')
  await plain.prompt(opened.sessionId, 'go')
  expect(textOf(plain.updates)).toContain('"action":"decline"')
})

test('a connection ends with its stream, and its sessions are followed no longer', async () => {
  const server = shared()
  const { base, cwd, model, call, log } = server
  model.script('alone', [toolUse('Bash', { command: 'true > alone' }), text('done')])
  const url = `${base}/doors/acp`
  const headers = { authorization: `Bearer ${apiKey}` }
  let connectionId = ''
  const withoutDelete = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    if (request.method === 'DELETE') return new Response(null, { status: 202 })
    const response = await fetch(request)
    connectionId = response.headers.get('acp-connection-id') ?? connectionId
    return response
  }
  const acp = await connectAcp(base, { stream: createHttpStream(url, { headers, fetch: withoutDelete }) })
  acp.handlers.permission = () => new Promise(() => {})
  const { sessionId } = await acp.open(cwd)
  const lost = rejection(acp.prompt(sessionId, 'alone'))
  await pendingPermissions(server, sessionId)
  // A stream is in the log when it is over.
  const followed = () =>
    log.lines.filter(({ path, msg }) => msg === 'request' && path === `/sessions/${sessionId}/events`)
  expect(followed()).toEqual([])
  acp.connection.close()
  await lost
  await until(() => followed().length === 1)
  const body = '{"jsonrpc":"2.0","id":9,"method":"session/list","params":{}}'
  const sent = { ...headers, 'content-type': 'application/json', 'acp-connection-id': connectionId }
  expect((await fetch(url, { method: 'POST', headers: sent, body })).status).toBe(404)
  // The turn waits for others.
  expect((await call('GET', `/sessions/${sessionId}`)).body.state).toBe('requires_action')
  const again = await connectAcp(base)
  again.handlers.permission = () => choosing('reject')
  await load(again, sessionId)
  await until(() => textOf(again.updates) === 'done')
})

test('nothing of this was a fault of the server', () => {
  expect(shared().log.faults()).toEqual([])
})
