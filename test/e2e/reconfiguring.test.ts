import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { parseFrames } from '../support/client.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { claudesOf } from '../support/processes.ts'
import { sentTo } from '../support/sent-to-model.ts'

type Server = Awaited<ReturnType<typeof openServer>>

/** A session with a turn behind it, and what tells whether its process is still the same. */
async function begin(server: Server, settings: object = {}) {
  const id = await server.createSession(settings)
  await server.ask(id, 'Remember that my cat is called Minka')
  const [pid] = claudesOf(process.pid, id)
  const patch = async (change: object) => {
    const answer = await server.call('PATCH', `/sessions/${id}`, change)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return answer.body
  }
  /** The next turn, which knows the past, and what was sent for it. */
  const next = async () => {
    const answer = await server.ask(id, 'What is my cat called?')
    expect(answer.body.response).toContain('Minka')
    const sent = sentTo(server.model).at(-1)
    if (!sent) throw new Error('nothing was sent')
    return { sent, isSameProcess: claudesOf(process.pid, id)[0] === pid }
  }
  return { id, patch, next }
}

const shared = shareServer({ record: true })

describe('a change while Claude Code lives', () => {
  test('of model and effort: the same process works with it from the next turn', async () => {
    const server = shared()
    const { id, patch, next } = await begin(server, { model: 'sonnet', effort: 'low' })
    await patch({ model: 'haiku', effort: 'high' })
    const changed = await next()
    expect(changed).toMatchObject({ isSameProcess: true, sent: { effort: 'high' } })
    expect(changed.sent.model).toContain('haiku')
    expect((await server.call('GET', `/sessions/${id}`)).body.model).toContain('haiku')
    const config = await patch({ model: null, effort: null })
    expect(config.config).not.toHaveProperty('effort')
    const back = await next()
    expect(back).toMatchObject({ isSameProcess: true, sent: { effort: 'medium' } })
    expect(back.sent.model).toContain('opus')
  })

  test('while a turn runs: from the next one', async () => {
    const server = shared()
    const { id, patch, next } = await begin(server, { model: 'sonnet' })
    const release = Promise.withResolvers<void>()
    server.model.script('held', [
      toolUse('Glob', { pattern: '*' }),
      { ...text('done'), holdUntil: release.promise },
    ])
    const before = sentTo(server.model).length
    const running = server.ask(id, 'held')
    await until(() => sentTo(server.model).length === before + 2)
    await patch({ model: 'haiku' })
    release.resolve()
    expect((await running).body.response).toBe('done')
    const models = sentTo(server.model)
      .slice(before)
      .map(({ model }) => model)
    expect(models.every(model => model.includes('sonnet'))).toBe(true)
    const changed = await next()
    expect(changed.isSameProcess).toBe(true)
    expect(changed.sent.model).toContain('haiku')
  })

  test('of the permission mode', async () => {
    const server = shared()
    const { id, patch, next } = await begin(server)
    server.model.script('write', [
      toolUse('Write', { file_path: `${server.cwd}/a`, content: 'a' }),
      text('done'),
    ])
    expect((await server.ask(id, 'write')).body.permissionDenials).toHaveLength(1)
    await patch({ permissionMode: 'acceptEdits' })
    expect((await server.ask(id, 'write')).body).not.toHaveProperty('permissionDenials')
    expect((await next()).isSameProcess).toBe(true)
  })

  test('out of bypassPermissions by the same process, into it by a new one: Claude Code asks for that', async () => {
    const server = await openServer({
      record: true,
      allowBypassPermissions: true,
      agentEnv: { IS_SANDBOX: '1' },
    })
    server.model.script('touch', [toolUse('Bash', { command: 'touch here' }), text('done')])
    const leaving = await begin(server, { permissionMode: 'bypassPermissions' })
    expect((await server.ask(leaving.id, 'touch')).body).not.toHaveProperty('permissionDenials')
    await leaving.patch({ permissionMode: 'default' })
    expect((await server.ask(leaving.id, 'touch')).body.permissionDenials).toHaveLength(1)
    expect((await leaving.next()).isSameProcess).toBe(true)

    const entering = await begin(server)
    expect((await server.ask(entering.id, 'touch')).body.permissionDenials).toHaveLength(1)
    await entering.patch({ permissionMode: 'bypassPermissions' })
    expect((await server.ask(entering.id, 'touch')).body).not.toHaveProperty('permissionDenials')
    expect((await entering.next()).isSameProcess).toBe(false)
  })

  test('of MCP servers: added, replaced, taken away', async () => {
    const [one, two] = [
      await openMcpServer(),
      await openMcpServer({ requiredHeaders: { 'x-token': 'second' } }),
    ]
    const server = await openServer({ record: true, allowedPrivateHosts: [one.host, two.host] })
    const first = { type: 'http', url: one.url, alwaysLoad: true }
    const { id, patch, next } = await begin(server, {
      mcpServers: { first },
      allowedTools: ['mcp__first', 'mcp__second'],
    })
    expect((await next()).sent.tools).toContain('mcp__first__echo')
    const second = { type: 'http', url: two.url, headers: { 'X-Token': 'second' }, alwaysLoad: true }
    const shown = await patch({ mcpServers: { second } })
    expect(shown.config.mcpServers.second.headers).toEqual({ 'X-Token': '***' })
    const changed = await next()
    expect(changed.isSameProcess).toBe(true)
    expect(changed.sent.tools).toContain('mcp__second__echo')
    const call = async (tool: string, input: object) => {
      const prompt = `use ${tool}`
      server.model.script(prompt, ({ round, toolResults }) =>
        round === 0 ? toolUse(tool, { ...input }) : text(toolResults[0]?.content ?? ''),
      )
      return (await server.ask(id, prompt)).body.response
    }
    expect(await call('mcp__second__echo_header', { name: 'X-Token' })).toBe('value: second')
    // The model may still be told of its tools, so that what is cached stays valid, but they are gone.
    expect(await call('mcp__first__echo', { text: 'hello' })).toContain('was removed')
    await patch({ mcpServers: null })
    expect(await call('mcp__second__echo', { text: 'hello' })).toContain('No such tool')
    expect((await next()).isSameProcess).toBe(true)
    expect([one.calls.length, two.calls.length]).toEqual([0, 1])
  })

  test('of what only a start can give: a new process takes the conversation up', async () => {
    const server = shared()
    const { patch, next } = await begin(server)
    await patch({ maxTurns: 7 })
    expect((await next()).isSameProcess).toBe(false)
  })

  test('several at once are all kept', async () => {
    const { url, host } = await openMcpServer()
    const server = await openServer({ record: true, allowedPrivateHosts: [host] })
    const { patch, next } = await begin(server)
    const changes = [
      { effort: 'high' },
      { mcpServers: { web: { type: 'http', url, alwaysLoad: true } } },
      { maxBudgetUsd: 5 },
      { model: 'haiku' },
    ]
    await Promise.all(changes.map(patch))
    const { sent } = await next()
    expect(sent).toMatchObject({ effort: 'high', model: expect.stringContaining('haiku') })
    expect(sent.tools).toContain('mcp__web__echo')
  })

  test('is told by an event', async () => {
    const server = shared()
    const id = await server.createSession()
    const url = 'https://example.com/mcp?key=hunter2'
    const mcpServers = { web: { type: 'http', url, headers: { Authorization: 'Bearer hunter2' } } }
    await server.call('PATCH', `/sessions/${id}`, { effort: 'low', maxBudgetUsd: 3, mcpServers })
    await server.call('DELETE', `/sessions/${id}`)
    const response = await server.send('GET', `/sessions/${id}/events`)
    const updated = await firstEvent(response, 'session.updated')
    expect(updated).toMatchObject({
      effort: 'low',
      maxBudgetUsd: 3,
      mcpServers: { web: { url: 'https://example.com/mcp?***', headers: { Authorization: '***' } } },
    })
  })
})

async function firstEvent(response: Response, name: string) {
  for await (const { event, data } of parseFrames(response)) if (event === name) return data
  throw new Error(`no ${name}`)
}
