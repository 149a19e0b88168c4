import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as sdk from '@anthropic-ai/claude-agent-sdk'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type * as ours from '../../src/agent-sdk/index.ts'
import { createQuery, createSdkMcpServer, NotSupportedError, tool } from '../../src/agent-sdk/index.ts'
import { text, toolUse } from '../../src/demo/answer.ts'
import { apiKey, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { examples, runExample } from '../support/run-example.ts'
import { sentTo } from '../support/sent-to-model.ts'

const server = shareServer({ record: true, allowedAgentEnv: ['COLOUR'] })
const connect = (key = apiKey) => createQuery({ baseUrl: server().base, apiKey: key })

async function read(conversation: sdk.Query): Promise<sdk.SDKMessage[]> {
  const messages: sdk.SDKMessage[] = []
  for await (const message of conversation) messages.push(message)
  return messages
}

/** A PNG of one pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const resultIn = (messages: readonly sdk.SDKMessage[]) =>
  messages.find(message => message.type === 'result' && message.subtype === 'success') as
    | sdk.SDKResultSuccess
    | undefined

test('the types are those of the SDK', () => {
  expectTypeOf<typeof ours.query>().toEqualTypeOf<typeof sdk.query>()
  expectTypeOf<typeof ours.tool>().toEqualTypeOf<typeof sdk.tool>()
  expectTypeOf<typeof ours.createSdkMcpServer>().toEqualTypeOf<typeof sdk.createSdkMcpServer>()
  expectTypeOf<InstanceType<typeof ours.AbortError>>().toEqualTypeOf<InstanceType<typeof sdk.AbortError>>()
  expectTypeOf<ours.SDKMessage>().toEqualTypeOf<sdk.SDKMessage>()
  expectTypeOf<ours.Options>().toEqualTypeOf<sdk.Options>()
  expectTypeOf<ours.HookCallback>().toEqualTypeOf<sdk.HookCallback>()
})

const refused: [string, sdk.Options, string?][] = [
  ['options.sandbox', { sandbox: { enabled: true } }],
  ['options.settings', { settings: { model: 'x' } }],
  ['options.plugins', { plugins: [{ type: 'local', path: '/x' }] }],
  ['options.surprise', { surprise: 1 } as sdk.Options],
  ['options.hooks.SessionStart', { hooks: { SessionStart: [{ hooks: [async () => ({})] }] } }],
  ['options.thinking.display', { thinking: { type: 'adaptive', display: 'omitted' } }],
  ['options.systemPrompt.snapshot', { systemPrompt: { type: 'custom', prompt: 'x', snapshot: false } }],
  [
    'options.mcpServers.calc.tools',
    { mcpServers: { calc: { ...createSdkMcpServer({ name: 'calc' }), tools: [{ name: 'x' }] } } },
  ],
  ['resumeSessionAt', { resume: crypto.randomUUID(), resumeSessionAt: 'x' }],
]

test.each(refused)('%s is refused by its name', async (subject, options) => {
  const asked = (async () => read(connect()({ prompt: 'x', options })))()
  await expect(asked).rejects.toThrow(NotSupportedError)
  await expect(asked).rejects.toThrow(`${subject} is not supported`)
})

test('the server refuses values by the name of their field', async () => {
  const options = { maxTurns: -1 }
  await expect(read(connect()({ prompt: 'x', options }))).rejects.toThrow(/maxTurns/)
  const env = { COLOUR: 'red', OTHER: 'x' }
  await expect(read(connect()({ prompt: 'x', options: { env } }))).rejects.toThrow(
    'options.env.OTHER is not supported',
  )
  const calls = connect()({ prompt: (async function* () {})() })
  await expect(calls.accountInfo()).rejects.toThrow('Query.accountInfo() is not supported')
  expect(await read(calls)).toEqual([])
})

test('a wrong key is an error of the API, a tenant does not see the conversations of another', async () => {
  const { call, model } = server()
  await expect(read(connect('wrong')({ prompt: 'x' }))).rejects.toMatchObject({ code: 'INVALID_API_KEY' })
  const [one = '', other = ''] = await Promise.all(
    ['one', 'other'].map(async tenant => {
      const scopes = ['sessions:read', 'sessions:write', 'permissions:answer']
      return (await call('POST', '/keys', { name: tenant, tenant, scopes })).body.key
    }),
  )
  model.script('in one tenant', text('Here'))
  const resume = resultIn(await read(connect(one)({ prompt: 'in one tenant' })))?.session_id ?? ''
  await expect(read(connect(other)({ prompt: 'x', options: { resume } }))).rejects.toThrow(
    `No conversation found with session ID: ${resume}`,
  )
  expect(
    resultIn(await read(connect(one)({ prompt: 'in one tenant', options: { continue: true } }))),
  ).toMatchObject({ result: 'Here', session_id: resume })
})

test('a session keeps what cannot change, and takes the tools of the program that resumes it', async () => {
  const { call, model } = server()
  const mcp = new McpServer({ name: 'notes', version: '1' }, { instructions: 'Read before you write.' })
  mcp.registerTool('note', { inputSchema: { word: z.string() } }, async ({ word }) => ({
    content: [
      { type: 'text', text: `noted ${word}` },
      { type: 'image', data: pixel, mimeType: 'image/png' },
    ],
  }))
  model.script('note it', [toolUse('mcp__client__notes__note', { word: 'w' }), text('Noted')])
  const options = {
    mcpServers: { notes: { type: 'sdk' as const, name: 'notes', instance: mcp } },
    allowedTools: ['mcp__notes__*', 'Bash(ls *)'],
    env: { ...process.env, COLOUR: 'red' },
  }
  const messages = await read(connect()({ prompt: 'note it', options }))
  expect(
    messages.map(one => (one.type === 'user' ? JSON.stringify(one.message.content) : '')).join(''),
  ).toContain('noted w')
  expect(sentTo(model).some(({ system }) => system.includes('Read before you write.'))).toBe(true)
  const { session_id: resume } = messages[0] ?? {}
  const before = (await call('GET', `/sessions/${resume}`)).body
  expect(before.status).toBe('active')
  expect(before.config).toMatchObject({ agentEnv: { COLOUR: '***' }, allowedTools: ['Bash(ls *)'] })

  const other = { resume, allowedTools: ['Write'] } as sdk.Options
  await expect(read(connect()({ prompt: 'x', options: other }))).rejects.toThrow('options.allowedTools')
  const calc = createSdkMcpServer({
    name: 'calc',
    tools: [tool('one', 'One', {}, async () => ({ content: [{ type: 'text', text: '1' }] }))],
  })
  model.script('count', [toolUse('mcp__client__calc__one', {}), text('Counted')])
  const again = { resume, mcpServers: { calc }, allowedTools: ['mcp__calc', 'Bash(ls *)'] } as sdk.Options
  const counting = connect()({ prompt: 'count', options: { ...again, persistSession: false } })
  expect(await counting.mcpServerStatus()).toEqual([
    { name: 'calc', status: 'connected', source: 'sdk', tools: [{ name: 'one' }] },
  ])
  expect(resultIn(await read(counting))?.result).toBe('Counted')
  // `persistSession: false` ends it.
  await until(async () => (await call('GET', `/sessions/${resume}`)).body.status === 'ended')
})

test('a callback that wants what the server cannot do ends the query with its name', async () => {
  const { model, cwd, call } = server()
  const file = join(cwd, 'unwanted')
  model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('Made')])
  const updatedPermissions: sdk.PermissionUpdate[] = [
    { type: 'addDirectories', directories: ['/elsewhere'], destination: 'session' },
  ]
  const canUseTool: sdk.CanUseTool = async () => ({ behavior: 'allow', updatedPermissions })
  const conversation = connect()({ prompt: 'make it', options: { canUseTool } })
  await expect(read(conversation)).rejects.toThrow('updatedPermissions of type addDirectories')
  expect(existsSync(file)).toBe(false)
  await until(async () => {
    const { sessions } = (await call('GET', '/sessions')).body
    return sessions.every(({ state }: { state: string }) => state !== 'requires_action')
  })

  // A suggestion of the request counts for the rest of the session.
  model.script('make two', [
    toolUse('Bash', { command: `touch ${file}-1` }),
    toolUse('Bash', { command: `touch ${file}-2` }),
    text('Two'),
  ])
  let asked = 0
  const taking: sdk.CanUseTool = async (_name, input, { suggestions = [] }) => {
    asked++
    return {
      behavior: 'allow',
      updatedInput: input,
      updatedPermissions: suggestions.filter(({ type }) => type === 'setMode'),
    }
  }
  expect(
    resultIn(await read(connect()({ prompt: 'make two', options: { canUseTool: taking } })))?.result,
  ).toBe('Two')
  expect([asked, existsSync(`${file}-2`)]).toEqual([1, true])
})

test.each([
  ['text', { type: 'text' as const, text: 'a'.repeat(1_000_001) }, /result\[0\]\.text/],
  ['body', { type: 'text' as const, text: 'a'.repeat(11_000_000) }, /bytes/],
  ['image', { type: 'image' as const, data: pixel, mimeType: 'image/bmp' }, /result\[0\]\.mimeType/],
])('a %s of a tool that the server refuses is a failure of the tool', async (_, block, reason) => {
  const { model } = server()
  const calc = createSdkMcpServer({
    name: 'calc',
    tools: [tool('one', 'One', {}, async () => ({ content: [block] }))],
  })
  const results: unknown[] = []
  model.script('count in vain', ({ round, toolResults }) => {
    results.push(...toolResults)
    return round === 0 ? toolUse('mcp__client__calc__one', {}) : text('Understood')
  })
  const options = { mcpServers: { calc }, allowedTools: ['mcp__calc'] }
  expect(resultIn(await read(connect()({ prompt: 'count in vain', options })))?.result).toBe('Understood')
  expect(results).toMatchObject([{ isError: true, content: expect.stringMatching(reason) }])
})

test('the example of the guide runs', async () => {
  const { model, base, cwd } = server()
  model.script('tell the time', [
    toolUse('mcp__client__clock__now', {}),
    toolUse('Bash', { command: `touch ${join(cwd, 'told')}` }),
    text('It is late'),
  ])
  const env = { CLAUDE_CODE_API_URL: base, CLAUDE_CODE_API_KEY: apiKey }
  const run = runExample('doors/agent-sdk.ts', ['tell the time'], env)
  expect([await run.ended, run.complained()]).toEqual([0, ''])
  expect(run.said()).toMatch(/wants to use Bash.*\nClaude: It is late/)
  expect(existsSync(join(cwd, 'told'))).toBe(true)
  const source = readFileSync(join(examples, 'doors/agent-sdk.ts'), 'utf8').trim()
  const guide = readFileSync(join(examples, '../docs/guides/agent-sdk.md'), 'utf8')
  expect(guide).toContain(source.replace('../../src/agent-sdk/index.ts', 'claude-code-http-api/agent-sdk'))
})
