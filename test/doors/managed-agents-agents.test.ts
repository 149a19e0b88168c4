import { expect, test } from 'vitest'
import { createClient } from '../support/client.ts'
import { ask, model, shareManagedAgents, toolset } from './managed-agents-client.ts'

const shared = shareManagedAgents()

test('each key that may read a session sees the agent that it was made from, also after the preset is gone', async () => {
  const { base, call, client, clientOf } = shared()
  const scopes = ['sessions:read', 'sessions:write', 'permissions:answer', 'admin']
  const { key } = (await call('POST', '/keys', { name: 'owner', scopes, tenant: 'third' })).body
  const { beta } = clientOf(key)
  const theirs = createClient(base, key)
  const configuration = { model, tools: ['Read'] }
  await call('POST', '/presets', { name: 'same-name', configuration })
  const other = { ...configuration, systemPrompt: 'Theirs' }
  await theirs.call('POST', '/presets', {
    ...{ name: 'same-name', description: 'Theirs' },
    configuration: other,
  })
  const agent = await beta.agents.create({
    name: 'A name',
    model: { id: model, effort: 'low' },
    description: 'A description',
    system: 'Be brief',
    tools: [toolset({ configs: [{ name: 'bash', permission_policy: ask }] })],
  })
  for (const type of ['cloud', 'self_hosted'] as const) {
    const environment = await beta.environments.create({ name: type, config: { type } })
    for (const id of type === 'cloud' ? ['same-name', agent.id] : [agent.id]) {
      const session = await beta.sessions.create({ agent: id, environment_id: environment.id })
      const sessionId = session.id.slice(5).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      const bound = await theirs.call('POST', '/keys', {
        ...{ name: 'bound', scopes: ['sessions:read'] },
        sessionId,
      })
      for (const reader of [clientOf(bound.body.key), client]) {
        expect((await reader.beta.sessions.retrieve(session.id)).agent).toEqual(session.agent)
      }
      if (id === agent.id) expect(session.agent).toMatchObject({ name: 'A name', tools: agent.tools })
      else expect(session.agent).toMatchObject({ system: 'Theirs', description: 'Theirs' })
    }
  }
  const empty = await beta.agents.create({ name: 'Bare', model })
  const environment = await beta.environments.create({ name: 'here' })
  const session = await beta.sessions.create({ agent: empty.id, environment_id: environment.id })
  const removed = `/presets/${Buffer.from(empty.id.slice(6), 'hex')}`
  expect((await theirs.call('DELETE', removed)).status).toBe(204)
  expect((await beta.sessions.retrieve(session.id)).agent).toEqual(session.agent)
})

test('twenty changes at once without a version are all made', async () => {
  const { client, createAgent } = shared()
  const { agents, environments } = client.beta
  const options = { maxRetries: 0 }
  const names = Array.from({ length: 20 }, (_, index) => `name ${index}`)
  const [agent, environment] = [await createAgent(), await environments.create({ name: 'first' })]
  const changed = await Promise.all([
    ...names.map(name => agents.update(agent.id, { name }, options)),
    ...names.map(name => environments.update(environment.id, { name }, options)),
  ])
  expect(changed.map(({ name }) => name)).toEqual([...names, ...names])
  expect((await agents.retrieve(agent.id)).version).toBe(21)
})

test('errors of the API name fields as the protocol does', async () => {
  const { client, environment, createAgent, createSession } = shared()
  const { agents, sessions } = client.beta
  const deep = JSON.parse(`${'{"not":'.repeat(40)}{}${'}'.repeat(40)}`)
  const custom = { type: 'custom' as const, name: 'deep', description: 'Deep' }
  const tool = { ...custom, input_schema: { type: 'object' as const, ...deep } }
  const tools = [toolset(), { type: 'mcp_toolset' as const, mcp_server_name: 'box' }, tool]
  // Loopback only: the port is not among those that are allowed.
  const servers = [{ type: 'url' as const, name: 'box', url: 'http://127.0.0.1:1/mcp' }]
  const agent = await createAgent({ tools: [toolset()] })
  const session = await createSession(agent.id)
  const overrides = { type: 'agent_with_overrides' as const, id: agent.id }
  const place = { environment_id: environment.id }
  const page = Buffer.from('"nonsense"').toString('base64url')
  const refused: [() => PromiseLike<unknown>, string][] = [
    [() => createAgent({ tools: [toolset(), tool] }), 'tools[1].input_schema: '],
    [() => agents.update(agent.id, { tools: [toolset(), tool] }), 'tools[1].input_schema: '],
    [() => createAgent({ tools: tools.slice(0, 2), mcp_servers: servers }), 'mcp_servers[0].url: '],
    [
      () => sessions.create({ ...place, agent: { ...overrides, tools: [tool] } }),
      'agent.tools[0].input_schema: ',
    ],
    [
      () =>
        sessions.create({
          ...place,
          agent: { ...overrides, tools: tools.slice(0, 2), mcp_servers: servers },
        }),
      'agent.mcp_servers[0].url: ',
    ],
    [
      () => sessions.update(session.id, { agent: { tools: [toolset(), tool] } }),
      'agent.tools[1].input_schema: ',
    ],
    [() => agents.list({ page }), 'page: '],
  ]
  for (const [call, field] of refused) {
    await expect(call(), field).rejects.toMatchObject({ message: expect.stringContaining(`"${field}`) })
  }
})
