import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { text } from '../../src/demo/answer.ts'
import { apiKey } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { ask, message, model, pick, shareManagedAgents, toolset, untilDone } from './managed-agents-client.ts'

const shared = shareManagedAgents()
const nowhere = 'sesn_00000000000040008000000000000000'

describe('an agent', () => {
  test('has versions; a change names the one that it knows', async () => {
    const { client, createAgent } = shared()
    const { agents } = client.beta
    const tool = {
      type: 'custom' as const,
      name: 'weather',
      description: 'Tells the weather',
      input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
    }
    const first = await agents.create({
      name: 'Ein freier Name',
      model: { id: model, effort: 'low' },
      system: 'You are a parrot.',
      description: 'Repeats',
      metadata: { team: 'birds', cage: '1' },
      tools: [tool, toolset({ configs: [{ name: 'web_fetch', enabled: false }] })],
    })
    expect(first).toMatchObject({
      type: 'agent',
      version: 1,
      name: 'Ein freier Name',
      model: { id: model, effort: { type: 'low' } },
      archived_at: null,
      created_at: first.updated_at,
    })
    expect(first.tools).toEqual([
      tool,
      {
        type: 'agent_toolset_20260401',
        default_config: { enabled: true, permission_policy: { type: 'always_allow' } },
        configs: [
          {
            type: 'web_fetch',
            name: 'web_fetch',
            enabled: false,
            permission_policy: { type: 'always_allow' },
            url_sources: null,
          },
        ],
      },
    ])
    expect(await agents.retrieve(first.id)).toEqual(first)
    expect((await agents.update(first.id, { version: 1, name: 'Ein freier Name' })).version).toBe(1)
    const second = await agents.update(first.id, {
      version: 1,
      system: null,
      model,
      metadata: { cage: null, age: '3' },
    })
    const changed = { system: null, model: { id: model }, metadata: { team: 'birds', age: '3' } }
    expect(second).toEqual({ ...first, ...changed, version: 2, updated_at: second.updated_at })
    const late = await agents.update(first.id, { version: 1, name: 'Late' }).catch(error => error)
    expect(late).toBeInstanceOf(Anthropic.ConflictError)
    expect([late.type, late.headers.get('x-should-retry')]).toEqual(['invalid_request_error', 'false'])
    expect((await agents.retrieve(first.id, { version: 1 })).system).toBe('You are a parrot.')
    const versions: number[] = []
    for await (const { version } of agents.versions.list(first.id, { limit: 1 })) versions.push(version)
    expect(versions).toEqual([2, 1])

    const bare = await createAgent()
    const archived = await agents.archive(bare.id)
    expect(Date.parse(archived.archived_at ?? '')).toBeGreaterThan(0)
    await expect(agents.update(bare.id, { name: 'x' })).rejects.toThrow('archived')
    const found: string[] = []
    for await (const { id } of agents.list({ limit: 1 })) found.push(id)
    expect(found).toContain(first.id)
    expect(found).not.toContain(bare.id)
    const all = await agents.list({ include_archived: true, limit: 50 })
    expect(all.data.map(({ id }) => id)).toContain(bare.id)
  })

  test.each<[object, string]>([
    [
      { tools: [toolset({ configs: [{ name: 'bash', permission_policy: { type: 'auto' } }] })] },
      'tools[0].configs[0].permission_policy.type',
    ],
    [{ tools: [toolset({ configs: [{ name: 'browser' }] })] }, 'tools[0].configs[0].name'],
    [
      { tools: [toolset({ configs: [{ name: 'web_fetch', allowed_domains: ['x.y'] }] })] },
      'tools[0].configs[0].allowed_domains',
    ],
    [{ tools: [toolset(), toolset()] }, 'tools[1]'],
    [{ tools: [{ type: 'mcp_toolset', mcp_server_name: 'none' }] }, 'tools[0].mcp_server_name'],
    [
      { mcp_servers: [{ type: 'url', name: 'alone', url: 'https://example.com/mcp' }] },
      'mcp_servers[0].name',
    ],
    [
      { mcp_servers: [{ type: 'url', name: 'a', url: 'https://example.com/mcp?key=1' }] },
      'mcp_servers[0].url',
    ],
    [{ skills: [{ type: 'anthropic', skill_id: 'xlsx' }] }, 'skills'],
    [{ multiagent: { type: 'coordinator', agents: [] } }, 'multiagent'],
    [{ execution_identity: { type: 'aws_role', role_arn: 'x' } }, 'execution_identity.type'],
    [{ model: { id: model, speed: 'fast' } }, 'model.speed'],
    [{ model: { id: model, inference_geo: 'eu' } }, 'model.inference_geo'],
    [{ metadata: { long: 'x'.repeat(513) } }, 'metadata.long'],
    [{ temperature: 1 }, 'temperature'],
    [{ name: '' }, 'name'],
  ])('cannot have %j', async (fields, field) => {
    const { client } = shared()
    const made = client.beta.agents.create({ name: 'x', model, ...fields })
    await expect(made).rejects.toBeInstanceOf(Anthropic.BadRequestError)
    await expect(made).rejects.toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining(`"${field}: `),
    })
  })
})

test('an environment is changed, archived and deleted', async () => {
  const { client, createAgent } = shared()
  const { environments } = client.beta
  const made = await environments.create({ name: 'here', metadata: { a: '1' }, config: { type: 'cloud' } })
  expect(made).toMatchObject({
    type: 'environment',
    config: { type: 'cloud', networking: { type: 'unrestricted' }, packages: { pip: [] } },
  })
  const changed = await environments.update(made.id, { name: 'there', metadata: { a: null, b: '2' } })
  expect(changed).toEqual({
    ...made,
    name: 'there',
    metadata: { b: '2' },
    updated_at: changed.updated_at,
  })
  const other = await environments.update(made.id, { config: { type: 'self_hosted' } }).catch(error => error)
  expect([other.status, other.errorCode]).toEqual([400, 'invalid_config_type_change'])
  await environments.archive(made.id)
  const agent = await createAgent()
  const late = client.beta.sessions.create({ agent: agent.id, environment_id: made.id })
  await expect(late).rejects.toMatchObject({ status: 400, errorCode: 'environment_archived' })
  expect(await environments.delete(made.id)).toEqual({ id: made.id, type: 'environment_deleted' })
  await expect(environments.retrieve(made.id)).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  const refused: [object, string][] = [
    [{ type: 'cloud', packages: { pip: ['numpy'] } }, 'config.packages.pip'],
    [{ type: 'cloud', networking: { type: 'limited', allowed_hosts: [] } }, 'config.networking'],
  ]
  for (const [config, field] of refused) {
    await expect(environments.create({ name: 'x', config: config as never })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`"${field}`),
    })
  }
})

describe('a session', () => {
  test('is changed, listed, archived and deleted', async () => {
    const { client, createAgent, createSession, listed } = shared()
    const { sessions } = client.beta
    const agent = await createAgent({ system: 'Be brief', tools: [toolset()] })
    const override = {
      type: 'agent_with_overrides' as const,
      id: agent.id,
      version: 1,
      system: null,
      tools: [toolset({ configs: [{ name: 'bash', permission_policy: ask }] })],
    }
    const one = await createSession(agent.id, { title: 'one', metadata: { a: '1' } })
    const { metadata: _, archived_at: __, created_at: ___, updated_at: ____, ...ofSession } = agent
    expect(one.agent).toEqual(ofSession)
    const two = await createSession(override)
    expect(two.agent).toMatchObject({
      id: agent.id,
      system: null,
      tools: [{ configs: [{ permission_policy: ask }] }],
    })
    const changed = await sessions.update(one.id, { title: 'new', metadata: { a: null, b: '2' } })
    expect(changed).toMatchObject({ title: 'new', metadata: { b: '2' }, status: 'idle' })
    expect(await listed(one.id)).toMatchObject([
      { type: 'session.updated', title: 'new', metadata: { b: '2' } },
    ])
    const page = await sessions.list({ agent_id: agent.id, limit: 1, statuses: ['idle'] })
    expect([page.data.map(({ id }) => id), page.prev_page]).toEqual([[two.id], null])
    const next = await page.getNextPage()
    expect([next.data.map(({ id }) => id), next.next_page]).toEqual([[one.id], null])
    const back = await sessions.list({ agent_id: agent.id, limit: 1, page: next.prev_page ?? '' })
    expect(back.data.map(({ id }) => id)).toEqual([two.id])

    const archived = await sessions.archive(one.id)
    expect(archived).toMatchObject({ status: 'terminated', archived_at: expect.any(String) })
    await expect(sessions.events.send(one.id, { events: [message('Hello?')] })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('archived'),
    })
    expect(await sessions.delete(two.id)).toEqual({ id: two.id, type: 'session_deleted' })
    await expect(sessions.retrieve(two.id)).rejects.toBeInstanceOf(Anthropic.NotFoundError)
    expect((await sessions.list({ agent_id: agent.id })).data).toEqual([])
    const all = await sessions.list({ agent_id: agent.id, include_archived: true })
    expect(all.data.map(({ id }) => id)).toEqual([one.id])
  })

  test('tells on its stream that it was deleted, which ends it', async () => {
    const { client, createSession } = shared()
    const session = await createSession()
    const stream = await client.beta.sessions.events.stream(session.id)
    await client.beta.sessions.delete(session.id)
    const types: string[] = []
    for await (const { type } of stream) types.push(type)
    expect(types).toEqual(['session.deleted'])
  })

  test('pauses at its budget, which can be raised', async () => {
    const { client, createSession, send, model: standIn } = shared()
    const dollar = { inputTokens: 250_000, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 }
    standIn.script('Spend it', text('Spent', { usage: dollar }))
    const limit = (amount: string) => ({
      type: 'limit' as const,
      max_list_cost: { amount, currency: 'USD' as const },
    })
    const session = await createSession({}, { budget: limit('50') })
    expect(session.budget).toEqual(limit('50'))
    const stream = await client.beta.sessions.events.stream(session.id)
    await send(session.id, message('Spend it'))
    const events = await untilDone(stream)
    expect(events.at(-1)).toMatchObject({ stop_reason: { type: 'budget_reached' } })
    expect(Number(pick(events, 'session.usage')[0]?.usage.list_cost?.amount)).toBeGreaterThanOrEqual(50)
    await expect(send(session.id, message('More'))).rejects.toMatchObject({
      status: 402,
      type: 'billing_error',
      message: expect.stringMatching(/has spent \d+ of 50 cents; raise budget\.max_list_cost/),
    })
    const raised = await client.beta.sessions.update(session.id, { budget: limit('500') })
    expect(raised.budget).toEqual(limit('500'))
    const { data = [] } = await send(session.id, message('Spend it'))
    await until(async () => (await client.beta.sessions.retrieve(session.id)).status === 'idle')
    const page = await client.beta.sessions.events.list(session.id, { types: ['user.message'], limit: 1 })
    expect(page.data).toHaveLength(1)
    expect((await page.getNextPage()).data.map(({ id }) => id)).toEqual(data.map(({ id }) => id))
    const newest = await client.beta.sessions.events.list(session.id, { order: 'desc', limit: 2 })
    expect(newest.data.map(({ type }) => type)).toEqual(['session.status_idle', 'session.usage'])
    expect((await newest.getNextPage()).data[0]?.type).toBe('agent.message')
    const none = { 'created_at[gt]': '2999-01-01T00:00:00Z' }
    expect((await client.beta.sessions.events.list(session.id, none)).data).toEqual([])
  })

  test.each<[object, string]>([
    [{ vault_ids: ['vlt_1'] }, 'vault_ids'],
    [{ resources: [{ type: 'file', file_id: 'file_1' }] }, 'resources'],
    [{ initial_events: [{ type: 'user.define_outcome', description: 'x' }] }, 'initial_events[0].type'],
    [
      { budget: { type: 'limit', max_list_cost: { amount: '0.5', currency: 'USD' } } },
      'budget.max_list_cost.amount',
    ],
    [{ deployment_id: 'depl_1' }, 'deployment_id'],
  ])('cannot have %j', async (fields, field) => {
    const { client, environment } = shared()
    const made = client.beta.sessions.create({ agent: 'agent_00', environment_id: environment.id, ...fields })
    await expect(made).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`"${field}`),
    })
  })

  test('refuses events and parameters by name', async () => {
    const { client, createSession, send } = shared()
    const { id } = await createSession()
    const image = { type: 'image', source: { type: 'url', url: 'https://example.com/x.png' } }
    const events: [object, string][] = [
      [{ type: 'system.message', content: [{ type: 'text', text: 'x' }] }, 'events[0].type'],
      [{ type: 'user.define_outcome', description: 'x' }, 'events[0].type'],
      [{ type: 'user.tool_result', tool_use_id: 'sevt_toolu_1' }, 'events[0].type'],
      [{ type: 'user.interrupt', session_thread_id: 'sthr_1' }, 'events[0].session_thread_id'],
      [{ type: 'user.message', content: [image] }, 'events[0].content[0].source'],
      [{ type: 'user.message', content: [] }, 'events[0].content'],
      [
        { type: 'user.tool_confirmation', tool_use_id: 'sevt_toolu_1', result: 'allow' },
        'events[0].tool_use_id',
      ],
    ]
    for (const [event, field] of events) {
      await expect(send(id, event as never), field).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining(`"${field}`),
      })
    }
    const { sessions } = client.beta
    const refused: [() => PromiseLike<unknown>, string][] = [
      [() => sessions.list({ order: 'asc' }), 'order'],
      [() => sessions.list({ deployment_id: 'depl_1' }), 'deployment_id'],
      [() => sessions.list({ page: 'x' }), 'page'],
      [() => sessions.events.list(id, { types: ['nonsense' as never] }), 'types'],
      [() => sessions.events.stream(id, { event_deltas: ['agent.tool_use' as never] }), 'event_deltas'],
      [() => client.beta.agents.list({ limit: 0 }), 'limit'],
    ]
    for (const [call, field] of refused) {
      await expect(call()).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining(`"${field}: `),
      })
    }
  })
})

test('models are listed; other resources of the API are not found', async () => {
  const { client, createSession, listed, send } = shared()
  // Claude Code has told its models once a process runs.
  const session = await createSession()
  await send(session.id, message('Hello'))
  await until(async () => (await listed(session.id)).some(({ type }) => type === 'session.status_idle'))
  const models = await client.models.list()
  const [first] = models.data
  expect(first).toMatchObject({ type: 'model', id: expect.any(String), display_name: expect.any(String) })
  expect(await client.beta.models.retrieve(first?.id ?? '')).toEqual(first)
  await expect(client.models.retrieve('none')).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  const asked = client.messages.create({ model, max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
  await expect(asked).rejects.toMatchObject({
    status: 404,
    type: 'not_found_error',
    message: expect.stringContaining('use api.anthropic.com for messages'),
  })
})

test('a wrong key is an authentication error, and a key without the scope lacks the permission', async () => {
  const { call, clientOf, baseURL, createSession } = shared()
  await expect(clientOf('wrong').beta.agents.list()).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
  const { key } = (await call('POST', '/keys', { name: 'reader', scopes: ['sessions:read'] })).body
  const made = clientOf(key).beta.agents.create({ name: 'x', model })
  await expect(made).rejects.toMatchObject({ status: 403, type: 'permission_error' })
  await expect(made).rejects.toMatchObject({ requestID: expect.stringMatching(/^req_./) })
  const { id } = await createSession()
  expect((await clientOf(key).beta.sessions.retrieve(id)).id).toBe(id)
  // As clients before version 1 send it.
  const old = await fetch(`${baseURL}/v1/sessions/${id}?beta=true`, {
    headers: { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' },
  })
  expect([old.status, old.headers.get('request-id')]).toEqual([200, expect.stringMatching(/^req_./)])
  await old.body?.cancel()
})

test('a tenant sees nothing of another', async () => {
  const { call, client, clientOf, environment, createAgent, createSession } = shared()
  const scopes = ['sessions:read', 'sessions:write', 'permissions:answer', 'admin']
  const made = await call('POST', '/keys', { name: 'other', scopes, tenant: 'elsewhere' })
  expect(made.body).toMatchObject({ key: expect.any(String) })
  const { key } = made.body
  const agent = await createAgent()
  const session = await createSession(agent.id)
  const { beta } = clientOf(key)
  const attempts = [
    () => beta.agents.retrieve(agent.id),
    () => beta.agents.update(agent.id, { name: 'mine' }),
    () => beta.environments.retrieve(environment.id),
    () => beta.sessions.retrieve(session.id),
    () => beta.sessions.events.send(session.id, { events: [message('Hello')] }),
    () => beta.sessions.events.list(session.id),
    () => beta.sessions.events.stream(session.id),
    () => beta.sessions.delete(session.id),
    () => beta.sessions.create({ agent: agent.id, environment_id: environment.id }),
    () => beta.sessions.retrieve(nowhere),
  ]
  for (const attempt of attempts) await expect(attempt()).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  await expect(beta.sessions.retrieve(nowhere)).rejects.toThrow(`There is no session ${nowhere}`)
  expect((await beta.sessions.list()).data).toEqual([])
  expect((await beta.agents.list()).data).toEqual([])
  const theirs = await beta.agents.create({ name: 'Theirs', model })
  const own = await beta.environments.create({ name: 'theirs' })
  const hidden = await beta.sessions.create({ agent: theirs.id, environment_id: own.id })
  expect((await beta.sessions.list()).data.map(({ id }) => id)).toEqual([hidden.id])
  // Lists of a key of the configuration are those of its own tenant.
  for await (const { id } of client.beta.agents.list()) expect(id).not.toBe(theirs.id)
  for await (const { id } of client.beta.sessions.list()) expect(id).not.toBe(hidden.id)
  expect((await client.beta.sessions.retrieve(session.id)).status).toBe('idle')
})
