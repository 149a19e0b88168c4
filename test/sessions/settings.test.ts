import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSessionRequest } from '../../src/contract/sessions.ts'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { sealSettings, unsealSettings } from '../../src/sessions/settings/secrets.ts'
import { caller, openSessions, plain, promptOf } from '../support/open-sessions.ts'
import { ScriptedLauncher } from '../support/scripted-launcher.ts'

const request = (settings: object) => createSessionRequest.parse(settings)
const web = {
  type: 'http',
  url: 'https://example.com/mcp?key=hunter2',
  headers: { Authorization: 'hunter2' },
} as const

describe('settings of a session', () => {
  test('name no MCP server that agents cannot reach', async () => {
    const server = (url: string) => ({ mcpServers: { docs: { type: 'http', url } as const } })
    const agentNetwork = ['docs.test', '*.mcp.test:8443']
    const { sessions } = await openSessions({ agentNetwork })
    const refused = (url: string, allowed: readonly string[]) => ({
      code: 'SETTING_NOT_ALLOWED',
      message: expect.stringContaining(`agentNetwork: ["${url}"]`),
      details: { setting: 'mcpServers.docs.url', option: 'agentNetwork', allowed },
    })
    const { session } = await sessions.create(caller, request(server('https://docs.test/mcp')))
    await sessions.patch(caller, session.id, server('https://a.mcp.test:8443/'))
    for (const [url, target] of [
      ['https://docs.test:8443/mcp', 'docs.test:8443'],
      ['https://mcp.test:8443/', 'mcp.test:8443'],
      ['http://other.test/?secret', 'other.test:80'],
    ] as const) {
      const why = refused(target, agentNetwork)
      await expect(sessions.create(caller, request(server(url)))).rejects.toMatchObject(why)
      await expect(sessions.patch(caller, session.id, server(url))).rejects.toMatchObject(why)
    }
    const { sessions: closed } = await openSessions({ agentNetwork: 'none' })
    await expect(closed.create(caller, request(server('https://docs.test/')))).rejects.toMatchObject(
      refused('docs.test:443', []),
    )
    const { sessions: open } = await openSessions({ agentNetwork: 'all' })
    await open.create(caller, request(server('https://docs.test:22/')))
  })

  test('what is not set does not reach the process', async () => {
    const { sessions, launcher, ask } = await openSessions()
    await ask((await sessions.create(caller, plain)).session.id, 'hello')
    expect(Object.keys(launcher.launched[0]?.settings ?? {}).sort()).toEqual([
      'permissionPrompts',
      'permissionTimeoutMs',
    ])
  })

  test('what is set does, with its secrets, while the store and its readers have none', async () => {
    const { sessions, launcher, ask, store } = await openSessions({ allowedAgentEnv: ['TOKEN'] })
    const settings = { effort: 'high', mcpServers: { web }, agentEnv: { TOKEN: 'hunter2' } } as const
    const { session: created } = await sessions.create(caller, request(settings))
    await ask(created.id, 'hello')
    expect(launcher.launched[0]?.settings).toMatchObject(settings)
    const stored = await store.findSession(caller.tenantId, created.id)
    for (const session of [created, stored, (await sessions.get(caller, created.id)).session]) {
      expect(JSON.stringify(session)).not.toContain('hunter2')
      expect(session?.settings.mcpServers).toEqual({
        web: { type: 'http', url: 'https://example.com/mcp?***', headers: { Authorization: '***' } },
      })
    }
  })

  test('secrets that are not replaced stay what they are', async () => {
    const { sessions, launcher, ask } = await openSessions({ allowedAgentEnv: ['TOKEN'] })
    const settings = { mcpServers: { web }, agentEnv: { TOKEN: 'one' } }
    const {
      session: { id },
    } = await sessions.create(caller, request(settings))
    await ask(id, 'hello')
    const other = { ...web, headers: { Authorization: 'two' } }
    await sessions.patch(caller, id, { mcpServers: { web: other } })
    await sessions.patch(caller, id, { effort: 'low' })
    await ask(id, 'hello')
    expect(launcher.launched.at(-1)?.settings).toMatchObject({
      effort: 'low',
      agentEnv: { TOKEN: 'one' },
      mcpServers: { web: other },
    })
    await sessions.patch(caller, id, { mcpServers: null, effort: null })
    await ask(id, 'hello')
    expect(launcher.launched.at(-1)?.settings).not.toHaveProperty('mcpServers')
    expect(launcher.launched.at(-1)?.settings).not.toHaveProperty('effort')
  })

  test('sealed for one tenant, they are none for another', () => {
    const sealer = createSealer([randomBytes(32)])
    const stored = sealSettings({ ...request({}), mcpServers: { web } }, 'one', sealer)
    expect(unsealSettings({ ...stored, tenantId: 'one' }, sealer).mcpServers).toEqual({ web })
    expect(() => unsealSettings({ ...stored, tenantId: 'two' }, sealer)).toThrow(/mcpServers/)
  })
})

describe('a changed configuration', () => {
  test('is given to the process that lives, once, when it takes it', async () => {
    const launcher = new ScriptedLauncher()
    launcher.canReconfigure = true
    const { sessions, ask } = await openSessions({ launcher })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'hello')
    await Promise.all([
      sessions.patch(caller, id, { model: 'haiku' }),
      sessions.patch(caller, id, { effort: 'low' }),
    ])
    await ask(id, 'hello')
    expect(launcher.launched).toHaveLength(1)
    expect([...launcher.agents].map(({ spec }) => [spec.model, spec.settings.effort])).toEqual([
      ['haiku', 'low'],
    ])
  })

  test('needs a new process when the one that lives does not take it', async () => {
    const { sessions, ask, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'hello')
    await sessions.patch(caller, id, { model: 'haiku' })
    await ask(id, 'hello')
    expect(launcher.launched.map(({ model }) => model)).toEqual([null, 'haiku'])
    expect(launcher.agents.size).toBe(1)
  })
})

describe('a budget', () => {
  test('is checked before a turn is stored, and leaves a process what is left', async () => {
    const { sessions, ask, launcher } = await openSessions()
    // A turn of the scripted engine costs one cent.
    const {
      session: { id },
    } = await sessions.create(caller, request({ maxBudgetUsd: 0.02 }))
    await ask(id, 'hello')
    for (const agent of launcher.agents) await agent.close()
    await ask(id, 'hello')
    expect(launcher.launched.map(({ budgetLeftUsd }) => budgetLeftUsd)).toEqual([0.02, 0.01])
    await expect(ask(id, 'hello')).rejects.toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { limit: 0.02, spent: 0.02 },
    })
    expect((await sessions.listTurns(caller, id, { limit: 10, offset: 0 })).total).toBe(2)
  })

  test('a turn that waited until nothing was left starts no process', async () => {
    const release = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const launcher = new ScriptedLauncher(async () => {
      begun.resolve()
      await release.promise
      return 'done'
    })
    const { sessions } = await openSessions({ launcher })
    const {
      session: { id },
    } = await sessions.create(caller, request({ maxBudgetUsd: 0.01 }))
    const submit = async (prompt: string) => (await sessions.submit(caller, id, promptOf(prompt))).turn
    const end = ({ id: turnId }: { id: string }) =>
      sessions.whenTurnEnded(caller, id, turnId, new AbortController().signal)
    const [one, two] = [await submit('one'), await submit('two')]
    await begun.promise
    // Only a start can give this.
    await sessions.patch(caller, id, { maxTurns: 5 })
    release.resolve()
    expect(await end(one)).toMatchObject({ status: 'completed', stopReason: 'end_turn' })
    expect(await end(two)).toMatchObject({ status: 'completed', stopReason: 'budget', costUsd: 0 })
    expect(launcher.launched).toHaveLength(1)
  })
})
