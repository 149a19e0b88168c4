import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSealer } from '../../src/lib/sealed-text.ts'
import { createClient } from '../support/client.ts'
import { endsLater } from '../support/lifetime.ts'
import { openSessions } from '../support/open-sessions.ts'
import { key, openDoor } from './open-door.ts'

const web = {
  type: 'http',
  url: 'https://example.com/mcp?key=hunter2',
  headers: { Authorization: 'hunter2' },
} as const
const shownWeb = { type: 'http', url: 'https://example.com/mcp?***', headers: { Authorization: '***' } }

async function open(options: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions({ allowedAgentEnv: ['TOKEN'], ...options })
  const door = await openDoor({ service: opened.sessions, store: opened.store })
  endsLater(() => door[Symbol.asyncDispose]())
  const client = createClient(door.url, key)
  const { call } = client
  const create = (configuration: object, more: object = {}, init?: RequestInit) =>
    call('POST', '/presets', { name: 'reviewer', configuration, ...more }, init)
  const add = (configuration: object, more: object = {}, init?: RequestInit) =>
    call('POST', '/presets/reviewer/versions', { configuration, ...more }, init)
  /** The configuration of a session that is made with these fields. */
  const configOf = async (fields: object) => {
    const id = await client.createSession(fields)
    const { config, preset } = (await call('GET', `/sessions/${id}`)).body
    return { id, config, preset }
  }
  return { ...opened, ...client, door, create, add, configOf }
}

const codeOf = ({ status, body }: { status: number; body: { error: { code: string } } }) => [
  status,
  body.error.code,
]
const issuesOf = (body: { error: { details: { issues: { path: string }[] } } }) =>
  body.error.details.issues.map(({ path }) => path)

describe('a session of a preset', () => {
  test('has its configuration, secrets included, and says so', async () => {
    const { create, configOf, ask, launcher, store } = await open()
    const configuration = {
      model: 'sonnet',
      permissionMode: 'plan',
      permissionPrompts: 'ask',
      appendSystemPrompt: 'Review.',
      maxTurns: 7,
      mcpServers: { web },
      agentEnv: { TOKEN: 'hunter2' },
    }
    const { body } = await create(configuration, { description: 'Reviews' })
    expect(body).toMatchObject({
      ...{ name: 'reviewer', version: 1, latestVersion: 1, description: 'Reviews', archived: false },
      configuration: { ...configuration, mcpServers: { web: shownWeb }, agentEnv: { TOKEN: '***' } },
    })
    const { id, config, preset } = await configOf({ preset: 'reviewer', title: 'mine' })
    expect(preset).toEqual({ name: 'reviewer', version: 1 })
    expect(config).toMatchObject({ ...body.configuration, permissionTimeoutMs: 3_600_000 })
    await ask(id, 'hello')
    expect(launcher.launched.at(-1)).toMatchObject({
      model: 'sonnet',
      permissionMode: 'plan',
      settings: { permissionPrompts: 'ask', mcpServers: { web }, agentEnv: { TOKEN: 'hunter2' } },
    })
    const stored = await store.presets.findPreset('default', 'reviewer')
    expect(JSON.stringify(stored)).not.toContain('hunter2')
  })

  test('takes each field of the request instead, also one that is the default', async () => {
    const { create, configOf, cwd, call } = await open()
    await create({
      permissionMode: 'plan',
      permissionPrompts: 'ask',
      maxTurns: 7,
      cwd,
      allowedTools: ['Read', 'Bash'],
      mcpServers: { web },
      titles: 'claude',
    })
    const other = { type: 'http', url: 'https://other.example/mcp' }
    const { config } = await configOf({
      preset: 'reviewer',
      permissionMode: 'default',
      permissionPrompts: 'deny',
      allowedTools: ['Grep'],
      mcpServers: { other },
      titles: 'off',
    })
    expect(config).toMatchObject({
      ...{ permissionMode: 'default', permissionPrompts: 'deny', maxTurns: 7, cwd, titles: 'off' },
      ...{ allowedTools: ['Grep'], mcpServers: { other } },
    })
    expect(Object.keys(config.mcpServers)).toEqual(['other'])
    // A place is one thing, whichever field says it.
    const id = (await call('POST', '/sessions', { preset: 'reviewer', workspace: { type: 'empty' } })).body
    const { workspace } = (await call('GET', `/sessions/${id.sessionId}`)).body
    expect(workspace).toMatchObject({ type: 'empty' })
  })

  test('stays what it is when versions are added, and when the preset is deleted', async () => {
    const { create, add, configOf, call, ask } = await open()
    await create({ maxTurns: 1 })
    const first = await configOf({ preset: 'reviewer' })
    await add({ maxTurns: 2 })
    expect(await configOf({ preset: 'reviewer' })).toMatchObject({ config: { maxTurns: 2 } })
    expect(await configOf({ preset: 'reviewer@1' })).toMatchObject({
      config: { maxTurns: 1 },
      preset: { name: 'reviewer', version: 1 },
    })
    const found = async (query: string) => (await call('GET', `/sessions?${query}`)).body.total
    expect(await found('preset=reviewer')).toBe(3)
    expect(await found('preset=reviewer%401')).toBe(2)
    expect(await found('preset=other')).toBe(0)
    expect((await call('POST', `/sessions/${first.id}/fork`, {})).status).toBe(201)
    expect(await found('preset=reviewer%401')).toBe(3)
    expect((await call('DELETE', '/presets/reviewer')).status).toBe(204)
    expect((await ask(first.id, 'still there?')).status).toBe(200)
    expect((await call('GET', `/sessions/${first.id}`)).body).toMatchObject({
      config: { maxTurns: 1 },
      preset: { name: 'reviewer', version: 1 },
    })
    for (const preset of ['reviewer', 'reviewer@2']) {
      expect(codeOf(await call('POST', '/sessions', { preset }))).toEqual([404, 'PRESET_NOT_FOUND'])
    }
    // The numbers of deleted versions are not used again.
    expect((await create({})).body).toMatchObject({ version: 3, latestVersion: 3 })
    expect(codeOf(await call('GET', '/presets/reviewer?version=1'))).toEqual([404, 'PRESET_NOT_FOUND'])
  })

  test.each(['Reviewer', 'reviewer@0', 'reviewer@', 'a b', '', 'reviewer@1@2', 1])(
    'needs a name, with a version at most: %j',
    async preset => {
      const { call } = await open()
      const { status, body } = await call('POST', '/sessions', { preset })
      expect([status, issuesOf(body)]).toEqual([400, ['preset']])
    },
  )

  test('is not made of an archived preset', async () => {
    const { create, add, call } = await open()
    await create({})
    await call('PATCH', '/presets/reviewer', { archived: true })
    expect(codeOf(await call('POST', '/sessions', { preset: 'reviewer' }))).toEqual([409, 'PRESET_ARCHIVED'])
    expect(codeOf(await add({}))).toEqual([409, 'PRESET_ARCHIVED'])
    expect((await call('GET', '/presets')).body.presets).toEqual([])
    expect((await call('GET', '/presets?archived=true')).body.presets).toMatchObject([{ archived: true }])
    await call('PATCH', '/presets/reviewer', { archived: false })
    expect((await call('POST', '/sessions', { preset: 'reviewer' })).status).toBe(201)
  })

  test('is refused when the secrets of the preset were sealed with a lost key', async () => {
    const { sessions, store, call, create } = await open()
    await create({ agentEnv: { TOKEN: 'one' } })
    const preset = await store.presets.findPreset('default', 'reviewer')
    const sealed = createSealer([randomBytes(32)]).seal('{"TOKEN":"one"}', 'default:agentEnv')
    const { version: _, latestVersion: __, archivedAt: ___, ...rest } = preset ?? expect.fail()
    const next = { ...rest, secrets: { agentEnv: sealed } }
    const limits = { presets: 9, versions: 9, totalBytes: 9_000 }
    await store.presets.addPresetVersion(next, undefined, limits, 0)
    expect(codeOf(await call('POST', '/sessions', { preset: 'reviewer' }))).toEqual([
      409,
      'PRESET_SECRETS_UNREADABLE',
    ])
    expect((await call('POST', '/sessions', { preset: 'reviewer@1' })).status).toBe(201)
    await sessions.close()
  })
})

describe('what the server does not allow', () => {
  const stdio = { mcpServers: { local: { type: 'stdio', command: 'make' } } }

  test.each([
    [{ permissionMode: 'bypassPermissions' }, 'PERMISSION_MODE_NOT_ALLOWED'],
    [stdio, 'SETTING_NOT_ALLOWED'],
    [{ agentEnv: { PATH: '/tmp' } }, 'SETTING_NOT_ALLOWED'],
    [{ settingSources: ['user'] }, 'SETTING_NOT_ALLOWED'],
    [{ cwd: '/etc' }, 'CWD_NOT_ALLOWED'],
    [{ workspace: { type: 'directory', path: '/etc' } }, 'CWD_NOT_ALLOWED'],
    [{ workspace: { type: 'worktree', repository: '/etc' } }, 'CWD_NOT_ALLOWED'],
    [{ additionalDirectories: ['/etc'] }, 'CWD_NOT_ALLOWED'],
  ])('is refused when a preset is made: %j', async (configuration, code) => {
    const { create, call } = await open()
    expect(codeOf(await create(configuration))).toEqual([403, code])
    expect((await call('GET', '/presets')).body.presets).toEqual([])
  })

  test('settings files of a directory that is not trusted are refused', async () => {
    const { create, cwd } = await open()
    expect(codeOf(await create({ cwd, settingSources: ['project'] }))).toEqual([403, 'SETTING_NOT_ALLOWED'])
    // Without a directory, the session that is made decides.
    expect((await create({ settingSources: ['project'] })).status).toBe(201)
  })

  test('is looked at again when a session is made', async () => {
    const options = { allowStdioMcpServers: true, allowBypassPermissions: true }
    const policy = { ...options }
    const { create, add, call } = await open(policy)
    await create(stdio)
    await add({ permissionMode: 'bypassPermissions' })
    const strict = await open()
    for (const [version, configuration] of [
      stdio,
      { permissionMode: 'bypassPermissions' as const },
    ].entries()) {
      // As if the options had been changed since.
      const next = {
        ...{
          tenantId: 'default',
          name: 'reviewer',
          description: null,
          metadata: {},
          secrets: {},
          sizeBytes: 2,
        },
        ...{ createdBy: 'key-1', createdAt: 1, requestKey: null, requestHash: null },
        configuration: configuration as object,
      }
      const limits = { presets: 9, versions: 9, totalBytes: 9_000 }
      if (version === 0) await strict.store.presets.createPreset(next, limits, 0)
      else await strict.store.presets.addPresetVersion(next, undefined, limits, 0)
    }
    for (const [preset, code] of [
      ['reviewer@1', 'SETTING_NOT_ALLOWED'],
      ['reviewer@2', 'PERMISSION_MODE_NOT_ALLOWED'],
    ] as const) {
      expect((await call('POST', '/sessions', { preset })).status).toBe(201)
      expect(codeOf(await strict.call('POST', '/sessions', { preset }))).toEqual([403, code])
    }
  })

  test.each([
    [{ maxTurns: 0 }, 'configuration.maxTurns'],
    [{ title: 'x' }, 'configuration.title'],
    [{ tags: [] }, 'configuration.tags'],
    [{ metadata: {} }, 'configuration.metadata'],
    [{ preset: 'other' }, 'configuration.preset'],
    [{ cwd: 'missing' }, 'configuration.cwd'],
    [{ cwd: '.', workspace: { type: 'empty' } }, 'configuration.cwd'],
    [{ workspace: { type: 'git', url: 'https://me:pw@example.com/a' } }, 'configuration.workspace.url'],
    [{ agentEnv: { TOKEN: '***' } }, 'configuration.agentEnv.TOKEN'],
    [{ mcpServers: { web: { ...web, url: shownWeb.url } } }, 'configuration.mcpServers.web.url'],
    [
      { agents: { a: { description: 'a', prompt: 'a', mcpServers: ['x'] } } },
      'configuration.agents.a.mcpServers',
    ],
    [{ appendSystemPrompt: 'ä'.repeat(140_000) }, 'configuration'],
  ])('names the field: %#', async (configuration, field) => {
    const { create } = await open()
    const { status, body } = await create(configuration)
    expect([status, issuesOf(body)]).toEqual([400, [field]])
  })

  test.each(['', 'A', 'a/b', 'a@1', '-a', 'a'.repeat(64)])('a preset cannot be called %j', async name => {
    const { call } = await open()
    const { status, body } = await call('POST', '/presets', { name, configuration: {} })
    expect([status, issuesOf(body)]).toEqual([400, ['name']])
  })
})

describe('versions', () => {
  test('are added one after the other, and only after the expected one', async () => {
    const { create, add, call } = await open()
    await create({ maxTurns: 1 })
    expect(codeOf(await create({}))).toEqual([409, 'PRESET_EXISTS'])
    expect((await add({ maxTurns: 2 }, { expectedVersion: 1 })).body).toMatchObject({ version: 2 })
    const refused = await add({ maxTurns: 3 }, { expectedVersion: 1 })
    expect(codeOf(refused)).toEqual([409, 'PRESET_VERSION_CONFLICT'])
    expect(refused.body.error.details).toEqual({ latestVersion: 2 })
    const first = await call('GET', '/presets/reviewer/versions?limit=1')
    expect(first.body.versions).toMatchObject([{ version: 2, configuration: { maxTurns: 2 } }])
    const { nextCursor } = first.body.pagination
    const second = await call('GET', `/presets/reviewer/versions?limit=1&cursor=${nextCursor}`)
    expect(second.body).toMatchObject({
      versions: [{ version: 1, latestVersion: 2, configuration: { maxTurns: 1 } }],
      pagination: { total: 2, nextCursor: null },
    })
  })

  test('have metadata of their own, which sessions do not get', async () => {
    const { create, add, call } = await open()
    const made = (await create({}, { metadata: { team: 'shop' } })).body
    expect(made).toMatchObject({ metadata: { team: 'shop' }, archivedAt: null })
    expect((await add({}, { metadata: { team: 'web', round: 2 } })).body.metadata).toEqual({
      team: 'web',
      round: 2,
    })
    expect((await add({})).body.metadata).toEqual({})
    expect((await call('GET', '/presets/reviewer?version=1')).body.metadata).toEqual({ team: 'shop' })
    const { sessionId } = (await call('POST', '/sessions', { preset: 'reviewer@1' })).body
    expect((await call('GET', `/sessions/${sessionId}`)).body.metadata).toEqual({})
    const large = await add({}, { metadata: { text: 'x'.repeat(16 * 1024) } })
    expect([large.status, issuesOf(large.body)]).toEqual([400, ['metadata']])
    const { archivedAt } = (await call('PATCH', '/presets/reviewer', { archived: true })).body
    expect(archivedAt).toEqual(expect.stringMatching(/^\d{4}-/))
  })

  test('lists of presets continue after the last one', async () => {
    const { call } = await open()
    for (const name of ['c', 'a', 'b']) await call('POST', '/presets', { name, configuration: {} })
    const names: string[] = []
    for (let cursor = ''; ; ) {
      const { presets, pagination } = (await call('GET', `/presets?limit=1${cursor}`)).body
      names.push(...presets.map(({ name }: { name: string }) => name))
      if (!pagination.nextCursor) break
      cursor = `&cursor=${pagination.nextCursor}`
    }
    expect(names).toEqual(['a', 'b', 'c'])
  })

  test('a request that is sent again makes nothing again', async () => {
    const { create, add, call } = await open()
    const init = { headers: { 'idempotency-key': 'one' } }
    const first = await create({ maxTurns: 1 }, {}, init)
    const again = await create({ maxTurns: 1 }, {}, init)
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body])
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(codeOf(await create({ maxTurns: 2 }, {}, init))).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    const next = { headers: { 'idempotency-key': 'two' } }
    const added = await Promise.all([add({}, {}, next), add({}, {}, next), add({}, {}, next)])
    expect(added.map(({ body }) => body.version)).toEqual([2, 2, 2])
    expect((await call('GET', '/presets/reviewer')).body.latestVersion).toBe(2)
  })
})

describe('keys', () => {
  test('with admin make presets; those that make or read sessions see and use them', async () => {
    const { call, door, create } = await open()
    await create({ maxTurns: 3 })
    const clientOf = async (...scopes: string[]) =>
      createClient(door.url, (await call('POST', '/keys', { name: 'k', scopes })).body.key)
    const writer = await clientOf('sessions:write')
    const reader = await clientOf('sessions:read')
    const stranger = await clientOf('usage:read')
    const body = { name: 'other', configuration: {} }
    for (const client of [writer, reader, stranger]) {
      for (const [method, path, sent] of [
        ['POST', '/presets', body],
        ['POST', '/presets/reviewer/versions', { configuration: {} }],
        ['PATCH', '/presets/reviewer', { archived: true }],
        ['DELETE', '/presets/reviewer', undefined],
      ] as const) {
        expect(codeOf(await client.call(method, path, sent))).toEqual([403, 'SCOPE_REQUIRED'])
      }
    }
    for (const client of [writer, reader]) {
      expect((await client.call('GET', '/presets/reviewer')).status).toBe(200)
    }
    expect((await stranger.call('GET', '/presets')).status).toBe(403)
    expect((await writer.call('POST', '/sessions', { preset: 'reviewer' })).status).toBe(201)
  })

  test('of a tenant use its own presets; who administers the server names the tenant', async () => {
    const { call, door, create } = await open()
    await create({ maxTurns: 1 })
    const made = await call('POST', '/presets?tenant=red', {
      name: 'reviewer',
      configuration: { maxTurns: 2 },
    })
    expect(made.body.tenant).toBe('red')
    const scopes = ['sessions:read', 'sessions:write', 'admin']
    const red = createClient(
      door.url,
      (await call('POST', '/keys', { name: 'k', scopes, tenant: 'red' })).body.key,
    )
    const id = await red.createSession({ preset: 'reviewer' })
    expect((await red.call('GET', `/sessions/${id}`)).body.config.maxTurns).toBe(2)
    expect((await call('GET', '/presets/reviewer')).body.configuration).toEqual({ maxTurns: 1 })
    expect((await call('GET', '/presets/reviewer?tenant=red')).body.configuration).toEqual({ maxTurns: 2 })
    expect(codeOf(await red.call('GET', '/presets/reviewer?tenant=default'))).toEqual([
      403,
      'TENANT_NOT_ALLOWED',
    ])
    await call('DELETE', '/presets/reviewer?tenant=red')
    expect((await red.call('GET', '/presets')).body.presets).toEqual([])
    expect((await call('GET', '/presets')).body.presets).toHaveLength(1)
  })
})
