import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'
import { restart } from '../support/restart.ts'
import { callStored } from './stored-calls.ts'

type Server = Awaited<ReturnType<typeof openServer>>

const ask = { permissionPrompts: 'ask' }
/** Long enough to steer before the process is given up, also on a machine that stands still for seconds. */
const steeringMs = 10_000
const hasProcess = (id: string) => claudesOf(process.pid, id).length > 0
// 4 dollars for a million tokens of input.
const dime = { usage: { inputTokens: 25_000, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 } }
const write = ({ cwd }: Pick<Server, 'cwd'>, name: string) =>
  toolUse('Write', { file_path: join(cwd, name), content: 'written' }, dime)

/** The next request, when nothing of Claude Code is there any more. */
async function nextParked(server: Server, id: string) {
  const [request] = await pendingPermissions(server, id)
  await until(() => !hasProcess(id))
  return request
}

const timesTold = ({ model }: Server, said: string) =>
  JSON.stringify(model.requests.at(-1)?.body ?? '').split(said).length - 1

async function steer(server: Server, id: string, prompt: string) {
  const steered = { prompt, onBusy: 'steer', background: true }
  return server.call('POST', `/sessions/${id}/messages`, steered)
}

async function timesInHistory({ call }: Server, id: string, said: string): Promise<number> {
  const { body } = await call('GET', `/sessions/${id}/messages`)
  return body.messages.filter((message: object) => JSON.stringify(message).includes(said)).length
}

describe('what is steered into a turn that waits for a person', () => {
  test.each(['parked', 'taken over a restart'])('is not lost when that is %s', async how => {
    let server = await openServer({ record: true, permissionParkMs: how === 'parked' ? steeringMs : 600_000 })
    const script = (given: Server) =>
      given.model.script('write it', prompt =>
        prompt.round === 0 ? write(given, 'x') : text(`round ${prompt.round}`),
      )
    script(server)
    const id = await server.createSession(ask)
    const { turnId } = (
      await server.call('POST', `/sessions/${id}/messages`, { prompt: 'write it', background: true })
    ).body
    const [request] = await pendingPermissions(server, id)
    expect(await steer(server, id, 'AND MIND THIS')).toMatchObject({ status: 202, body: { turnId } })
    if (how === 'parked') await until(() => !hasProcess(id))
    else {
      await callStored(server.cwd, request)
      server = await restart(server, undefined, { record: true })
    }
    script(server)
    await answer(server, request, { decision: 'allow' })
    const turnPath = `/sessions/${id}/turns/${turnId}`
    await until(async () => (await server.call('GET', turnPath)).body.status === 'completed')
    expect(timesTold(server, 'AND MIND THIS')).toBe(1)
    expect(await timesInHistory(server, id, 'AND MIND THIS')).toBe(1)
  })

  test('is not said again when it was taken up before', async () => {
    const server = await openServer({ record: true, permissionParkMs: steeringMs })
    const files = ['x', 'y']
    server.model.script('write', prompt => {
      const file = files[prompt.round]
      return file === undefined ? text('done') : write(server, file)
    })
    const id = await server.createSession(ask)
    const answered = server.ask(id, 'write')
    const [first] = await pendingPermissions(server, id)
    await steer(server, id, 'AND MIND THIS')
    await answer(server, first, { decision: 'allow' })
    await until(async () => (await pendingPermissions(server, id))[0].permissionId !== first.permissionId)
    const second = await nextParked(server, id)
    expect(timesTold(server, 'AND MIND THIS')).toBe(1)
    await answer(server, second, { decision: 'allow' })
    expect((await answered).status).toBe(200)
    expect(timesTold(server, 'AND MIND THIS')).toBe(1)
  })
})

describe('what a turn costs that was parked', () => {
  test.each(['parked', 'taken over a restart'])('is known to the cent when it was %s', async how => {
    let server = await openServer({ permissionParkMs: how === 'parked' ? 50 : 600_000 })
    const script = (given: Server) =>
      given.model.script('write', prompt => (prompt.round === 0 ? write(given, 'x') : text('done', dime)))
    script(server)
    server.model.script('before', text('said before', dime))
    const id = await server.createSession({ ...ask, model: 'claude-opus-4-6' })
    expect((await server.ask(id, 'before')).status).toBe(200)
    const { turnId } = (
      await server.call('POST', `/sessions/${id}/messages`, { prompt: 'write', background: true })
    ).body
    const [request] = await pendingPermissions(server, id)
    if (how === 'parked') await until(() => !hasProcess(id))
    else {
      await callStored(server.cwd, request)
      server = await restart(server, undefined, { record: true })
    }
    script(server)
    const turnPath = `/sessions/${id}/turns/${turnId}`
    const alone = (await server.call('GET', turnPath)).body
    expect(alone).toMatchObject({ status: 'requires_action', usage: { inputTokens: 25_000 } })
    await answer(server, request, { decision: 'allow' })
    await until(async () => (await server.call('GET', turnPath)).body.status === 'completed')
    const { body } = await server.call('GET', turnPath)
    expect(body.usage.inputTokens).toBe(50_000)
    expect(body.costUsd).toBeCloseTo(2 * alone.costUsd, 6)
    expect(alone.costUsd).toBeGreaterThan(0)
    expect(body.modelUsage).toMatchObject([{ costComplete: true, inputTokens: 50_000 }])
  })

  test('counts in the budget: the turn ends with it, and later ones are refused', async () => {
    const server = await openServer({ permissionParkMs: 50 })
    server.model.script('write', prompt => write(server, `file ${prompt.round}`))
    const id = await server.createSession({ ...ask, model: 'claude-opus-4-6', maxBudgetUsd: 0.3 })
    const answered = server.ask(id, 'write')
    let ended = false
    void answered.then(() => {
      ended = true
    })
    let requests = 0
    while (!ended) {
      const isOpen = async () =>
        (await server.call('GET', `/sessions/${id}/permissions`)).body.permissions.length > 0
      await until(async () => ended || (await isOpen()))
      if (ended) break
      const request = await nextParked(server, id)
      requests++
      await answer(server, request, { decision: 'allow' })
    }
    const { body } = await answered
    expect(body).toMatchObject({ stopReason: 'budget' })
    expect(body.costUsd).toBeGreaterThanOrEqual(0.3)
    expect(server.model.requests.filter(({ kind }) => kind === 'prompt').length).toBeLessThanOrEqual(3)
    expect(requests).toBeLessThanOrEqual(3)
    expect((await server.ask(id, 'write')).status).toBe(402)
  })
})

test('maxTurns counts what a parked turn has taken before, and the next turn has all of it again', async () => {
  const server = await openServer({ permissionParkMs: 50 })
  server.model.script('write', prompt => write(server, `f${prompt.round}`))
  const read = toolUse('Read', { file_path: join(server.cwd, 'f0') })
  server.model.script('allowed', [read, text('done')])
  const id = await server.createSession({ ...ask, maxTurns: 2 })
  const answered = server.ask(id, 'write')
  const first = await nextParked(server, id)
  await answer(server, first, { decision: 'allow' })
  // The last that the model may be asked for: only this process knows that it is.
  const [second] = await pendingPermissions(server, id)
  await answer(server, second, { decision: 'allow' })
  expect((await answered).body.stopReason).toBe('max_turns')
  expect(['f0', 'f1', 'f2'].map(name => existsSync(join(server.cwd, name)))).toEqual([true, true, false])
  expect((await server.ask(id, 'allowed')).body).toMatchObject({ stopReason: 'end_turn', response: 'done' })
})
