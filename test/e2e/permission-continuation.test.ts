import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PermissionRequest } from '../../src/contract/permissions.ts'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openMcpServer } from '../fixtures/mcp-server.ts'
import { openOnce } from '../support/lifetime.ts'
import { openServer, shareServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'
import { restart } from '../support/restart.ts'
import { claudeWithSlowInput } from '../support/slow-input.ts'

type Server = Awaited<ReturnType<typeof openServer>>

const ask = { permissionPrompts: 'ask' }
const parking = { permissionParkMs: 50 }
const hasProcess = (id: string) => claudesOf(process.pid, id).length > 0

/** Has a turn of the session want to write a file, and waits until its request waits without a process. */
async function parkTurn(server: Server, id: string, prefix = '') {
  const file = (name: string) => join(server.cwd, `${prefix}${name}`)
  const told: string[] = []
  server.model.script('write it', ({ round, toolResults }) => {
    told.push(...toolResults.map(({ content }) => content))
    return round === 0 ? toolUse('Write', { file_path: file('a'), content: 'written' }) : text('done')
  })
  await server.call('POST', `/sessions/${id}/messages`, { prompt: 'write it', background: true })
  const [request] = await pendingPermissions(server, id)
  await until(() => !hasProcess(id))
  return { request, file, told }
}

/** The same in a session and on a server of its own. */
async function openParked(given: object = {}, settings: object = {}) {
  const server = await openServer({ ...parking, ...given })
  const id = await server.createSession({ ...ask, ...settings })
  return { ...server, server, id, ...(await parkTurn(server, id)) }
}

async function completed({ call }: Pick<Server, 'call'>, { sessionId, turnId }: PermissionRequest) {
  await until(
    async () => (await call('GET', `/sessions/${sessionId}/turns/${turnId}`)).body.status === 'completed',
  )
}

describe('while a request waits without a process, its answer counts and not', () => {
  const shared = shareServer({ ...parking, allowBypassPermissions: true })
  const session = openOnce(() => shared().createSession(ask))

  test.each(
    ['acceptEdits', 'bypassPermissions', 'dontAsk', 'plan'].flatMap(mode => [
      [mode, 'deny'],
      [mode, 'allow'],
    ]),
  )('the mode %s, for one to %s', async (permissionMode, decision) => {
    const server = shared()
    const id = session()
    const setMode = async (mode: string) =>
      expect((await server.call('PATCH', `/sessions/${id}`, { permissionMode: mode })).status).toBe(200)
    await setMode('default')
    const { request, file, told } = await parkTurn(server, id, `${permissionMode}-${decision}-`)
    await setMode(permissionMode)
    const updatedInput = { file_path: file('b'), content: 'changed' }
    await answer(server, request, { decision, ...(decision === 'allow' && { updatedInput }) })
    await completed(server, request)
    expect([existsSync(file('a')), existsSync(file('b'))]).toEqual([false, decision === 'allow'])
    expect(told).toHaveLength(1)
  })

  test('a rule that somebody has written meanwhile, or that comes with the answer', async () => {
    // The home directory of the tests is the working directory: its settings are the user's.
    const settings = { settingSources: ['user'] }
    const first = await openParked({ allowedSettingSources: ['user'] }, settings)
    const { server, cwd, request, file } = first
    mkdirSync(join(cwd, '.claude'), { recursive: true })
    const rules = { permissions: { allow: ['Write', 'Edit', 'Write(/**)', 'Edit(/**)'] } }
    writeFileSync(join(cwd, '.claude/settings.json'), JSON.stringify(rules))
    await answer(server, request, { decision: 'deny', message: 'not now' })
    await completed(first, request)
    expect(first.told.join()).toContain('not now')
    expect(existsSync(file('a'))).toBe(false)

    const second = await openParked()
    const updatedInput = { file_path: second.file('b'), content: 'changed' }
    await answer(second.server, second.request, { decision: 'allow', updatedInput, remember: 'session' })
    await completed(second, second.request)
    expect([existsSync(second.file('a')), existsSync(second.file('b'))]).toEqual([false, true])
  })

  test('a rule, when Claude Code has started long before it is sent the hooks', async () => {
    for (const decision of ['deny', 'allow']) {
      const claudeExecutable = claudeWithSlowInput(4)
      const given = { allowedSettingSources: ['user' as const], claudeExecutable }
      const parked = await openParked(given, { settingSources: ['user'] })
      const { server, cwd, request, file, told } = parked
      mkdirSync(join(cwd, '.claude'), { recursive: true })
      const rules = { permissions: { allow: ['Write', 'Edit', 'Write(/**)', 'Edit(/**)'] } }
      writeFileSync(join(cwd, '.claude/settings.json'), JSON.stringify(rules))
      const updatedInput = { file_path: file('b'), content: 'changed' }
      await answer(server, request, { decision, ...(decision === 'allow' && { updatedInput }) })
      await completed(server, request)
      expect([existsSync(file('a')), existsSync(file('b'))]).toEqual([false, decision === 'allow'])
      expect(told).toHaveLength(1)
      await server.close()
    }
  })

  test('the mode, after a restart of the server', async () => {
    const { server, id, call, request, file } = await openParked()
    await call('PATCH', `/sessions/${id}`, { permissionMode: 'acceptEdits' })
    const next = await restart(server, ({ model }) => model.script('write it', text('done')))
    await answer(next, request, { decision: 'deny', message: 'no' })
    await completed(next, request)
    expect(existsSync(file('a'))).toBe(false)
    // From the next turn on.
    next.model.script('now', [toolUse('Write', { file_path: file('a'), content: 'x' }), text('done')])
    expect((await next.ask(id, 'now')).body.response).toBe('done')
    expect(existsSync(file('a'))).toBe(true)
  })
})

test('a tool of an MCP server that the session has given up meanwhile is still called', async () => {
  const mcp = await openMcpServer()
  const server = await openServer({ ...parking, allowedPrivateHosts: [mcp.host] })
  server.model.script('call it', [toolUse('mcp__people__echo', { message: 'hello' }), text('done')])
  const id = await server.createSession({ ...ask, mcpServers: { people: { type: 'http', url: mcp.url } } })
  const answered = server.ask(id, 'call it')
  const [request] = await pendingPermissions(server, id)
  await until(() => !hasProcess(id))
  expect((await server.call('PATCH', `/sessions/${id}`, { mcpServers: null })).status).toBe(200)
  await answer(server, request, { decision: 'allow' })
  expect((await answered).body.response).toBe('done')
  expect(mcp.calls).toHaveLength(1)
  // From the next turn on.
  const { body } = await server.call('GET', `/sessions/${id}/mcp`)
  expect(body.servers.map(({ name }: { name: string }) => name)).not.toContain('people')
})

test('a plan that Claude has begun by itself is approved in the mode that it was made in', async () => {
  const server = await openServer(parking)
  const told: string[] = []
  server.model.script('plan it', ({ round, toolResults }) => {
    told.push(...toolResults.map(({ content }) => content))
    if (round === 0) return toolUse('EnterPlanMode', {})
    return round === 1 ? toolUse('ExitPlanMode', { plan: '# Plan' }) : text('done')
  })
  const id = await server.createSession(ask)
  const answered = server.ask(id, 'plan it')
  const [request] = await pendingPermissions(server, id)
  expect(request.kind).toBe('plan')
  await until(() => !hasProcess(id))
  await answer(server, request, { decision: 'allow', permissionMode: 'acceptEdits' })
  expect((await answered).body.response).toBe('done')
  expect(told.at(-1)).toContain('approved')
})

describe('a call that has been allowed, and whose turn then dies,', () => {
  /** Its tool has begun: it has written a line, and is not over. */
  async function openRunning(remember: object) {
    const server = await openServer(parking)
    const lines = join(server.cwd, 'lines')
    const command = `echo begun >> ${lines}; while [ -e ${lines} ]; do sleep 0.05; done`
    server.model.script('run it', [toolUse('Bash', { command }), text('done')])
    const id = await server.createSession(ask)
    const answered = server.ask(id, 'run it')
    const [request] = await pendingPermissions(server, id)
    await until(() => !hasProcess(id))
    await answer(server, request, { decision: 'allow', ...remember })
    await until(() => existsSync(lines) && readFileSync(lines, 'utf8') !== '')
    return { server, id, answered, lines: () => readFileSync(lines, 'utf8').trim().split('\n') }
  }

  test.each([{}, { remember: 'session' }])('is not run again under the next prompt (%o)', async remember => {
    const { server, id, answered, lines } = await openRunning(remember)
    for (const pid of claudesOf(process.pid, id)) process.kill(pid, 'SIGKILL')
    expect((await answered).body.error.details.reason).toBe('process_died')
    expect((await server.ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    expect(lines()).toEqual(['begun'])
    const { permissions } = (await server.call('GET', `/sessions/${id}/permissions?status=all`)).body
    expect(permissions).toHaveLength(1)
    expect((await server.ask(id, 'What is 7 times 8?')).body.response).toContain('56')
  })
})
