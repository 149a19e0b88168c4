import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'
import { restart } from '../support/restart.ts'

type Server = Pick<Awaited<ReturnType<typeof openServer>>, 'call' | 'model' | 'createSession' | 'cwd'>
type Request = Awaited<ReturnType<typeof pendingPermissions>>[number]

const hasProcess = (id: string) => claudesOf(process.pid, id).length > 0
const output = (specific: object) => ({
  output: { hookSpecificOutput: { hookEventName: 'PreToolUse', ...specific } },
})
const pending = async (server: Server, id: string, kind: string): Promise<Request> => {
  let found: Request | undefined
  await until(async () => {
    found = (await pendingPermissions(server, id)).find(request => request.kind === kind)
    return found !== undefined
  })
  if (!found) throw new Error(`no request of kind ${kind}`)
  return found
}
const kindsOf = async (server: Server, id: string) => {
  const { permissions } = (await server.call('GET', `/sessions/${id}/permissions?status=all`)).body
  return permissions.map(({ kind }: Request) => kind).sort()
}

/** Claude touches the file `danger`; hooks and people may have it touch another one. */
async function begin(server: Server, settings: object, name = 'touch') {
  const told: string[] = []
  const path = (file: string) => join(server.cwd, file)
  server.model.script(name, ({ round, toolResults }) => {
    told.push(...toolResults.map(({ content }) => content))
    return round === 0 ? toolUse('Bash', { command: `touch ${path('danger')}` }) : text('done')
  })
  const id = await server.createSession(settings)
  const { body } = await server.call('POST', `/sessions/${id}/messages`, { prompt: name, background: true })
  const ended = async (on = server) => {
    let turn = { status: '' }
    await until(async () => {
      turn = (await on.call('GET', `/sessions/${id}/turns/${body.turnId}`)).body
      return !['queued', 'running', 'requires_action'].includes(turn.status)
    })
    return turn.status
  }
  return { id, told, path, ended }
}

const asking = (server: Server, hooks: object[]) =>
  begin(server, { permissionPrompts: 'ask', clientHooks: { PreToolUse: hooks } })

describe('the hooks of a call that continues in another process', () => {
  test('are not asked again: a person who allows the changed input gets that', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const { id, path, ended } = await asking(server, [{ matcher: 'Bash', timeoutMs: 600_000 }])
    const hook = await pending(server, id, 'hook')
    await answer(server, hook, output({ updatedInput: { command: `touch ${path('safe')}` } }))
    const request = await pending(server, id, 'tool')
    expect(request.input).toEqual({ command: `touch ${path('safe')}` })
    await until(() => !hasProcess(id))
    await answer(server, request, { decision: 'allow' })
    expect(await ended()).toBe('completed')
    expect([existsSync(path('safe')), existsSync(path('danger'))]).toEqual([true, false])
    expect(await kindsOf(server, id)).toEqual(['hook', 'tool'])
  })

  test('are not asked again by the next run of the server', async () => {
    const server = await openServer()
    const { id, path } = await asking(server, [{ matcher: 'Bash' }])
    const hook = await pending(server, id, 'hook')
    await answer(server, hook, output({ updatedInput: { command: `touch ${path('safe')}` } }))
    await pending(server, id, 'tool')
    const next = await restart(server)
    next.model.script('touch', text('done'))
    const request = await pending(next, id, 'tool')
    await answer(next, request, { decision: 'allow' })
    await until(async () => (await next.call('GET', `/sessions/${id}`)).body.state === 'idle')
    expect([existsSync(path('safe')), existsSync(path('danger'))]).toEqual([true, false])
    expect(await kindsOf(next, id)).toEqual(['hook', 'tool'])
  })

  test.each([[0], [1]])('keep what each decided: of two, number %d refuses', async refusing => {
    const server = await openServer({ permissionParkMs: 50 })
    const hooks = [
      { matcher: 'Bash', timeoutMs: 500_000 },
      { matcher: 'Ba.*', timeoutMs: 600_000 },
    ]
    const { id, told, path, ended } = await begin(server, {
      allowedTools: ['Bash'],
      clientHooks: { PreToolUse: hooks },
    })
    const requests = (await pendingPermissions(server, id, 2)).sort(
      (a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt),
    )
    const deny = output({ permissionDecision: 'deny', permissionDecisionReason: 'not this one' })
    await answer(server, requests[refusing] as Request, deny)
    await until(() => !hasProcess(id))
    await answer(server, requests[1 - refusing] as Request, { output: {} })
    expect(await ended()).toBe('completed')
    expect(existsSync(path('danger'))).toBe(false)
    expect(told).toEqual([expect.stringContaining('not this one')])
    expect(await kindsOf(server, id)).toEqual(['hook', 'hook'])
  })

  test('do not take the result of a tool of the caller away', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const told: string[] = []
    server.model.script('pay', ({ round, toolResults }) => {
      told.push(...toolResults.map(({ content }) => content))
      return round === 0 ? toolUse('mcp__client__pay', { amount: 1 }) : text('done')
    })
    const id = await server.createSession({
      clientTools: [{ name: 'pay', description: 'Pays', inputSchema: { type: 'object' } }],
      clientHooks: { PreToolUse: [{ matcher: 'mcp__client__pay', timeoutMs: 600_000, onFailure: 'block' }] },
    })
    await server.call('POST', `/sessions/${id}/messages`, { prompt: 'pay', background: true })
    await answer(server, await pending(server, id, 'hook'), output({ updatedInput: { amount: 2 } }))
    const request = await pending(server, id, 'client_tool')
    expect(request.input).toEqual({ amount: 2 })
    await until(() => !hasProcess(id))
    await answer(server, request, { result: 'paid' })
    await until(async () => (await server.call('GET', `/sessions/${id}`)).body.state === 'idle')
    expect(told).toEqual(['paid'])
    expect(await kindsOf(server, id)).toEqual(['client_tool', 'hook'])
  })
})
