import { describe, expect, test } from 'vitest'
import { FakeApi, preset, summary } from '../../../test/doors/managed-agents-api.ts'
import type { OperationId } from './operations.ts'

test('a session that its caller may not read is ended, since it could not be returned', async () => {
  const api = new FakeApi()
  api.forbidden.add('GET /')
  const body = { agent: 'reviewer', environment_id: 'env-here' }
  const response = await api.send('createSession', { body })
  expect([response.status, await response.json()]).toMatchObject([
    403,
    { error: { type: 'permission_error' } },
  ])
  expect(api.requests.slice(-3)).toEqual(['POST /sessions', 'GET /', 'DELETE /'])
})

describe('a list with a filter', () => {
  const has = (api: FakeApi, request: string) => api.requests.filter(one => one.startsWith(request))

  test('reads long pages of sessions where few are wanted, and continues after the last one of a page', async () => {
    const api = new FakeApi()
    for (let index = 0; index < 500; index += 1) {
      const status = index % 100 === 99 ? 'ended' : 'active'
      api.sessions.push(summary(index, { ...api.session, status }))
    }
    const path = '?statuses[]=terminated&limit=2'
    const page = await api.json('listSessions', { path })
    expect(page.data).toHaveLength(2)
    expect(has(api, 'GET /sessions?').length).toBeLessThan(10)
    const next = await api.json('listSessions', { path: `${path}&page=${page.next_page}` })
    const ids = [...page.data, ...next.data].map(({ id }) => id.slice(-3))
    expect(ids).toEqual(['099', '199', '299', '399'])
  })

  test('asks the API for running sessions only', async () => {
    const api = new FakeApi()
    await api.send('listSessions', { path: '?statuses[]=running' })
    expect(has(api, 'GET /sessions?')[0]).toContain('status=active')
    expect(has(api, 'GET /sessions?')[0]).toContain('state=running')
  })

  test('leaves out a session that was removed meanwhile', async () => {
    const api = new FakeApi()
    api.sessions.push(summary(0, api.session), summary(1, api.session))
    api.forgotten.add(String(api.sessions[0]?.sessionId))
    const { data } = await api.json('listSessions')
    expect(data.map(({ id }) => id.slice(-3))).toEqual(['001'])
  })

  test('reads long pages of presets where few are agents', async () => {
    const api = new FakeApi()
    for (let index = 100; index < 250; index += 1) api.presets.push(preset(`env-${index}`))
    api.presets.push(preset('one'), preset('two'))
    const list = (path: string) => api.json('listAgents', { path })
    expect((await list('?limit=1000000000')).data).toHaveLength(2)
    api.requests.length = 0
    const page = await list('?limit=1')
    expect(has(api, 'GET /presets').length).toBeLessThan(11)
    const next = await list(`?limit=1&page=${page.next_page}`)
    expect([...page.data, ...next.data].map(({ name }) => name)).toEqual(['one', 'two'])
    expect(next.next_page).toBeNull()
  })
})

describe('a refused request', () => {
  const api = new FakeApi()
  for (const name of ['gone', 'env-gone', 'reviewer@9']) api.forgotten.add(name)
  const session = { agent: 'reviewer', environment_id: 'env-here' }
  const agent = { name: 'Bird', model: 'sonnet' }
  const toolset = { type: 'agent_toolset_20260401' }
  const bash = { name: 'bash' }
  const box = { type: 'mcp_toolset', mcp_server_name: 'box' }
  const server = { type: 'url', name: 'box', url: 'https://example.com' }
  const say = (content: unknown[]) => ({ events: [{ type: 'user.message', content }] })
  const deny = { type: 'user.tool_confirmation', tool_use_id: 'sevt_x', result: 'deny' }
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '?' } }

  test.each<[OperationId, unknown, string]>([
    ['sendEvents', say([{ type: 'text', text: 'a\0' }]), 'events[0].content[0].text: must not contain NUL'],
    ['sendEvents', say([image]), 'events[0].content[0].source.data: must be Base64'],
    [
      'sendEvents',
      { events: [{ ...deny, deny_message: '\0' }] },
      'events[0].deny_message: must not contain NUL',
    ],
    ['createAgent', { ...agent, name: 'a\0' }, 'name: must not contain NUL'],
    ['createEnvironment', { name: 'a\0' }, 'name: must not contain NUL'],
    ['createAgent', { model: 'sonnet' }, 'name: must be a string'],
    ['sendEvents', { events: 'x' }, 'events: must be a list'],
    ['sendEvents', { events: [{ ...deny, result: 'maybe' }] }, 'events[0].result: must be allow or deny'],
    ['createAgent', 7, 'The body must be an object'],
    ['createAgent', { ...agent, model: 7 }, 'model: must be an id or an object'],
    [
      'createAgent',
      { ...agent, model: { id: 'x', effort: 7 } },
      'model.effort: must be a level or an object',
    ],
    ['createAgent', { ...agent, model: { id: 'x', y: 1 } }, 'model.y: is not supported by this server'],
    [
      'createSession',
      { ...session, budget: { type: 'limit', max_list_cost: { amount: '100000001', currency: 'USD' } } },
      'budget.max_list_cost.amount: must be at most "100000000"',
    ],
    [
      'createAgent',
      { ...agent, tools: [box], mcp_servers: [server, { ...server, url: 'https://example.org' }] },
      'mcp_servers[1].name: must not be the name of another server',
    ],
    [
      'createAgent',
      { ...agent, mcp_servers: [{ ...server, name: 'client' }] },
      'mcp_servers[0].name: must be another name: Claude finds custom tools under this one',
    ],
    [
      'createAgent',
      { ...agent, tools: [{ ...toolset, configs: [bash, { ...bash, enabled: false }] }] },
      'tools[0].configs[1].name: must not repeat a tool',
    ],
    [
      'createAgent',
      {
        ...agent,
        tools: [{ ...box, configs: [{ name: 'get' }, { name: 'get' }] }],
        mcp_servers: [server],
      },
      'tools[0].configs[1].name: must not repeat a tool',
    ],
    [
      'createAgent',
      { ...agent, tools: [{ ...toolset, configs: [{ ...bash, type: 'edit' }] }] },
      'tools[0].configs[0].type: must be the name',
    ],
    [
      'createSession',
      { ...session, agent: { type: 'agent_with_overrides', id: 'reviewer', tools: [toolset, toolset] } },
      'agent.tools[1]: must not repeat a tool or a toolset',
    ],
    ['createSession', { ...session, agent: 7 }, 'agent: must be an id or an object'],
    [
      'createSession',
      { ...session, agent: { type: 'x' } },
      'agent.type: must be agent or agent_with_overrides',
    ],
  ])('%s names its field: %j', async (id, body, message) => {
    const response = await api.send(id, { body })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { message } }])
  })

  test.each<[OperationId, Parameters<FakeApi['send']>[1], string]>([
    ['createSession', { body: { ...session, agent: 'gone' } }, 'agent: There is no agent'],
    ['createSession', { body: { ...session, agent: '../x' } }, 'agent: There is no agent'],
    [
      'createSession',
      { body: { ...session, environment_id: 'x' } },
      'environment_id: There is no environment',
    ],
    [
      'createSession',
      { body: { ...session, environment_id: 'env_656e762d676f6e65' } },
      'environment_id: There is no environment env_656e762d676f6e65',
    ],
    ['getAgent', { params: { agent: 'agent_676f6e65' } }, 'There is no agent agent_676f6e65'],
    [
      'getAgent',
      { params: { agent: 'reviewer' }, path: '?version=9' },
      'version: The agent has no version 9; the newest is 1',
    ],
    ['getAgent', { params: { agent: 'gone' }, path: '?version=9' }, 'There is no agent'],
    [
      'createSession',
      { body: { ...session, agent: { type: 'agent', id: 'reviewer', version: 9 } } },
      'agent.version: The agent has no version 9; the newest is 1',
    ],
    ['getEnvironment', { params: { environment: 'env-gone' } }, 'There is no environment'],
    ['listSessions', { path: '?agent_id=env-x' }, 'agent_id: There is no agent'],
  ])('%s calls what there is not by its name in the protocol: %j', async (id, sent, message) => {
    const response = await api.send(id, sent)
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { error: { type: 'not_found_error', message } },
    ])
  })
})

test('a message with a wrong image is refused before an event is carried out or a session is made', async () => {
  const api = new FakeApi()
  const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' }
  const wrong = { type: 'user.message', content: [{ type: 'image', source }] }
  const events = [{ type: 'user.message', content: [{ type: 'text', text: 'first' }] }, wrong]
  const place = 'content[0].source.media_type: image/png must match the data'
  const sent = await api.send('sendEvents', { body: { events } })
  expect([sent.status, await sent.text()]).toEqual([400, expect.stringContaining(`events[1].${place}`)])
  const body = { agent: 'reviewer', environment_id: 'env-here', initial_events: [wrong] }
  const made = await api.send('createSession', { body })
  expect([made.status, await made.text()]).toEqual([
    400,
    expect.stringContaining(`initial_events[0].${place}`),
  ])
  expect(api.requests.filter(request => !request.startsWith('GET'))).toEqual([])
})

describe('a session that has nothing of its agent, which cannot be read', () => {
  const name = 'agent-0123456789abcdef'
  const always = (type: 'ask' | 'allow') => ({ permission_policy: { type: `always_${type}` } })

  test('says from its configuration what is asked about', async () => {
    const api = new FakeApi()
    api.forgotten.add(name)
    Object.assign(api.session, { preset: { name, version: 1 } })
    Object.assign(api.session.config as object, {
      tools: ['Bash', 'Read'],
      allowedTools: ['Read', 'mcp__box__get'],
      disallowedTools: ['mcp__box__drop'],
      mcpServers: { box: { type: 'http', url: 'https://example.com' } },
      clientHooks: { PreToolUse: [{ matcher: 'Bash' }] },
    })
    api.queue('turn')
    api.start('turn')
    for (const called of ['Bash', 'Read', 'mcp__box__get', 'mcp__box__put']) {
      const content = [{ type: 'tool_use', id: called, name: called, input: {} }]
      api.message({ type: 'assistant', message: { id: `msg_${called}`, content } }, 'turn')
    }
    const { data } = await api.json('listEvents')
    const calls = data.filter(({ type }) => type.endsWith('tool_use'))
    expect(calls.map(call => call.evaluated_permission)).toEqual(['ask', 'allow', 'allow', 'ask'])
    expect((await api.json('getSession')).agent?.tools).toMatchObject([
      { type: 'agent_toolset_20260401', ...{ default_config: always('allow') } },
      {
        mcp_server_name: 'box',
        default_config: always('ask'),
        configs: [
          { name: 'get', ...always('allow') },
          { name: 'drop', enabled: false },
        ],
      },
    ])
    Object.assign(api.session.config as object, { tools: [], mcpServers: {} })
    expect((await api.json('getSession')).agent?.tools).toEqual([])
  })

  test('has the tools that its client runs itself', async () => {
    const api = new FakeApi()
    api.forbidden.add(`GET /presets/${name}`)
    const metadata = { environmentId: 'env_656e762d78', environmentType: 'self_hosted', metadata: {} }
    Object.assign(api.session, { preset: { name, version: 1 }, metadata: { managedAgents: metadata } })
    Object.assign(api.session.config as object, {
      tools: [],
      clientTools: [{ name: 'bash' }, { name: 'weather' }],
      clientHooks: { PreToolUse: [{ matcher: 'mcp__client__bash' }] },
    })
    api.queue('turn')
    api.start('turn')
    api.ask('turn', 'toolu_1', 'bash')
    const { data } = await api.json('listEvents')
    expect(data.find(({ type }) => type === 'agent.tool_use')).toMatchObject({ evaluated_permission: 'ask' })
    const { agent } = await api.json('getSession')
    expect(agent?.tools).toMatchObject([{ type: 'agent_toolset_20260401' }, { name: 'weather' }])
  })
})

test('the agent of a session that has nothing of it is read in the tenant of the session', async () => {
  const api = new FakeApi()
  Object.assign(api.session, { preset: { name: 'reviewer', version: 2 }, tenant: 'team-a' })
  await api.json('getSession')
  expect(api.requests).toContain('GET /presets/reviewer?version=2&tenant=team-a')
})

test('a call that is shown because it is asked about is shown as asked', async () => {
  const api = new FakeApi()
  api.queue('turn')
  api.start('turn')
  api.ask('turn', 'toolu_1', 'Bash', { kind: 'tool', isHidden: true })
  const { data } = await api.json('listEvents')
  expect(data.find(({ type }) => type === 'agent.tool_use')).toMatchObject({
    evaluated_permission: 'ask',
    evaluation: { type: 'always_ask' },
  })
})

test('a session keeps its agent, unless that is too long for its metadata', async () => {
  const api = new FakeApi()
  const body = { agent: 'reviewer', environment_id: 'env-here' }
  const kept = { name: 'reviewer', description: null }
  await api.json('createSession', { body })
  expect(api.made).toMatchObject({ metadata: { managedAgents: { agent: kept } } })
  const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`${index}`, 'ä'.repeat(508)]))
  await api.json('createSession', { body: { ...body, metadata } })
  expect(api.made).toMatchObject({ metadata: { managedAgents: { metadata } } })
  expect(JSON.stringify(api.made)).not.toContain('description')
})
