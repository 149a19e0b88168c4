import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { createClient } from '../support/client.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { apiKey, openServer, shareServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'
import { cheapStart, claudeEnvironment, openModel } from '../support/real-claude.ts'
import { restart } from '../support/restart.ts'

const weather = {
  name: 'get_weather',
  description: 'The weather of a city',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  readOnly: true,
}
const call = (city: unknown = 'Oslo') => toolUse('mcp__client__get_weather', { city })
const hasProcess = (id: string) => claudesOf(process.pid, id).length > 0

type Server = Pick<Awaited<ReturnType<typeof openServer>>, 'call' | 'model' | 'createSession'>

/** Has the model call the tool as often as given in one message, and collects the results that it gets. */
function script({ model }: Pick<Server, 'model'>, calls = [call()]) {
  const results: { content: string; isError: boolean }[] = []
  model.script('weather', ({ round, toolResults }) => {
    results.push(...toolResults.map(({ content, isError }) => ({ content, isError })))
    return round === 0 ? { blocks: calls.flatMap(({ blocks }) => blocks) } : text('it is known')
  })
  return results
}

async function begin({ call }: Pick<Server, 'call'>, id: string, prompt = 'weather') {
  return (await call('POST', `/sessions/${id}/messages`, { prompt, background: true })).body.turnId
}

async function ended({ call }: Pick<Server, 'call'>, id: string, turnId: string) {
  let turn = { status: '' }
  await until(async () => {
    turn = (await call('GET', `/sessions/${id}/turns/${turnId}`)).body
    return !['queued', 'running', 'requires_action'].includes(turn.status)
  })
  return turn
}

describe('a tool of the caller', () => {
  const shared = shareServer()

  test('is called, and Claude gets the result; the request says what is asked', async () => {
    const server = shared()
    const results = script(server)
    const id = await server.createSession({ clientTools: [weather] })
    const turnId = await begin(server, id)
    const [request] = await pendingPermissions(server, id)
    expect(request).toMatchObject({ kind: 'client_tool', toolName: 'get_weather', input: { city: 'Oslo' } })
    expect(request.toolUseId).toMatch(/^toolu_/)
    expect((await server.call('GET', `/sessions/${id}/turns/${turnId}`)).body.status).toBe('requires_action')
    expect((await server.call('GET', '/permissions')).body.permissions).toMatchObject([
      { toolName: 'get_weather' },
    ])
    expect((await answer(server, request, { result: 'sunny' })).body).toMatchObject({ status: 'answered' })
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    expect(results).toEqual([{ content: 'sunny', isError: false }])
    const again = await answer(server, request, { result: 'rainy' })
    expect([again.status, again.body.error.code]).toEqual([409, 'PERMISSION_ALREADY_RESOLVED'])
    expect((await server.call('GET', `/sessions/${id}/mcp`)).body.servers).toEqual([])
  })

  test('is called several times in one message, answered in any order, also with an error', async () => {
    const server = shared()
    const results = script(server, [call('Oslo'), call('Rome'), call('Lima')])
    const id = await server.createSession({ clientTools: [weather] })
    const turnId = await begin(server, id)
    const requests = await pendingPermissions(server, id, 3)
    const byCity = Object.fromEntries(requests.map(request => [request.input.city, request]))
    await answer(server, byCity.Lima as never, { result: [{ type: 'text', text: 'foggy' }] })
    await answer(server, byCity.Oslo as never, { result: 'sunny' })
    await answer(server, byCity.Rome as never, { error: 'the service is down' })
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    expect(results.toSorted((a, b) => a.content.localeCompare(b.content))).toEqual([
      { content: 'foggy', isError: false },
      { content: 'sunny', isError: false },
      { content: 'the service is down', isError: true },
    ])
  })

  test('gets only inputs that fit its schema', async () => {
    const server = shared()
    const results = script(server, [call(7)])
    const id = await server.createSession({ clientTools: [weather] })
    expect(await ended(server, id, await begin(server, id))).toMatchObject({ status: 'completed' })
    expect(results).toEqual([{ content: expect.stringContaining('city'), isError: true }])
  })

  test('is withdrawn with an interrupted turn', async () => {
    const server = shared()
    script(server)
    const id = await server.createSession({ clientTools: [weather] })
    const turnId = await begin(server, id)
    const [request] = await pendingPermissions(server, id)
    await server.call('POST', `/sessions/${id}/interrupt`, {})
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'interrupted' })
    const { body } = await server.call('GET', `/sessions/${id}/permissions/${request.permissionId}`)
    expect(body.status).toBe('withdrawn')
  })

  test('of a subagent in the background outlives the turn, and says who calls', async () => {
    const server = shared()
    const results: string[] = []
    const helper = { subagent_type: 'general-purpose', description: 'x', prompt: 'find the weather out' }
    server.model.script('delegate it', [
      toolUse('Agent', { ...helper, run_in_background: true }),
      text('It is on its way'),
    ])
    server.model.script('find the weather out', ({ round, toolResults }) => {
      results.push(...toolResults.map(({ content }) => content))
      return round === 0 ? call() : text('it is known')
    })
    const id = await server.createSession({ clientTools: [weather] })
    const turnId = await begin(server, id, 'delegate it')
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    const [request] = await pendingPermissions(server, id)
    expect(request).toMatchObject({ kind: 'client_tool', turnId: null, agentId: expect.any(String) })
    expect((await answer(server, request, { result: 'sunny' })).body).toMatchObject({ status: 'answered' })
    await until(() => results.length > 0)
    expect(results).toEqual(['sunny'])
  })

  test('can be added to a live session, and taken away', async () => {
    const server = shared()
    const results = script(server)
    const id = await server.createSession()
    await server.ask(id, 'hello')
    const patch = (clientTools: unknown) => server.call('PATCH', `/sessions/${id}`, { clientTools })
    expect((await patch([weather])).status).toBe(200)
    const turnId = await begin(server, id)
    const [request] = await pendingPermissions(server, id)
    await answer(server, request, { result: 'sunny' })
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    const { inputSchema: _, ...simple } = weather
    expect((await patch([simple, { name: 'other' }])).status).toBe(200)
    const secondId = await begin(server, id)
    await answer(server, (await pendingPermissions(server, id))[0], { result: 'rainy' })
    expect(await ended(server, id, secondId)).toMatchObject({ status: 'completed' })
    expect((await patch(null)).body.config.clientTools).toBeUndefined()
    await ended(server, id, await begin(server, id))
    expect(results.map(({ isError }) => isError)).toEqual([false, false, true])
  })

  test('does not come back as it was at first when it is taken away after a change', async () => {
    const server = shared()
    const results = script(server)
    const { inputSchema: _, ...simple } = weather
    const id = await server.createSession({ clientTools: [weather], permissionPrompts: 'ask' })
    const patch = (clientTools: unknown) => server.call('PATCH', `/sessions/${id}`, { clientTools })
    await server.ask(id, 'hello')
    await patch([simple])
    await server.ask(id, 'hello')
    await patch([])
    const turnId = await begin(server, id)
    const kinds: string[] = []
    await until(async () => {
      const { permissions } = (await server.call('GET', `/sessions/${id}/permissions`)).body
      for (const request of permissions) {
        kinds.push(request.kind)
        await answer(server, request, request.kind === 'tool' ? { decision: 'allow' } : { result: 'sunny' })
      }
      return (await server.call('GET', `/sessions/${id}/turns/${turnId}`)).body.status === 'completed'
    })
    expect(kinds).not.toContain('client_tool')
    expect(results.map(({ isError }) => isError)).toEqual([true])
  })

  test.each([
    ['clientTools[0].name', { clientTools: [{ name: 'a b' }] }],
    ['clientTools', { clientTools: [weather, weather] }],
    [
      'clientTools',
      {
        clientTools: Array.from({ length: 128 }, (_, n) => ({
          name: `t${n}`,
          description: 'x'.repeat(9_000),
        })),
      },
    ],
    ['clientTools[0].inputSchema', { clientTools: [{ name: 'a', inputSchema: { type: 'string' } }] }],
    [
      'mcpServers.client',
      { clientTools: [weather], mcpServers: { client: { type: 'http', url: 'https://example.com' } } },
    ],
    [
      'clientTools[0].inputSchema',
      {
        clientTools: [{ name: 'a', inputSchema: { type: 'object', properties: { a: { type: 'banana' } } } }],
      },
    ],
    [
      'clientTools[0].inputSchema',
      { clientTools: [{ name: 'a', inputSchema: { type: 'object', properties: 'x' } }] },
    ],
    ['clientHooks.PreToolUse[0].matcher', { clientHooks: { PreToolUse: [{ matcher: 'Bash(' }] } }],
    ['clientHooks.UserPromptSubmit[0].matcher', { clientHooks: { UserPromptSubmit: [{ matcher: 'x' }] } }],
    ['clientHooks.Stop[0].onFailure', { clientHooks: { Stop: [{ onFailure: 'block' }] } }],
  ])('bad input names %s', async (path, settings) => {
    const { status, body } = await shared().call('POST', '/sessions', settings)
    expect([status, body.error.details.issues[0].path]).toEqual([400, path])
  })

  test.each([
    ['result', {}],
    ['decision', { decision: 'allow' }],
    ['output', { output: {} }],
    ['result', { result: 'a', error: 'b' }],
  ])('an answer with a wrong %s is refused', async (path, body) => {
    const server = shared()
    script(server)
    const id = await server.createSession({ clientTools: [weather] })
    await begin(server, id)
    const [request] = await pendingPermissions(server, id)
    const refused = await answer(server, request, body)
    expect([refused.status, refused.body.error.details.issues[0].path]).toEqual([400, path])
  })
})

describe('a call of the caller`s tool waits without a process', () => {
  test('when it is the only one of its message', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const results = script(server)
    const id = await server.createSession({ clientTools: [weather] })
    const turnId = await begin(server, id)
    const [request] = await pendingPermissions(server, id)
    await until(() => !hasProcess(id))
    await answer(server, request, { result: 'sunny' })
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    expect(results).toEqual([{ content: 'sunny', isError: false }])
  })

  test('over a restart of the server', async () => {
    const server = await openServer()
    const id = await server.createSession({ clientTools: [weather] })
    script(server)
    const turnId = await begin(server, id)
    await pendingPermissions(server, id)
    const next = await restart(server)
    const results = script(next)
    const [request] = await pendingPermissions(next, id)
    await answer(next, request, { result: 'sunny' })
    expect(await ended(next, id, turnId)).toMatchObject({ status: 'completed' })
    expect(results).toEqual([{ content: 'sunny', isError: false }])
  })
})

test('a call of the caller`s tool survives that the server is killed while its process waits', async () => {
  const model = await openModel()
  const home = temporaryDirectory()
  const options = { ...{ dataDir: `${home}/data`, defaultCwd: home }, auth: { apiKeys: [apiKey] } }
  const start = async () => {
    const program = openServerProgram(options, { ...claudeEnvironment(model, home), ...cheapStart })
    const [, url = ''] = /listening on (\S+)/.exec(await program.said(/listening on \S+/)) ?? []
    return { program, model, ...createClient(`${url}/api/v1`, apiKey) }
  }
  const first = await start()
  const results = script(first)
  const id = await first.createSession({ clientTools: [weather] })
  const turnId = await begin(first, id)
  await pendingPermissions(first, id)
  expect(claudesOf(first.program.child.pid ?? 0, id)).toHaveLength(1)
  first.program.child.kill('SIGKILL')
  await first.program.ended
  const second = await start()
  const [request] = await pendingPermissions(second, id)
  await answer(second, request, { result: 'sunny' })
  expect(await ended(second, id, turnId)).toMatchObject({ status: 'completed' })
  // The orphan may have told the model of a failed call before it ended; that is not part of the conversation.
  expect(results.at(-1)).toEqual({ content: 'sunny', isError: false })
  const history = JSON.stringify((await second.call('GET', `/sessions/${id}/messages`)).body)
  expect(history).toContain('sunny')
  expect(history).not.toContain('ECONNRESET')
  second.program.child.kill('SIGTERM')
  expect(await second.program.ended).toBe(0)
})

describe('a hook of the caller', () => {
  const shared = shareServer()
  const writes = ({ model, cwd }: ReturnType<typeof shared>, name: string) => {
    const told: string[] = []
    model.script(`write ${name}`, ({ round, toolResults }) => {
      told.push(...toolResults.map(({ content }) => content))
      return round === 0 ? toolUse('Write', { file_path: `${cwd}/${name}`, content: 'a' }) : text('done')
    })
    return told
  }

  test('refuses a tool call, with its reason', async () => {
    const server = shared()
    const told = writes(server, 'refused')
    const clientHooks = { PreToolUse: [{ matcher: 'Write' }] }
    const id = await server.createSession({ clientHooks, permissionMode: 'acceptEdits' })
    const turnId = await begin(server, id, 'write refused')
    const [request] = await pendingPermissions(server, id)
    expect(request).toMatchObject({ kind: 'hook', toolName: 'Write', hook: { event: 'PreToolUse' } })
    expect(JSON.stringify(request)).not.toContain('transcript_path')
    const output = {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: 'not on a Friday',
      },
    }
    await answer(server, request, { output })
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    expect(told).toEqual([expect.stringContaining('not on a Friday')])
  })

  test('blocks where it fails, if it says so; otherwise Claude continues', async () => {
    const server = shared()
    for (const onFailure of ['block', 'continue']) {
      const told = writes(server, `failing-${onFailure}`)
      const clientHooks = { PreToolUse: [{ matcher: 'Write', onFailure }] }
      const id = await server.createSession({ clientHooks, permissionMode: 'acceptEdits' })
      const turnId = await begin(server, id, `write failing-${onFailure}`)
      const [request] = await pendingPermissions(server, id)
      await answer(server, request, { error: 'the policy service is down' })
      expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
      expect(told[0]?.includes('policy service')).toBe(onFailure === 'block')
    }
  })

  test('adds context to a prompt, and to the result of a tool', async () => {
    const server = shared()
    writes(server, 'context')
    const clientHooks = { UserPromptSubmit: [{}], PostToolUse: [{}] }
    const id = await server.createSession({ clientHooks, permissionMode: 'acceptEdits' })
    const turnId = await begin(server, id, 'write context')
    for (const hookEventName of ['UserPromptSubmit', 'PostToolUse']) {
      const [request] = await pendingPermissions(server, id)
      expect(request.hook?.event).toBe(hookEventName)
      const refused = await answer(server, request, {
        output: { hookSpecificOutput: { hookEventName: 'Stop' } },
      })
      expect(refused.body.error.details.issues[0].path).toBe('output.hookSpecificOutput.hookEventName')
      const output = {
        hookSpecificOutput: { hookEventName, additionalContext: `context of ${hookEventName}` },
      }
      expect((await answer(server, request, { output })).status).toBe(200)
    }
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
  })

  test('waits without a process before a tool call', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const told = writes(server as never, 'parked')
    const clientHooks = { PreToolUse: [{ matcher: 'Write', timeoutMs: 600_000 }] }
    const id = await server.createSession({ clientHooks, permissionMode: 'acceptEdits' })
    const turnId = await begin(server, id, 'write parked')
    const [request] = await pendingPermissions(server, id)
    await until(() => !hasProcess(id))
    await answer(server, request, { output: {} })
    expect(await ended(server, id, turnId)).toMatchObject({ status: 'completed' })
    expect(told).toEqual([expect.stringContaining('created')])
    expect((await server.call('GET', `/sessions/${id}/permissions?status=all`)).body.pagination.total).toBe(1)
  })
})
