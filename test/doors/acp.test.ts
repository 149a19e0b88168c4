import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { methods, RequestError } from '@agentclientprotocol/sdk'
import { describe, expect, test } from 'vitest'
import { apiError, text, thinking, together, toolUse } from '../../src/demo/answer.ts'
import { type AcpClient, choosing, connectAcp, textOf, updatesOf } from '../support/acp-client.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'

const capabilities = {
  elicitation: { form: {} },
  fs: { readTextFile: true, writeTextFile: true },
  terminal: true,
}

/** A server, and a client that has one session open. */
const shared = openOnce(async () => {
  const server = await openServer({ doors: ['acp'] })
  const acp = await connectAcp(server.base, { capabilities })
  const opened = await acp.open(server.cwd)
  return { ...server, acp, opened, id: opened.sessionId }
})

/** Prompts, and returns the result with the updates until then. */
async function run({ prompt, updates }: AcpClient, id: string, said: string) {
  updates.length = 0
  const result = await prompt(id, said)
  return { ...result, updates: [...updates] }
}

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    value => expect.fail(`resolved with ${JSON.stringify(value)}`),
    (error: RequestError & { data: Record<string, unknown> }) => error,
  )

describe('a session', () => {
  test('says what it can do, and what can be chosen', async () => {
    const { acp, opened, cwd } = shared()
    expect(acp.initialized).toMatchObject({
      protocolVersion: 1,
      agentCapabilities: { loadSession: true, promptCapabilities: { image: true, embeddedContext: true } },
    })
    expect(opened.modes).toMatchObject({ currentModeId: 'default' })
    expect(opened.configOptions?.map(({ id }) => id)).toEqual(['mode', 'model', 'effort'])
    expect(opened._meta).toEqual({ 'claude-code-api': { cwd, preset: null } })
    await until(() => updatesOf(acp.updates, 'available_commands_update').length === 1)
    const [{ availableCommands } = { availableCommands: [] }] = updatesOf(
      acp.updates,
      'available_commands_update',
    )
    expect(availableCommands.map(({ name }) => name)).toContain('compact')
  })

  test('answers in pieces, with its thoughts; the prompt is not echoed', async () => {
    const { acp, id, model } = shared()
    model.script(
      'say it',
      together(thinking('What is it?'), text('The answer is there.', { fragmentSize: 5 })),
    )
    const { stopReason, updates, _meta } = await run(acp, id, 'say it')
    expect(stopReason).toBe('end_turn')
    expect(textOf(updates)).toBe('The answer is there.')
    expect(textOf(updates, 'agent_thought_chunk')).toBe('What is it?')
    expect(updatesOf(updates, 'agent_message_chunk').length).toBeGreaterThan(1)
    expect(textOf(updates, 'user_message_chunk')).toBe('')
    expect(_meta).toMatchObject({ 'claude-code-api': { stopReason: 'end_turn', usage: {} } })
  })

  test('shows a tool call with its diff and place, and asks before it runs', async () => {
    const { acp, id, model, cwd } = shared()
    const file = join(cwd, 'written.txt')
    writeFileSync(file, 'old')
    const read = toolUse('Read', { file_path: file })
    model.script('write it', [read, toolUse('Write', { file_path: file, content: 'new' }), text('done')])
    const asked: unknown[] = []
    acp.handlers.permission = request => {
      asked.push(request)
      return choosing('allow')
    }
    const { updates } = await run(acp, id, 'write it')
    const diff = { type: 'diff', path: file, newText: 'new' }
    const [readCall, call] = updatesOf(updates, 'tool_call')
    expect(readCall).toMatchObject({ kind: 'read', title: `Read ${file}`, locations: [{ path: file }] })
    expect(call).toMatchObject({
      name: 'Write',
      kind: 'edit',
      title: `Write ${file}`,
      status: 'in_progress',
      locations: [{ path: file }],
      content: [{ ...diff, oldText: null }],
      rawInput: { content: 'new' },
    })
    expect(asked).toMatchObject([
      {
        sessionId: id,
        toolCall: { toolCallId: call?.toolCallId, kind: 'edit', content: [diff] },
        options: [{ kind: 'allow_once' }, { kind: 'allow_always' }, { kind: 'reject_once' }],
      },
    ])
    expect(updatesOf(updates, 'tool_call_update').at(-1)).toMatchObject({
      toolCallId: call?.toolCallId,
      status: 'completed',
      content: [{ ...diff, oldText: 'old' }],
    })
    expect(readFileSync(file, 'utf8')).toBe('new')
  })

  test('does not run what is rejected, and does not ask again for what is always allowed', async () => {
    const { acp, id, model, cwd } = shared()
    const touch = (name: string) => toolUse('Bash', { command: `touch ${join(cwd, name)}` })
    model.script('reject it', [touch('rejected'), text('done')])
    model.script('always', [touch('always'), touch('always'), text('done')])
    acp.handlers.permission = () => choosing('reject')
    const rejected = await run(acp, id, 'reject it')
    expect(updatesOf(rejected.updates, 'tool_call_update')).toMatchObject([{ status: 'failed' }])
    expect(existsSync(join(cwd, 'rejected'))).toBe(false)
    let count = 0
    acp.handlers.permission = () => {
      count++
      return choosing('allow_always')
    }
    const { updates } = await run(acp, id, 'always')
    expect(updatesOf(updates, 'tool_call')).toMatchObject([
      { kind: 'execute', title: `touch ${join(cwd, 'always')}` },
      { kind: 'execute' },
    ])
    expect(count).toBe(1)
  })

  test.each([
    null,
    { outcome: null },
    { outcome: { outcome: 'selected', optionId: 'constructor' } },
    'allow',
  ])('takes the answer %j as a refusal', async answer => {
    const { acp, model, cwd } = shared()
    const { sessionId } = await acp.open(cwd)
    const file = join(cwd, 'odd')
    model.script('odd answer', [toolUse('Bash', { command: `touch ${file}` }), text('done')])
    acp.handlers.permission = async () => answer as never
    const { stopReason } = await run(acp, sessionId, 'odd answer')
    expect(stopReason).toBe('end_turn')
    expect(existsSync(file)).toBe(false)
  })

  test('cancels at the client what was answered elsewhere', async () => {
    const server = shared()
    const { acp, id, model, cwd } = server
    model.script('elsewhere', [toolUse('Bash', { command: `touch ${join(cwd, 'b')}` }), text('done')])
    const cancelled = new Promise(resolve => {
      acp.handlers.permission = (_, signal) =>
        new Promise(reply => {
          signal.addEventListener('abort', () => {
            resolve('cancelled')
            reply({ outcome: { outcome: 'cancelled' } })
          })
        })
    })
    const done = run(acp, id, 'elsewhere')
    const [request] = await pendingPermissions(server, id)
    await answer(server, request, { decision: 'deny' })
    expect(await cancelled).toBe('cancelled')
    expect(await done).toMatchObject({ stopReason: 'end_turn' })
  })

  test('is cancelled while it asks: the prompt ends as cancelled, and so does the call', async () => {
    const { acp, id, model, cwd, call } = shared()
    model.script('cancel it', [toolUse('Bash', { command: `touch ${join(cwd, 'c')}` }), text('never')])
    acp.handlers.permission = async () => {
      await acp.agent.notify(methods.agent.session.cancel, { sessionId: id })
      return { outcome: { outcome: 'cancelled' } }
    }
    const { stopReason, updates } = await run(acp, id, 'cancel it')
    expect(stopReason).toBe('cancelled')
    expect(updatesOf(updates, 'tool_call_update').at(-1)).toMatchObject({ status: 'failed' })
    const { permissions } = (await call('GET', `/sessions/${id}/permissions?status=all`)).body
    expect(permissions.at(-1).status).toBe('withdrawn')
    expect(existsSync(join(cwd, 'c'))).toBe(false)
  })

  test('is cancelled while Claude speaks', async () => {
    const { acp, id, model } = shared()
    const never = new Promise(() => {})
    model.script('speak', text('A long story.', { fragmentSize: 2, holdAfterFragments: 3, holdUntil: never }))
    acp.updates.length = 0
    const done = acp.prompt(id, 'speak')
    await until(() => textOf(acp.updates).length > 0)
    await acp.agent.notify(methods.agent.session.cancel, { sessionId: id })
    expect(await done).toMatchObject({ stopReason: 'cancelled' })
  })

  test('runs a command, and shows what it says', async () => {
    const { acp, id } = shared()
    const { stopReason, updates } = await run(acp, id, '/context')
    expect(stopReason).toBe('end_turn')
    expect(textOf(updates)).toContain('Context Usage')
    expect(await rejection(acp.prompt(id, '/config'))).toMatchObject({ code: -32_602 })
  })

  test('takes files and links of the editor, and shows them when it is loaded', async () => {
    const { acp, id, base, cwd } = shared()
    const resource = { uri: 'file:///a.ts', mimeType: 'text/plain', text: 'const a = 1' }
    await acp.agent.request(methods.agent.session.prompt, {
      sessionId: id,
      prompt: [
        { type: 'text', text: 'Look at' },
        { type: 'resource', resource },
        { type: 'resource_link', name: 'b.ts', uri: 'file:///b.ts' },
      ],
    })
    const other = await connectAcp(base)
    await other.agent.request(methods.agent.session.load, { sessionId: id, cwd, mcpServers: [] })
    const shown = updatesOf(other.updates, 'user_message_chunk').map(({ content }) => content)
    expect(shown.slice(-3)).toMatchObject([
      { type: 'text', text: 'Look at' },
      { type: 'resource', resource },
      { type: 'text', text: '[b.ts](file:///b.ts)' },
    ])
  })

  test('fails a prompt whose turn fails, with the reason', async () => {
    const { acp, id, model } = shared()
    model.script('break', apiError(400, { message: 'no such thing' }))
    const error = await rejection(acp.prompt(id, 'break'))
    expect(error).toBeInstanceOf(RequestError)
    expect(error).toMatchObject({
      code: -32_603,
      data: { code: 'MESSAGE_SEND_FAILED', reason: 'invalid_request' },
    })
    expect(error.message).toContain('refused the request')
  })
})

test('a session that is closed while Claude speaks ends its prompt as cancelled', async () => {
  const { base, id, cwd, model } = shared()
  const never = new Promise(() => {})
  model.script('talk', text('A long story.', { fragmentSize: 2, holdAfterFragments: 3, holdUntil: never }))
  const second = await connectAcp(base)
  await second.agent.request(methods.agent.session.resume, { sessionId: id, cwd, mcpServers: [] })
  const done = second.prompt(id, 'talk')
  await until(() => textOf(second.updates).length > 0)
  await second.agent.request(methods.agent.session.close, { sessionId: id })
  expect(await done).toMatchObject({ stopReason: 'cancelled' })
})

test('a session that is deleted while Claude speaks ends its prompt as cancelled', async () => {
  const { base, cwd, model } = shared()
  const never = new Promise(() => {})
  model.script('go on', text('A long story.', { fragmentSize: 2, holdAfterFragments: 3, holdUntil: never }))
  const acp = await connectAcp(base)
  const { sessionId } = await acp.open(cwd)
  const done = acp.prompt(sessionId, 'go on')
  await until(() => textOf(acp.updates).length > 0)
  await acp.agent.request(methods.agent.session.delete, { sessionId })
  expect(await done).toMatchObject({ stopReason: 'cancelled' })
  expect(await rejection(acp.prompt(sessionId, 'hello'))).toMatchObject({ code: -32_002 })
})

describe('a question', () => {
  const option = (label: string) => ({ label, description: `the ${label}` })
  const questions = [
    {
      question: 'Which color?',
      header: 'Color',
      multiSelect: false,
      options: [option('Red'), option('Blue')],
    },
    { question: 'Which sizes?', header: 'Sizes', multiSelect: true, options: [option('S'), option('L')] },
  ]

  /** Has Claude ask when the prompt is this, and say what it was told. */
  function script(said: string) {
    shared().model.script(said, ({ round, toolResults }) =>
      round === 0 ? toolUse('AskUserQuestion', { questions }) : text(`Told: ${toolResults[0]?.content}`),
    )
  }

  test('is a form where the client has them', async () => {
    const { acp, id } = shared()
    script('ask by a form')
    let form: unknown
    acp.handlers.elicitation = request => {
      form = request
      return { action: 'accept', content: { own_1: 'Green', answer_2: ['S', 'L'] } }
    }
    const { updates } = await run(acp, id, 'ask by a form')
    expect(form).toMatchObject({
      mode: 'form',
      sessionId: id,
      message: 'Which color?\nWhich sizes?',
      requestedSchema: {
        properties: {
          answer_1: { type: 'string', title: 'Color', oneOf: [{ const: 'Red' }, { const: 'Blue' }] },
          own_1: { type: 'string' },
          answer_2: { type: 'array', items: { anyOf: [{ const: 'S' }, { const: 'L' }] } },
        },
      },
    })
    expect(textOf(updates)).toMatch(/Green[\s\S]*S, L/)
    acp.handlers.elicitation = () => ({ action: 'decline' })
    expect(textOf((await run(acp, id, 'ask by a form')).updates)).toContain('The person declined')
  })

  test('is one choice after the other where it has not', async () => {
    const { base, id, cwd } = shared()
    script('ask by choices')
    const plain = await connectAcp(base)
    await plain.agent.request(methods.agent.session.resume, { sessionId: id, cwd, mcpServers: [] })
    const titles: unknown[] = []
    plain.handlers.permission = ({ toolCall, options }) => {
      titles.push([toolCall.title, options.map(({ name }) => name)])
      return choosing('answer_2')
    }
    shared().acp.handlers.elicitation = () => new Promise(() => {})
    const { updates } = await run(plain, id, 'ask by choices')
    expect(titles).toEqual([
      ['Which color?', ['Red', 'Blue', 'Do not answer']],
      ['Which sizes?', ['S', 'L', 'Do not answer']],
    ])
    expect(textOf(updates)).toMatch(/Blue[\s\S]*L/)
  })
})

test('modes and options are set; a plan is approved with the mode to continue in', async () => {
  const { acp, id, model, call } = shared()
  const { setMode, setConfigOption } = methods.agent.session
  await acp.agent.request(setMode, { sessionId: id, modeId: 'plan' })
  model.script('plan it', [toolUse('ExitPlanMode', { plan: '# The plan' }), text('As planned.')])
  let shown: unknown
  acp.handlers.permission = request => {
    shown = request
    return choosing('accept_edits')
  }
  const { updates } = await run(acp, id, 'plan it')
  expect(shown).toMatchObject({
    toolCall: { kind: 'switch_mode', content: [{ content: { text: '# The plan' } }] },
    options: [{ kind: 'allow_always' }, { kind: 'allow_once' }, { kind: 'reject_once' }],
  })
  // The client's own change before it may be told as well.
  expect(updatesOf(updates, 'current_mode_update').at(-1)).toMatchObject({ currentModeId: 'acceptEdits' })
  expect(updatesOf(updates, 'config_option_update').at(-1)).toMatchObject({
    configOptions: [{ currentValue: 'acceptEdits' }, {}, {}],
  })

  const set = (configId: string, value: string) =>
    acp.agent.request(setConfigOption, { sessionId: id, configId, value })
  const { configOptions } = await set('effort', 'low')
  expect(configOptions.map(option => option.currentValue)).toEqual(['acceptEdits', 'default', 'low'])
  expect((await call('GET', `/sessions/${id}`)).body.config.effort).toBe('low')
  await set('mode', 'default')
  expect(await rejection(set('effort', 'huge'))).toMatchObject({ code: -32_602, data: { field: 'value' } })
  expect(await rejection(set('speed', 'low'))).toMatchObject({ data: { field: 'configId' } })
  acp.updates.length = 0
  await call('PATCH', `/sessions/${id}`, { title: 'Named elsewhere' })
  await until(() => updatesOf(acp.updates, 'session_info_update').length > 0)
  expect(updatesOf(acp.updates, 'session_info_update')).toMatchObject([{ title: 'Named elsewhere' }])
})

describe('tools of the client', () => {
  test('are those that it declares, and its own methods, which ask first', async () => {
    const { acp, cwd, model } = shared()
    const weather = {
      name: 'get_weather',
      inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
    }
    const opened = await acp.open(cwd, {
      clientTools: [weather],
      clientMethods: ['fs', 'terminal'],
    })
    const told: string[] = []
    const calls = [
      toolUse('mcp__client__get_weather', { city: 'Oslo' }),
      toolUse('mcp__client__acp_read_text_file', { path: '/far/away.txt' }),
      toolUse('mcp__client__acp_write_text_file', { path: '/far/away.txt', content: 'new' }),
      toolUse('mcp__client__acp_run_command', { command: 'make', args: ['all'] }),
      toolUse('mcp__client__get_weather', { city: 'Atlantis' }),
    ]
    model.script('use them', ({ round, toolResults }) => {
      told.push(...toolResults.map(({ content }) => content))
      return calls[round] ?? text('done')
    })
    const asked: string[] = []
    acp.handlers.permission = ({ toolCall }) => {
      asked.push(String(toolCall.name))
      return choosing('allow')
    }
    const seen: unknown[] = []
    acp.handlers.other = (method, { sessionId: _, ...params }) => {
      seen.push([method, params])
      switch (method) {
        case '_claude-code-api/call_tool':
          return params.name === 'get_weather' && (params.arguments as { city: string }).city === 'Oslo'
            ? { result: 'rain' }
            : { error: 'no such city' }
        case 'fs/read_text_file':
          return { content: 'not saved' }
        case 'terminal/create':
          return { terminalId: 'term-1' }
        case 'terminal/wait_for_exit':
          return { exitCode: 2 }
        case 'terminal/output':
          return { output: 'no rule', truncated: false }
        default:
          return {}
      }
    }
    const { updates } = await run(acp, opened.sessionId, 'use them')
    expect(told).toEqual([
      'rain',
      'not saved',
      'The file is written.',
      'no rule\n[exit code 2]',
      'no such city',
    ])
    expect(asked).toEqual(['acp_write_text_file', 'acp_run_command'])
    expect(seen).toMatchObject([
      ['_claude-code-api/call_tool', { name: 'get_weather', arguments: { city: 'Oslo' } }],
      ['fs/read_text_file', { path: '/far/away.txt' }],
      ['fs/write_text_file', { path: '/far/away.txt', content: 'new' }],
      ['terminal/create', { command: 'make', args: ['all'] }],
      ['terminal/wait_for_exit', { terminalId: 'term-1' }],
      ['terminal/output', {}],
      ['terminal/release', {}],
      ['_claude-code-api/call_tool', { arguments: { city: 'Atlantis' } }],
    ])
    expect(updatesOf(updates, 'tool_call').map(({ name, kind }) => [name, kind])).toEqual([
      ['get_weather', 'other'],
      ['acp_read_text_file', 'read'],
      ['acp_write_text_file', 'edit'],
      ['acp_run_command', 'execute'],
      ['get_weather', 'other'],
    ])
  })
})

test('nothing of this was a fault of the server', () => {
  expect(shared().log.faults()).toEqual([])
})
