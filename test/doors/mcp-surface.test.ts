import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SdkHttpError } from '@modelcontextprotocol/client'
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openOnce } from '../support/lifetime.ts'
import { openClient, openModernClient } from '../support/mcp-clients.ts'
import { apiKey, openServer, shareServer } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const server = shareServer({ doors: ['mcp'] })
const url = () => `${server().base}/doors/mcp`
const openOurs = () => openClient({ url: url(), key: apiKey })

/** A session in which a turn has written a file. */
const worked = openOnce(async () => {
  const { model, createSession, ask } = server()
  const sessionId = await createSession({
    title: 'Poems',
    workspace: { type: 'empty' },
    permissionMode: 'acceptEdits',
    tags: ['poetry'],
  })
  const { cwd } = (await server().call('GET', `/sessions/${sessionId}`)).body.config
  model.script('write a poem', [
    toolUse('Write', { file_path: join(cwd, 'poem.txt'), content: 'Röslein\n' }),
    text('It is written.'),
  ])
  const { turnId } = (await ask(sessionId, 'write a poem')).body
  writeFileSync(join(cwd, 'data.bin'), Buffer.from([0, 1, 2, 255]))
  const pixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  writeFileSync(join(cwd, 'pixel.png'), Buffer.from(pixel, 'base64'))
  return { sessionId, turnId: turnId as string, pixel }
})

describe('what a session has', () => {
  test('is listed, with pages', async () => {
    const { sessionId } = worked()
    const { call } = await openOurs()
    const { data, text } = await call('list_sessions', { tag: ['poetry'] })
    expect(data).toMatchObject({ total: 1, sessions: [{ sessionId, title: 'Poems' }] })
    expect(text).toContain(`${sessionId} idle`)
    expect((await call('list_presets')).data).toEqual({ presets: [], nextCursor: null })
  })

  test('is not read outside of its directory', async () => {
    const { sessionId } = worked()
    const { client } = await openOurs()
    for (const path of ['%2Fetc%2Fpasswd', '..%2F..%2Fetc%2Fpasswd']) {
      const uri = `claude-code://sessions/${sessionId}/files/${path}`
      await expect(client.readResource({ uri })).rejects.toMatchObject({ code: -32_602 })
    }
  })

  test('is read: the conversation and the events', async () => {
    const { sessionId, turnId } = worked()
    const { call } = await openOurs()
    const history = await call('read_history', { sessionId })
    expect(history.text).toMatch(
      /user:\nwrite a poem\n\n.*assistant:\n\* Write .*poem\.txt[\s\S]*It is written\./,
    )
    const page = await call('read_history', { sessionId, limit: 1 })
    const { messages, nextCursor } = page.data
    expect(messages).toMatchObject([{ role: 'user', text: 'write a poem', turnId }])
    expect(page.text).toMatch(/write a poem\n\n\[more follows: /)
    const rest = await call('read_history', { sessionId, cursor: nextCursor })
    expect(rest.text).not.toContain('write a poem')
    const first = await call('follow_events', { sessionId, limit: 3 })
    expect(first.data.events[0]).toMatchObject({ type: 'session.created' })
    const { nextAfter } = first.data
    expect(nextAfter).toBe(first.data.events.at(-1).sequence)
    const second = await call('follow_events', { sessionId, after: nextAfter })
    expect(second.data.events.at(-1)).toMatchObject({ type: 'turn.completed', turnId })
    for (const { sequence, type } of second.data.events)
      expect(second.text).toContain(`${sequence} ${type} {`)
    expect(second.text).toContain('It is written.')
    expect(second.text).toContain(`[continue with after ${second.data.nextAfter}]`)
    const none = await call('follow_events', { sessionId, after: second.data.nextAfter, waitSeconds: 0 })
    expect(none.data).toEqual({ events: [], nextAfter: second.data.nextAfter })
  })

  test('is read: files and differences', async () => {
    const { sessionId, turnId, pixel } = worked()
    const { call } = await openOurs()
    expect((await call('list_files', { sessionId })).text.split('\n')).toEqual([
      'data.bin 4',
      'pixel.png 70',
      'poem.txt 9',
    ])
    const poem = await call('read_file', { sessionId, path: 'poem.txt' })
    expect(poem).toMatchObject({ text: 'Röslein\n', data: { bytes: 9, sizeBytes: 9 } })
    const part = await call('read_file', { sessionId, path: 'poem.txt', offset: 2, maxBytes: 3 })
    expect(part.data).toMatchObject({ text: 'sl', sizeBytes: 9, nextOffset: 5 })
    expect(part.content[0].text).toBe('sl')
    const image = await call('read_file', { sessionId, path: 'pixel.png' })
    expect(image.content).toEqual([{ type: 'image', data: pixel, mimeType: 'image/png' }])
    const bytes = await call('read_file', { sessionId, path: 'data.bin' })
    expect(bytes.content).toMatchObject([{ type: 'resource', resource: { blob: 'AAEC/w==' } }])
    for (const since of [undefined, turnId]) {
      expect((await call('read_diff', { sessionId, since })).text).toContain('+Röslein')
    }
    const outside = await call('read_file', { sessionId, path: '/etc/passwd' })
    expect(outside).toMatchObject({ isError: true, text: expect.stringMatching(/^[A-Z_]+: /) })
  })

  test('is read as resources, by both clients', async () => {
    const { sessionId, turnId } = worked()
    const root = `claude-code://sessions/${sessionId}`
    const { client } = await openOurs()
    const { client: modern } = await openModernClient({ url: url(), key: apiKey })
    const { resourceTemplates } = await client.listResourceTemplates()
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'claude-code://sessions/{sessionId}/transcript',
      'claude-code://sessions/{sessionId}/diff',
      'claude-code://sessions/{sessionId}/turns/{turnId}/diff',
      'claude-code://sessions/{sessionId}/files/{+path}',
    ])
    for (const one of [client, modern] as (typeof client)[]) {
      const { resources } = await one.listResources()
      expect(resources).toContainEqual(
        expect.objectContaining({ uri: `${root}/transcript`, title: 'Transcript: Poems' }),
      )
      const read = async (uri: string) => (await one.readResource({ uri })).contents[0]
      expect(await read(`${root}/transcript`)).toMatchObject({
        mimeType: 'text/markdown',
        text: expect.stringContaining('It is written.'),
      })
      expect(await read(`${root}/diff`)).toMatchObject({ text: expect.stringContaining('+Röslein') })
      expect(await read(`${root}/turns/${turnId}/diff`)).toMatchObject({
        text: expect.stringContaining('+Röslein'),
      })
      expect(await read(`${root}/files/poem.txt`)).toMatchObject({ text: 'Röslein\n' })
      await expect(one.readResource({ uri: 'claude-code://sessions/none/transcript' })).rejects.toMatchObject(
        {
          code: -32_602,
          message: expect.stringContaining('Session not found'),
        },
      )
    }
  })
})

test('tools say whether they change something, and their inputs are closed', async () => {
  const { client } = await openOurs()
  const { tools } = await client.listTools()
  const readers = tools.filter(({ annotations }) => annotations?.readOnlyHint).map(({ name }) => name)
  expect(readers.sort()).toEqual([
    'follow_events',
    'list_files',
    'list_presets',
    'list_requests',
    'list_sessions',
    'read_diff',
    'read_file',
    'read_history',
  ])
  for (const { inputSchema } of tools) expect(inputSchema.additionalProperties).toBe(false)
  const start = tools.find(({ name }) => name === 'start_session')
  expect(start?.inputSchema.properties?.workspace).toMatchObject({
    type: 'object',
    properties: { type: { enum: ['directory', 'empty', 'git', 'worktree'] } },
  })
})

const scopes = ['sessions:read', 'sessions:write', 'permissions:answer', 'workspace:read']

test('a tenant sees nothing of another one', async () => {
  const { sessionId, turnId } = worked()
  const { key } = (await server().call('POST', '/keys', { name: 'other', tenant: 'other', scopes })).body
  for (const open of [openClient, openModernClient]) {
    const { call, client } = await open({ url: url(), key })
    expect((await call('list_sessions', { status: 'all' })).data.sessions).toEqual([])
    for (const [tool, input] of [
      ['prompt', { prompt: 'hello' }],
      ['wait_for_turn', { turnId }],
      ['interrupt', {}],
      ['read_history', {}],
      ['follow_events', {}],
      ['read_file', { path: 'poem.txt' }],
      ['answer_request', { requestId: turnId, decision: 'allow' }],
    ] as const) {
      const { isError, text } = await call(tool, { sessionId, ...input })
      expect([tool, isError, text]).toEqual([tool, true, expect.stringMatching(/^SESSION_NOT_FOUND: /)])
    }
    const uri = `claude-code://sessions/${sessionId}/transcript`
    await expect(
      (client as { readResource(params: object): Promise<unknown> }).readResource({ uri }),
    ).rejects.toThrow('not found')
  }
})

test('a key that is bound to a session has the tools for that session', async () => {
  const { sessionId } = worked()
  const { key } = (await server().call('POST', '/keys', { name: 'bound', sessionId, scopes })).body
  const { call } = await openClient({ url: url(), key })
  expect((await call('read_history', { sessionId })).text).toContain('It is written.')
  const refused = await call('start_session')
  expect(refused).toMatchObject({ isError: true, text: expect.stringMatching(/^SCOPE_REQUIRED: /) })
})

test('ids that a client made up give no right', async () => {
  const { sessionId, turnId } = worked()
  const { key } = (await server().call('POST', '/keys', { name: 'third', tenant: 'third', scopes })).body
  const position = { sessionId, turnId, after: 0, asked: [], until: null }
  const eventId = Buffer.from(JSON.stringify({ id: 7, tool: 'prompt', position })).toString('base64url')
  const headers = {
    authorization: `Bearer ${key}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': '2025-11-25',
  }
  const resumed = await fetch(url(), { headers: { ...headers, 'last-event-id': eventId } })
  expect(await resumed.text()).toMatch(/"text":"(SESSION|TURN)_NOT_FOUND/)
  const body = { jsonrpc: '2.0', id: `elicitation:${sessionId}:${turnId}`, result: { action: 'decline' } }
  const answered = await fetch(url(), { method: 'POST', headers, body: JSON.stringify(body) })
  expect([answered.status, await answered.text()]).toEqual([
    400,
    expect.stringContaining('SESSION_NOT_FOUND'),
  ])
  const lost = { method: 'POST', headers: { ...headers, 'mcp-session-id': 'of another server' } }
  expect((await fetch(url(), { ...lost, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })).status).toBe(404)
  expect((await fetch(url(), { headers: { ...headers, 'last-event-id': 'abc' } })).status).toBe(400)
  expect((await fetch(url(), { headers })).status).toBe(405)
  expect((await fetch(url(), { method: 'POST', headers, body: '{' })).status).toBe(400)
})

test.each([['wrong'], [undefined]])('the key %j is an error of authentication to each client', async key => {
  const old = openClient({ url: url(), key })
  await expect(old).rejects.toThrow(StreamableHTTPError)
  await expect(old).rejects.toMatchObject({ code: 401, message: expect.stringMatching(/API key/) })
  const modern = openModernClient({ url: url(), key })
  await expect(modern).rejects.toThrow(SdkHttpError)
  await expect(modern).rejects.toMatchObject({ code: 'CLIENT_HTTP_AUTHENTICATION', status: 401 })
})

/**
 * Scenarios of the conformance suite that need a server with particular tools, resources and prompts, or capabilities
 * that this door does not declare: logging, completions and subscriptions.
 */
const notForThisDoor = `server:
  - logging-set-level
  - completion-complete
  - tools-call-simple-text
  - tools-call-image
  - tools-call-audio
  - tools-call-embedded-resource
  - tools-call-mixed-content
  - tools-call-with-logging
  - tools-call-error
  - tools-call-with-progress
  - tools-call-sampling
  - tools-call-elicitation
  - json-schema-2020-12
  - elicitation-sep1034-defaults
  - elicitation-sep1330-enums
  - server-sse-polling
  - resources-read-text
  - resources-read-binary
  - resources-templates-read
  - resources-subscribe
  - resources-unsubscribe
  - prompts-list
  - prompts-get-simple
  - prompts-get-with-args
  - prompts-get-embedded-resource
  - prompts-get-with-image
`

test('the conformance suite finds no fault in the protocol', async () => {
  // The suite cannot send a key.
  const { base } = await openServer({ doors: ['mcp'], auth: { enabled: false } })
  const directory = temporaryDirectory()
  const baseline = join(directory, 'expected.yml')
  writeFileSync(baseline, notForThisDoor)
  const suite = join(
    import.meta.dirname,
    '../../node_modules/@modelcontextprotocol/conformance/dist/index.js',
  )
  const options = ['--url', `${base}/doors/mcp`, '--suite', 'all', '--expected-failures', baseline]
  const { promise, resolve } = Promise.withResolvers<string>()
  const env = { PATH: '/usr/bin:/bin' }
  execFile(process.execPath, [suite, 'server', ...options], { env, cwd: directory }, (error, out) =>
    resolve(error ? `${error.message}\n${out}` : out),
  )
  const report = await promise
  expect(report).not.toMatch(/Command failed/)
  for (const scenario of [
    'server-initialize',
    'ping',
    'tools-list',
    'resources-list',
    'server-sse-multiple-streams',
    'dns-rebinding-protection',
  ]) {
    expect(report).toMatch(new RegExp(`✓ ${scenario}: [12] passed, 0 failed`))
  }
})
