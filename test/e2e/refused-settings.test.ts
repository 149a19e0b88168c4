import { describe, expect, test } from 'vitest'
import { openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'

const shared = shareServer({ allowedPrivateHosts: ['localhost:80'] })
const schema = { type: 'object', properties: { answer: { type: 'integer' } } }
const agent = { description: 'Reviews', prompt: 'You review.' }
const ofServer = (server: object) => ({
  mcpServers: { web: { type: 'http', url: 'http://localhost/mcp', ...server } },
})

describe('a setting that the installed Claude Code would pass over', () => {
  test('is refused by name', async () => {
    // By the operation table alone: it is what callers hear, whether or not the document is checked as well.
    const { call } = await openServer({ openApiValidation: { enabled: false } })
    let sonnet: string | undefined
    await until(async () => {
      const models: { id: string; resolvedModel?: string }[] = (await call('GET', '/models')).body.models
      sonnet = models.find(({ id }) => id === 'sonnet')?.resolvedModel
      return sonnet !== undefined
    })
    const refused: [object, string][] = [
      [{ tools: ['Read', 'bash'] }, 'tools[1]'],
      [{ tools: ['mcp__a__b'] }, 'tools[0]'],
      [{ allowedTools: ['Bosh(git *)'] }, 'allowedTools[0]'],
      [{ allowedTools: ['Bash(git'] }, 'allowedTools[0]'],
      [{ allowedTools: ['Bash(python3 -c (x),Bash,(y))'] }, 'allowedTools[0]'],
      [{ allowedTools: ['Bash (git *)'] }, 'allowedTools[0]'],
      [{ allowedTools: ['mcp__*'] }, 'allowedTools[0]'],
      [{ disallowedTools: ['read'] }, 'disallowedTools[0]'],
      [{ effort: 'enormous' }, 'effort'],
      [{ thinking: { type: 'disabled' } }, 'thinking.type'],
      [{ thinking: { type: 'enabled', budgetTokens: 2000 } }, 'thinking.budgetTokens'],
      [{ thinking: { type: 'enabled' } }, 'thinking.budgetTokens'],
      [{ fallbackModel: 'default' }, 'fallbackModel'],
      [{ fallbackModel: 'sonet' }, 'fallbackModel'],
      [{ fallbackModel: 'haiku,sonnet' }, 'fallbackModel'],
      [{ model: 'sonnet', fallbackModel: 'sonnet' }, 'fallbackModel'],
      [{ model: 'sonnet', fallbackModel: sonnet }, 'fallbackModel'],
      [{ agents: { reviewer: { ...agent, model: 'sonet' } } }, 'agents.reviewer.model'],
      [{ agents: { reviewer: { ...agent, tools: ['Raed'] } } }, 'agents.reviewer.tools[0]'],
      [{ agents: { reviewer: { ...agent, mcpServers: ['web'] } } }, 'agents.reviewer.mcpServers'],
      [{ agents: { reviewer: { ...agent, prompt: '' } } }, 'agents.reviewer.prompt'],
      [{ agents: { 'bad, name': agent } }, 'agents.bad, name'],
      [{ skills: ['no such skill'] }, 'skills[0]'],
      [{ settingSources: ['everything'] }, 'settingSources[0]'],
      [{ maxBudgetUsd: 0 }, 'maxBudgetUsd'],
      [
        { outputFormat: { type: 'json_schema', schema: { ...schema, type: 'bogus' } } },
        'outputFormat.schema',
      ],
      [{ outputFormat: { type: 'json_schema', schema: { ...schema, bogus: 1 } } }, 'outputFormat.schema'],
      [{ outputFormat: { type: 'json_schema', schema: { type: 'string' } } }, 'outputFormat.schema'],
      [ofServer({ url: 'not a url' }), 'mcpServers.web.url'],
      [ofServer({ url: 'ftp://localhost/' }), 'mcpServers.web.url'],
      [ofServer({ url: 'http://me:hunter2@localhost/' }), 'mcpServers.web.url'],
      [ofServer({ type: 'ws' }), 'mcpServers.web.type'],
      [ofServer({ timeout: 5 }), 'mcpServers.web.timeout'],
      [ofServer({ headers: { 'bad name': 'x' } }), 'mcpServers.web.headers.bad name'],
      [ofServer({ headers: { name: 'two\nlines' } }), 'mcpServers.web.headers.name'],
      [ofServer({ headers: { name: '***' } }), 'mcpServers.web.headers.name'],
      [{ mcpServers: { 'a b': ofServer({}).mcpServers.web } }, 'mcpServers.a b'],
      [{ additionalDirectories: ['missing'] }, 'additionalDirectories[0]'],
    ]
    for (const [settings, path] of refused) {
      const { status, body } = await call('POST', '/sessions', settings)
      const paths = body.error?.details?.issues?.map((issue: { path: string }) => issue.path)
      expect(status, JSON.stringify(settings)).toBe(400)
      expect(paths, JSON.stringify(settings)).toContain(path)
      expect(JSON.stringify(body)).not.toContain('hunter2')
    }
    expect((await call('GET', '/sessions')).body.total).toBe(0)
  })

  test('is refused in a change as well, which then changes nothing', async () => {
    const { call, createSession } = shared()
    const id = await createSession({ fallbackModel: 'haiku' })
    const before = (await call('GET', `/sessions/${id}`)).body
    for (const change of [
      { model: 'haiku' },
      { effort: 'enormous' },
      ofServer({ type: 'ws' }),
      { tools: [] },
    ]) {
      expect((await call('PATCH', `/sessions/${id}`, { title: 'other', ...change })).status).toBe(400)
    }
    expect((await call('GET', `/sessions/${id}`)).body).toEqual(before)
  })

  test.each([
    ['an effort that the model does not take', { model: 'claude-sonnet-4-5', effort: 'high' }, /effort/],
    [
      'a server whose name it reserves',
      { mcpServers: { workspace: ofServer({}).mcpServers.web } },
      /workspace/,
    ],
    [
      'a mode that the model does not take',
      { model: 'claude-sonnet-4-5', permissionMode: 'auto' },
      /permissionMode/,
    ],
    ['a skill that there is not', { skills: ['swimming'] }, /swimming/],
    ['a tool that this session does not get', { tools: ['Read', 'TodoWrite'] }, /TodoWrite/],
  ])('known only when it starts: %s is a typed failure of the turn', async (_name, settings, message) => {
    const { call, createSession, ask } = shared()
    await until(async () => (await call('GET', '/health')).body.checks.claude.status === 'ok')
    const id = await createSession(settings)
    for (const prompt of ['one', 'two']) {
      expect(await ask(id, prompt)).toMatchObject({
        status: 500,
        body: {
          error: {
            code: 'MESSAGE_SEND_FAILED',
            details: { reason: 'setting_not_supported' },
            message: expect.stringMatching(message),
          },
        },
      })
    }
    expect((await call('GET', '/health')).body.checks.claude.status).toBe('ok')
  })
})

describe('a setting that the server does not allow', () => {
  test.each([
    [{ mcpServers: { own: { type: 'stdio', command: 'node' } } }, 'allowStdioMcpServers'],
    [{ settingSources: ['project', 'user'] }, 'allowedSettingSources'],
    [{ agentEnv: { PATH: '/tmp' } }, 'allowedAgentEnv'],
  ])('%j is 403 and says what would allow it', async (settings, option) => {
    const { call } = shared()
    const answer = await call('POST', '/sessions', settings)
    expect(answer).toMatchObject({
      status: 403,
      body: {
        error: { code: 'SETTING_NOT_ALLOWED', details: { option }, message: expect.stringContaining(option) },
      },
    })
  })

  test('directories outside the allowed roots, agents that skip permissions', async () => {
    const { call } = shared()
    expect(await call('POST', '/sessions', { additionalDirectories: ['/etc'] })).toMatchObject({
      status: 403,
      body: { error: { code: 'CWD_NOT_ALLOWED' } },
    })
    const agents = { reviewer: { ...agent, permissionMode: 'bypassPermissions' } }
    expect(await call('POST', '/sessions', { agents })).toMatchObject({
      status: 403,
      body: { error: { code: 'PERMISSION_MODE_NOT_ALLOWED' } },
    })
  })

  test('a program in a change', async () => {
    const { call, createSession } = shared()
    const id = await createSession()
    const mcpServers = { own: { type: 'stdio', command: 'node' } }
    expect((await call('PATCH', `/sessions/${id}`, { mcpServers })).status).toBe(403)
  })
})
