import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { apiError, text } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'

const shared = shareServer()
const reads = ['commands', 'agents', 'context', 'mcp'] as const

describe('GET .../commands, .../agents, .../context and .../mcp', () => {
  test('start a process where there is none, once for all calls, and let it rest', async () => {
    const { call, createSession, ask } = await openServer({ idleTimeoutMs: 200 })
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    await until(() => claudesOf(process.pid).length === 0)
    const asking = Promise.all(
      reads.flatMap(what => [1, 2].map(() => call('GET', `/sessions/${id}/${what}`))),
    )
    await until(() => claudesOf(process.pid).length > 0)
    expect(claudesOf(process.pid)).toHaveLength(1)
    const answers = await asking
    for (const [index, what] of reads.entries()) {
      const [one, other] = answers.slice(index * 2)
      expect([one?.status, other?.status], what).toEqual([200, 200])
      expect(one?.body, what).toEqual(other?.body)
    }
    await until(() => claudesOf(process.pid).length === 0)
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test('answer while a turn runs, and do not disturb it', async () => {
    const { call, createSession, stream, model } = await openServer()
    const asked = Promise.withResolvers<void>()
    model.script(
      'go slowly',
      text('one two', { fragmentSize: 4, holdUntil: asked.promise, holdAfterFragments: 1 }),
    )
    const id = await createSession()
    const events: string[] = []
    for await (const { event, data } of stream(id, { prompt: 'go slowly', includeDeltas: true })) {
      if (event === 'delta' && !events.includes('delta')) {
        for (const what of reads) {
          expect((await call('GET', `/sessions/${id}/${what}`)).status, what).toBe(200)
        }
        expect((await call('GET', `/sessions/${id}`)).body.state).toBe('running')
        asked.resolve()
      }
      if (event === 'complete') expect(data.summary).toBe('one two')
      events.push(event)
    }
    expect(events.at(-1)).toBe('complete')
  })

  test('are refused for a session that is over, and without Claude Code', async () => {
    const { call, createSession } = await openServer({ sessionTimeout: 60_000 })
    const ended = await createSession()
    await call('DELETE', `/sessions/${ended}`)
    const without = await openServer({ environment: { ANTHROPIC_API_KEY: '' } })
    const id = await without.createSession()
    for (const what of reads) {
      expect(await call('GET', `/sessions/${ended}/${what}`), what).toMatchObject({
        status: 410,
        body: { error: { code: 'SESSION_ENDED' } },
      })
      const answer = await without.call('GET', `/sessions/${id}/${what}`)
      expect(answer, what).toMatchObject({
        status: 503,
        body: { error: { code: 'AGENT_UNAVAILABLE', details: { reason: 'not_logged_in' } } },
      })
      expect(answer.body.error.message, what).toContain('ANTHROPIC_API_KEY')
    }
  })
})

describe('the context window', () => {
  test('grows with the conversation, and shrinks when it is compacted, in a turn of its own', async () => {
    const { call, createSession, ask } = shared()
    const id = await createSession()
    const context = async (detail = 'full') =>
      (await call('GET', `/sessions/${id}/context?detail=${detail}`)).body
    const tokensOf = ({ categories }: { categories: { id: string; tokens: number }[] }, id: string) =>
      categories.find(category => category.id === id)?.tokens ?? 0
    const empty = await call('POST', `/sessions/${id}/compact`)
    expect(empty).toMatchObject({
      status: 200,
      body: {
        compacted: false,
        tokensBefore: null,
        tokensAfter: null,
        message: expect.stringMatching(/compact/),
      },
    })
    const before = await context()
    expect(before.maxTokens).toBeGreaterThan(before.totalTokens)
    expect(before.categories).toContainEqual(expect.objectContaining({ id: 'system_prompt', kind: 'used' }))
    await ask(id, 'Remember that my cat is called Minka')
    await ask(id, 'Write 100 kilobytes')
    // Counted is what the model was given with the last prompt; and compaction keeps the last answer.
    await ask(id, 'What is 6 times 7?')
    const after = await context()
    expect(tokensOf(after, 'messages')).toBeGreaterThan(tokensOf(before, 'messages'))
    expect((await context('summary')).totalTokens).toBeGreaterThan(0)

    const { status, body } = await call('POST', `/sessions/${id}/compact`, {
      instructions: 'Keep the names of animals',
    })
    expect([status, body.compacted, body.message]).toEqual([200, true, null])
    expect(body.tokensAfter).toBeLessThan(body.tokensBefore)
    const turn = (await call('GET', `/sessions/${id}/turns/${body.turnId}`)).body
    expect(turn).toMatchObject({
      prompt: '/compact Keep the names of animals',
      commands: true,
      status: 'completed',
      response: 'Compacted',
    })
    expect(tokensOf(await context(), 'messages')).toBeLessThan(tokensOf(after, 'messages'))
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test('is compacted after the turn that runs, or not at all', async () => {
    const { call, createSession, ask, model } = shared()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    const release = Promise.withResolvers<void>()
    model.script('take your time', text('Done', { holdUntil: release.promise }))
    const running = ask(id, 'take your time')
    await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'running')
    const refused = await call('POST', `/sessions/${id}/compact`, { onBusy: 'reject' })
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'SESSION_BUSY' } } })
    const compacting = call('POST', `/sessions/${id}/compact`)
    await until(async () => (await call('GET', `/sessions/${id}/turns`)).body.pagination.total === 3)
    release.resolve()
    const compacted = await compacting
    expect(compacted.body.compacted).toBe(true)
    const { endedAt } = (await call('GET', `/sessions/${id}/turns/${(await running).body.turnId}`)).body
    const { startedAt } = (await call('GET', `/sessions/${id}/turns/${compacted.body.turnId}`)).body
    expect(startedAt >= endedAt).toBe(true)
  })

  test('can be stopped, by its time or by an interrupt, and leaves the conversation as it was', async () => {
    const { call, createSession, ask, model } = shared()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    let asked = 0
    const held = model.scriptSummary(({ signal }) => {
      asked++
      return text('a summary', { holdUntil: once(signal, 'abort') })
    })
    const timedOut = await call('POST', `/sessions/${id}/compact`, { timeout: 1_500 })
    expect(timedOut).toMatchObject({ status: 408, body: { error: { code: 'REQUEST_TIMEOUT' } } })
    const command = await ask(id, '/compact', { commands: true, timeout: 1_500 })
    expect(command).toMatchObject({ status: 408, body: { error: { code: 'REQUEST_TIMEOUT' } } })
    const before = asked
    const stopped = call('POST', `/sessions/${id}/compact`)
    await until(() => asked > before)
    await call('POST', `/sessions/${id}/interrupt`)
    expect(await stopped).toMatchObject({ status: 200, body: { compacted: false } })
    const { turns } = (await call('GET', `/sessions/${id}/turns`)).body
    expect(turns.map(({ status }: { status: string }) => status)).toEqual([
      'completed',
      'timed_out',
      'timed_out',
      'interrupted',
    ])
    held()
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
  })

  test('stays as it is when the summary fails, and a session that is over is not compacted', async () => {
    const { call, createSession, ask, model } = shared()
    const id = await createSession()
    await ask(id, 'Remember that my cat is called Minka')
    const failing = model.scriptSummary(apiError(529))
    const { status, body } = await call('POST', `/sessions/${id}/compact`)
    expect([status, body.compacted]).toEqual([200, false])
    expect(body.message).toMatch(/\S/)
    failing()
    expect((await ask(id, 'What is my cat called?')).body.response).toContain('Minka')
    await call('DELETE', `/sessions/${id}`)
    expect((await call('POST', `/sessions/${id}/compact`)).status).toBe(410)
  })
})

describe('MCP servers', () => {
  test('tell how they are, and are disabled, enabled and reconnected by name', async () => {
    const mcp = await openMcpServer({ requiredHeaders: { authorization: 'Bearer top-secret' } })
    const { call, createSession } = await openServer({ allowedPrivateHosts: [mcp.host, '127.0.0.1:9'] })
    const headers = { Authorization: 'Bearer top-secret' }
    const id = await createSession({
      mcpServers: {
        tools: { type: 'http', url: `${mcp.url}?token=also-secret`, headers },
        nobody: { type: 'http', url: 'http://127.0.0.1:9/mcp?token=also-secret', headers },
      },
    })
    const servers = async () => (await call('GET', `/sessions/${id}/mcp`)).body.servers
    const find = async (name: string) =>
      (await servers()).find((server: { name: string }) => server.name === name)
    await until(async () => (await find('tools')).status === 'connected')
    await until(async () => (await find('nobody')).status === 'failed')
    const { tools } = await find('tools')
    expect(tools.map(({ name }: { name: string }) => name)).toContain('echo')
    expect((await find('nobody')).error).toMatch(/\S/)
    expect(JSON.stringify(await servers())).not.toMatch(/secret/)

    const act = async (server: string, action: string) =>
      (await call('POST', `/sessions/${id}/mcp/${server}`, { action })).body
    expect(await act('tools', 'disable')).toMatchObject({ name: 'tools', status: 'disabled' })
    expect(await act('tools', 'disable')).toMatchObject({ status: 'disabled' })
    expect((await find('tools')).status).toBe('disabled')
    expect(await act('tools', 'enable')).toMatchObject({ status: 'connected' })

    await mcp.goDown()
    expect(await act('tools', 'reconnect')).toMatchObject({ status: 'failed', error: expect.any(String) })
    await mcp.comeUp()
    expect(await act('tools', 'reconnect')).toMatchObject({ status: 'connected', error: null })
    expect(await act('unknown', 'reconnect')).toMatchObject({ error: { code: 'MCP_SERVER_NOT_FOUND' } })
  })

  test('of the project that cannot be started say so without their settings', async () => {
    const project = temporaryDirectory()
    const places = { defaultCwd: project, allowedRoots: [project], trustedRoots: [project] }
    const { call, createSession } = await openServer({ allowStdioMcpServers: true, ...places })
    const broken = { command: '/nonexistent/program', args: ['--key=top-secret'], env: { KEY: 'top-secret' } }
    writeFileSync(join(project, '.mcp.json'), JSON.stringify({ mcpServers: { broken } }))
    const id = await createSession({ settingSources: ['project'] })
    const findServers = async () => (await call('GET', `/sessions/${id}/mcp`)).body.servers
    await until(async () => (await findServers())[0]?.status !== 'pending')
    const servers = await findServers()
    expect(servers).toMatchObject([
      { name: 'broken', status: 'failed', transport: 'stdio', scope: 'project' },
    ])
    expect(JSON.stringify(servers)).not.toContain('top-secret')
  })
})
