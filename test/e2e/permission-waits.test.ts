import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'
import { restart } from '../support/restart.ts'
import { callStored } from './stored-calls.ts'

const ask = { permissionPrompts: 'ask' }

const touch = (cwd: string, name: string) => toolUse('Bash', { command: `touch ${join(cwd, name)}` })
const hasProcess = (id: string) => claudesOf(process.pid, id).length > 0

describe('a request that nobody answers for long', () => {
  test.each(['allow', 'deny'])(
    'waits without a process; %s resumes the turn exactly there',
    async decision => {
      const server = await openServer({ permissionParkMs: 50 })
      const { call, createSession, model, cwd } = server
      const rounds: number[] = []
      let told = ''
      model.script('touch it', prompt => {
        rounds.push(prompt.round)
        if (prompt.round === 0) return touch(cwd, 'x')
        told = prompt.toolResults[0]?.content ?? ''
        return text('Seen to it.')
      })
      const id = await createSession(ask)
      const answered = server.ask(id, 'touch it')
      const [request] = await pendingPermissions(server, id)
      await until(() => !hasProcess(id))
      expect((await call('GET', `/sessions/${id}`)).body.state).toBe('requires_action')
      expect((await call('GET', `/sessions/${id}/turns/${request.turnId}`)).body.status).toBe(
        'requires_action',
      )
      // Claude Code's own files are not needed. The process that was asked what it is may still write some.
      await until(() => claudesOf().length === 0)
      rmSync(`${cwd}/.claude`, { recursive: true })
      await answer(server, request, { decision, message: 'as I said' })
      expect((await answered).body).toMatchObject({
        turnId: request.turnId,
        response: 'Seen to it.',
        stopReason: 'end_turn',
      })
      expect(existsSync(join(cwd, 'x'))).toBe(decision === 'allow')
      if (decision === 'deny') expect(told).toContain('as I said')
      const { body } = await call('GET', `/sessions/${id}/turns/${request.turnId}`)
      // What the process before had used counts.
      expect(body.usage.inputTokens).toBeGreaterThan(0)
      expect(body.modelUsage[0]).toMatchObject({ costComplete: true })
      // The model was not asked again for what it had said.
      expect(rounds).toEqual([0, 1])
      expect((await server.ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    },
  )

  test('goes on with another input, and can be followed by another request', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const { createSession, model, cwd } = server
    const write = (file: string) => toolUse('Write', { file_path: join(cwd, file), content: 'written' })
    model.script('write twice', [write('a'), write('b'), text('done')])
    const id = await createSession(ask)
    const answered = server.ask(id, 'write twice')
    const [first] = await pendingPermissions(server, id)
    await until(() => !hasProcess(id))
    const updatedInput = { file_path: join(cwd, 'c'), content: 'changed' }
    await answer(server, first, { decision: 'allow', updatedInput })
    const [second] = await pendingPermissions(server, id)
    expect(second.input).toMatchObject({ file_path: join(cwd, 'b') })
    await until(() => !hasProcess(id))
    await answer(server, second, { decision: 'allow' })
    expect((await answered).body.response).toBe('done')
    expect(readFileSync(join(cwd, 'c'), 'utf8')).toBe('changed')
    expect(existsSync(join(cwd, 'a'))).toBe(false)
    expect(existsSync(join(cwd, 'b'))).toBe(true)
  })

  test('a question and a plan wait as well', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const { createSession, model } = server
    const options = ['Red', 'Blue'].map(label => ({ label, description: label }))
    const questions = [{ question: 'Which color?', header: 'Color', multiSelect: false, options }]
    let told = ''
    model.script('ask me', prompt => {
      if (prompt.round === 0) return toolUse('AskUserQuestion', { questions })
      told = prompt.toolResults[0]?.content ?? ''
      return prompt.round === 1 ? toolUse('ExitPlanMode', { plan: 'Paint it' }) : text('painted')
    })
    const id = await createSession({ ...ask, permissionMode: 'plan' })
    const answered = server.ask(id, 'ask me')
    const [question] = await pendingPermissions(server, id)
    await until(() => !hasProcess(id))
    await answer(server, question, { decision: 'allow', answers: { 'Which color?': 'Blue' } })
    const [plan] = await pendingPermissions(server, id)
    expect(told).toContain('Blue')
    expect(plan).toMatchObject({ kind: 'plan', plan: 'Paint it' })
    await until(() => !hasProcess(id))
    await answer(server, plan, { decision: 'allow' })
    expect((await answered).body.response).toBe('painted')
  })

  test('an interrupt and a timeout end it, and the session goes on', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const { call, createSession, model, cwd } = server
    model.script('touch it', [touch(cwd, 'x'), text('never said')])
    const id = await createSession(ask)
    for (const how of ['interrupt', 'timeout']) {
      const answered = server.ask(id, 'touch it', how === 'timeout' ? { timeout: 15_000 } : {})
      const [request] = await pendingPermissions(server, id)
      await until(() => !hasProcess(id))
      if (how === 'interrupt') await call('POST', `/sessions/${id}/interrupt`, {})
      expect((await answered).status).toBe(how === 'interrupt' ? 200 : 408)
      // Of a timeout the caller may be told before the turn has ended.
      const path = `/sessions/${id}/permissions/${request.permissionId}`
      await until(async () => (await call('GET', path)).body.status === 'withdrawn')
      expect((await server.ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    }
    expect(existsSync(join(cwd, 'x'))).toBe(false)
  })

  test('one of several of a message keeps its process until the others are answered', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    const { createSession, model, cwd } = server
    model.script('both', [together(touch(cwd, 'x'), touch(cwd, 'y')), text('done')])
    const id = await createSession(ask)
    const answered = server.ask(id, 'both')
    for (const _ of ['x', 'y']) {
      const [request] = await pendingPermissions(server, id)
      await answer(server, request, { decision: 'allow' })
    }
    expect((await answered).body.response).toBe('done')
    expect(existsSync(join(cwd, 'x')) && existsSync(join(cwd, 'y'))).toBe(true)
  })
})

describe('a restart of the server', () => {
  test.each(['allow', 'deny'])('keeps an open request; %s resumes the turn', async decision => {
    const first = await openServer()
    const { createSession, model, cwd } = first
    model.script('touch it', [touch(cwd, 'x'), text('never said')])
    const id = await createSession(ask)
    const { turnId } = (
      await first.call('POST', `/sessions/${id}/messages`, {
        prompt: 'touch it',
        background: true,
      })
    ).body
    const [request] = await pendingPermissions(first, id)
    await callStored(cwd, request)
    const second = await restart(first, ({ model }) =>
      model.script('touch it', prompt => text(`round ${prompt.round}`)),
    )
    expect((await second.call('GET', `/sessions/${id}`)).body.state).toBe('requires_action')
    const [same] = await pendingPermissions(second, id)
    expect(same).toEqual(request)
    // Prompts that come meanwhile wait for it.
    const next = second.ask(id, 'What is 6 times 7?')
    await answer(second, same, { decision })
    expect((await next).body.response).toContain('42')
    expect((await second.call('GET', `/sessions/${id}/turns/${turnId}`)).body).toMatchObject({
      status: 'completed',
      response: 'round 1',
    })
    expect(existsSync(join(cwd, 'x'))).toBe(decision === 'allow')
  })

  test('lets a request expire that was due meanwhile, and the turn goes on', async () => {
    const first = await openServer()
    const { createSession, model, cwd } = first
    model.script('touch it', [touch(cwd, 'x'), text('never said')])
    const id = await createSession(ask)
    const { turnId } = (
      await first.call('POST', `/sessions/${id}/messages`, {
        prompt: 'touch it',
        background: true,
      })
    ).body
    const [request] = await pendingPermissions(first, id)
    await callStored(cwd, request)
    await first.close()
    const database = new DatabaseSync(join(cwd, 'data', 'claude-code-api.db'))
    database.prepare('update permissions set expires_at = ?').run(Date.now() - 1)
    database.close()
    const second = await restart(first, ({ model }) => model.script('touch it', text('nobody there')))
    const turnPath = `/sessions/${id}/turns/${turnId}`
    await until(async () => (await second.call('GET', turnPath)).body.status === 'completed')
    const { body } = await second.call('GET', `/sessions/${id}/permissions/${request.permissionId}`)
    expect(body.status).toBe('expired')
    expect(existsSync(join(cwd, 'x'))).toBe(false)
  })
})
