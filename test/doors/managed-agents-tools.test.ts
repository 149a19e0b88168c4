import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod'
import { betaAgentToolset20260401, setupSkills } from '@anthropic-ai/sdk/tools/agent-toolset/node'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { apiKey } from '../support/open-server.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'
import { examples, runExample } from '../support/run-example.ts'
import {
  message,
  pick,
  type StreamEvent,
  shareManagedAgents,
  textOf,
  toolset,
  untilDone,
} from './managed-agents-client.ts'

const shared = shareManagedAgents()

const custom = (name: string) => ({
  type: 'custom' as const,
  name,
  description: 'Tells the weather of a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
})
const calls = (name: string, ...cities: string[]) =>
  together(...cities.map(city => toolUse(`mcp__client__${name}`, { city })))

test('the tool runner answers calls of custom tools, several at once', async () => {
  const { client, model, createSession, listed } = shared()
  const told: string[] = []
  model.script('What is the weather', prompt => {
    if (prompt.round === 0) return calls('weather', 'Oslo', 'Rome')
    told.push(...prompt.toolResults.map(({ content }) => content))
    return text('Cold and warm')
  })
  const session = await createSession(
    { tools: [custom('weather')] },
    { initial_events: [message('What is the weather?')] },
  )
  expect(session.agent.tools).toEqual([custom('weather')])
  const weather = betaZodTool({
    name: 'weather',
    description: 'Tells the weather of a city',
    inputSchema: z.object({ city: z.string() }),
    run: async ({ city }) => `It is fine in ${city}`,
  })
  const seen = []
  const runner = client.beta.sessions.events.toolRunner(session.id, { tools: [weather], maxIdleMs: 50 })
  for await (const call of runner) seen.push([call.name, call.posted, call.isError])
  expect(seen).toEqual([
    ['weather', true, false],
    ['weather', true, false],
  ])
  expect(told.sort()).toEqual(['It is fine in Oslo', 'It is fine in Rome'])
  const events = (await listed(session.id)) as StreamEvent[]
  const uses = pick(events, 'agent.custom_tool_use')
  expect(uses).toMatchObject([
    { name: 'weather', input: { city: 'Oslo' } },
    { name: 'weather', input: { city: 'Rome' } },
  ])
  const results = pick(events, 'user.custom_tool_result')
  expect(results.map(({ custom_tool_use_id: id }) => id).sort()).toEqual(uses.map(({ id }) => id).sort())
  expect(results.map(textOf).sort()).toEqual(told)
  expect(pick(events, 'agent.tool_result')).toEqual([])
})

test('a failed custom tool is an error for Claude; a partial answer leaves the rest', async () => {
  const { client, model, createSession, send } = shared()
  const told: string[] = []
  model.script('What is the weather', prompt => {
    if (prompt.round === 0) return calls('weather', 'Oslo', 'Rome')
    told.push(...prompt.toolResults.map(({ content }) => content))
    return text('Unknown')
  })
  const session = await createSession({ tools: [custom('weather')] })
  const stream = await client.beta.sessions.events.stream(session.id)
  await send(session.id, message('What is the weather?'))
  const required: string[][] = []
  const events = await untilDone(stream, async event => {
    if (event.type !== 'session.status_idle' || event.stop_reason.type !== 'requires_action') return
    required.push(event.stop_reason.event_ids)
    const isAsked = event.stop_reason.event_ids.length === 2 || required.some(({ length }) => length === 2)
    if (!isAsked) return
    const [id = ''] = event.stop_reason.event_ids
    await send(session.id, {
      type: 'user.custom_tool_result',
      custom_tool_use_id: id,
      is_error: true,
      content: [{ type: 'text', text: 'no station' }],
    })
  })
  const ids = pick(events, 'agent.custom_tool_use').map(({ id }) => id)
  expect(required.at(-2)?.toSorted()).toEqual(ids.toSorted())
  expect(required.at(-1)).toEqual([required.at(-2)?.[1]])
  expect(told).toEqual(['no station', 'no station'])
  expect(pick(events, 'user.custom_tool_result').map(({ is_error }) => is_error)).toEqual([true, true])
  const unknown = send(session.id, { type: 'user.custom_tool_result', custom_tool_use_id: 'sevt_toolu_x' })
  await expect(unknown).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('events[0].custom_tool_use_id'),
  })
})

test.each(['archive', 'delete'] as const)(
  'a session that waits for an answer is idle: %s ends it',
  async how => {
    const { client, model, createSession, send } = shared()
    model.script('What is the weather', [calls('weather', 'Oslo')])
    const session = await createSession({ tools: [custom('weather')] })
    const stream = await client.beta.sessions.events.stream(session.id)
    await send(session.id, message('What is the weather?'), message('And then?'))
    const types: string[] = []
    for await (const event of stream) {
      types.push(event.type)
      if (event.type === 'session.status_idle' && event.stop_reason.type === 'requires_action') {
        await client.beta.sessions[how](session.id)
      }
    }
    const last = how === 'archive' ? 'session.status_terminated' : 'session.deleted'
    expect(types.filter(type => type === 'user.message')).toHaveLength(1)
    expect([types.includes('user.interrupt'), types.at(-1)]).toEqual([true, last])
    const found = await client.beta.sessions.retrieve(session.id).catch(error => error)
    expect(found.status).toBe(how === 'archive' ? 'terminated' : 404)
  },
)

test('a client with an environment of its own runs the tools of the toolset itself', async () => {
  const { client, model, createAgent, send, listed } = shared()
  const workdir = temporaryDirectory()
  const told: string[] = []
  model.script('Where am I', prompt => {
    if (prompt.round === 0) {
      return together(
        toolUse('mcp__client__bash', { command: 'pwd' }),
        toolUse('mcp__client__write', { file_path: 'note.txt', content: 'noted' }),
        toolUse('mcp__client__current_time', {}),
      )
    }
    told.push(...prompt.toolResults.map(({ content }) => content))
    return text('Here')
  })
  const environment = await client.beta.environments.create({
    name: 'mine',
    config: { type: 'self_hosted' },
  })
  const currentTime = betaZodTool({
    name: 'current_time',
    description: 'Tells the time',
    inputSchema: z.object({}),
    run: async () => '12:00',
  })
  const agent = await createAgent({
    tools: [
      toolset(),
      {
        type: 'custom',
        name: 'current_time',
        description: 'Tells the time',
        input_schema: { type: 'object', properties: {} },
      },
    ],
  })
  const session = await client.beta.sessions.create({ agent: agent.id, environment_id: environment.id })
  const ctx = { workdir, client, session }
  const cleanUp = await setupSkills(ctx)
  await send(session.id, message('Where am I?'))
  const seen: string[] = []
  const tools = [...betaAgentToolset20260401(ctx), currentTime]
  const runner = client.beta.sessions.events.toolRunner(session.id, { tools, maxIdleMs: 50 })
  for await (const call of runner) {
    expect(call).toMatchObject({ posted: true, isError: false })
    seen.push(call.name)
  }
  await cleanUp()
  expect(seen).toEqual(['bash', 'write', 'current_time'])
  expect(told.join()).toContain(workdir)
  expect(told.join()).toContain('12:00')
  expect(readFileSync(join(workdir, 'note.txt'), 'utf8')).toBe('noted')
  const events = (await listed(session.id)) as StreamEvent[]
  expect(pick(events, 'agent.tool_use').map(({ name }) => name)).toEqual(['bash', 'write'])
  expect(pick(events, 'user.tool_result')).toHaveLength(2)
  expect(pick(events, 'user.custom_tool_result').map(textOf)).toEqual(['12:00'])
  await client.beta.sessions.delete(session.id)
  await client.beta.agents.archive(agent.id)
})

test('tools of an MCP server are asked about, unless the agent allows them', async () => {
  const { client, mcp, model, createSession, send } = shared()
  model.script('Ask the server', [
    together(toolUse('mcp__box__echo_header', {}), toolUse('mcp__box__echo', { text: 'hello' })),
    text('Asked'),
  ])
  const session = await createSession({
    mcp_servers: [{ type: 'url', name: 'box', url: mcp.url }],
    tools: [
      {
        type: 'mcp_toolset',
        mcp_server_name: 'box',
        configs: [{ name: 'echo_header', permission_policy: { type: 'always_allow' } }],
      },
    ],
  })
  const stream = await client.beta.sessions.events.stream(session.id)
  await send(session.id, message('Ask the server'))
  const events = await untilDone(stream, async event => {
    if (event.type !== 'session.status_idle' || event.stop_reason.type !== 'requires_action') return
    const [id = ''] = event.stop_reason.event_ids
    await send(session.id, { type: 'user.tool_confirmation', tool_use_id: id, result: 'allow' })
  })
  const uses = pick(events, 'agent.mcp_tool_use')
  expect(uses).toMatchObject([
    { mcp_server_name: 'box', name: 'echo_header', evaluated_permission: 'allow' },
    { mcp_server_name: 'box', name: 'echo', evaluated_permission: 'ask' },
  ])
  expect(pick(events, 'user.tool_confirmation').map(({ tool_use_id: id }) => id)).toEqual([uses[1]?.id])
  expect(pick(events, 'agent.mcp_tool_result').map(({ is_error }) => is_error)).toEqual([false, false])
  expect(mcp.calls.map(({ name }) => name)).toEqual(['echo_header', 'echo'])
})

test('the example asks a person, and the guide shows it', async () => {
  const { base, cwd, model } = shared()
  const file = join(cwd, 'by-example')
  model.script('make it', [toolUse('Bash', { command: `touch ${file}` }), text('It is made.')])
  const env = { CLAUDE_CODE_API_URL: base, CLAUDE_API_KEY: apiKey }
  const example = runExample('doors/managed-agents.ts', ['make it'], env)
  await example.says('(yes or no)')
  example.child.stdin.write('yes\n')
  expect([await example.ended, example.complained()]).toEqual([0, ''])
  expect(example.said()).toContain('It is made.')
  expect(existsSync(file)).toBe(true)
  const guide = readFileSync(join(examples, '../docs/guides/door-managed-agents.md'), 'utf8')
  expect(guide).toContain(readFileSync(join(examples, 'doors/managed-agents.ts'), 'utf8').trim())
})
