import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { text, together, toolUse } from '../../src/demo/answer.ts'
import { createClient, parseFrames } from '../support/client.ts'
import { openServerProgram } from '../support/open-cli.ts'
import { temporaryDirectory, until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudeEnvironment, openModel } from '../support/real-claude.ts'

const key = 'key-of-the-chaos'

async function prepare() {
  const model = await openModel({ record: true })
  const home = temporaryDirectory()
  const env = { ...claudeEnvironment(model, home), CLAUDE_API_KEY: key }
  const dataDir = join(home, 'data')
  const open = async () => {
    const cli = openServerProgram({ dataDir, defaultCwd: home, drainTimeoutMs: 0 }, env)
    const said = await cli.said(/listening on \S+/)
    return { cli, ...createClient(`${/listening on (\S+)/.exec(said)?.[1]}/api/v1`, key) }
  }
  /** Whether the store has what Claude said last. */
  const isStored = (toolUseId: string) => {
    const database = new DatabaseSync(join(dataDir, 'claude-code-api.db'), { readOnly: true })
    const found = database
      .prepare('select 1 from transcript_entries where entry like ?')
      .get(`%${toolUseId}%`)
    database.close()
    return found !== undefined
  }
  const touch = (name: string) => toolUse('Bash', { command: `touch ${join(home, name)}` })
  return { model, home, open, isStored, touch }
}

test('kill -9 while a person is waited for: the request is there afterwards, and its answer resumes the turn', async () => {
  const { model, home, open, isStored, touch } = await prepare()
  model.script('touch it', [touch('x'), text('done')])
  const first = await open()
  const id = await first.createSession({ permissionPrompts: 'ask' })
  await first.call('POST', `/sessions/${id}/messages`, { prompt: 'touch it', background: true })
  const [request] = await pendingPermissions(first, id)
  await until(() => isStored(request.toolUseId ?? ''))
  first.cli.child.kill('SIGKILL')
  await first.cli.ended

  const second = await open()
  const [same] = await pendingPermissions(second, id)
  expect(same).toEqual(request)
  await answer(second, same, { decision: 'allow' })
  const response = await second.send('GET', `/sessions/${id}/events?turnId=${request.turnId}`)
  const events = await Array.fromAsync(parseFrames(response))
  expect(events.at(-1)).toMatchObject({ event: 'turn.completed', data: { response: 'done' } })
  expect(existsSync(join(home, 'x'))).toBe(true)
})

test('kill -9 after something was steered into the turn: it is told to the process that goes on', async () => {
  const { model, open, isStored, touch } = await prepare()
  model.script('touch it', ({ round }) => (round === 0 ? touch('x') : text('done')))
  const first = await open()
  const id = await first.createSession({ permissionPrompts: 'ask' })
  const send = (prompt: string, onBusy: string) =>
    first.call('POST', `/sessions/${id}/messages`, { prompt, onBusy, background: true })
  await send('touch it', 'queue')
  const [request] = await pendingPermissions(first, id)
  expect((await send('AND MIND THIS', 'steer')).body.turnId).toBe(request.turnId)
  await until(() => isStored(request.toolUseId ?? ''))
  first.cli.child.kill('SIGKILL')
  await first.cli.ended

  const second = await open()
  await answer(second, request, { decision: 'allow' })
  const response = await second.send('GET', `/sessions/${id}/events?turnId=${request.turnId}`)
  const events = await Array.fromAsync(parseFrames(response))
  expect(events.at(-1)).toMatchObject({ event: 'turn.completed' })
  expect(JSON.stringify(model.requests.at(-1)?.body).split('AND MIND THIS')).toHaveLength(2)
})

test('kill -9 where the turn cannot go on: the request is withdrawn and the turn lost, and events say so', async () => {
  const { model, home, open, isStored, touch } = await prepare()
  model.script('both', [together(touch('x'), touch('y')), text('done')])
  const first = await open()
  const id = await first.createSession({ permissionPrompts: 'ask' })
  await first.call('POST', `/sessions/${id}/messages`, { prompt: 'both', background: true })
  const [request] = await pendingPermissions(first, id)
  await until(() => isStored(request.toolUseId ?? ''))
  first.cli.child.kill('SIGKILL')
  await first.cli.ended

  const second = await open()
  const response = await second.send('GET', `/sessions/${id}/events?turnId=${request.turnId}`)
  const events = await Array.fromAsync(parseFrames(response))
  expect(events.filter(({ event }) => event === 'permission.resolved')).toMatchObject([
    { data: { permissionId: request.permissionId, status: 'withdrawn' } },
  ])
  expect(events.at(-1)).toMatchObject({ event: 'turn.lost', data: { error: { reason: 'lost' } } })
  expect((await answer(second, request, { decision: 'allow' })).body.error.code).toBe(
    'PERMISSION_ALREADY_RESOLVED',
  )
  expect((await second.ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  expect(existsSync(join(home, 'x')) || existsSync(join(home, 'y'))).toBe(false)
})
