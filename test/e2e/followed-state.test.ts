import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import { makeRepository } from '../support/git.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { answer, pendingPermissions } from '../support/permissions.ts'
import { claudesOf } from '../support/processes.ts'
import { sentTo } from '../support/sent-to-model.ts'

const ask = { permissionPrompts: 'ask' }
const write = (file: string) => toolUse('Write', { file_path: file, content: 'written' })

type Server = Awaited<ReturnType<typeof openServer>>

/** Ends the session's process by rest: the next turn starts another. */
async function openResting() {
  const server = await openServer({ idleTimeoutMs: 1, record: true })
  const configOf = async (id: string) => (await server.call('GET', `/sessions/${id}`)).body.config
  return { ...server, configOf }
}

async function updatesOf({ send }: Server, id: string) {
  const leaving = new AbortController()
  const response = await send('GET', `/sessions/${id}/events`, undefined, { signal: leaving.signal })
  let all = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    all += chunk
    if (all.includes('event: caught_up')) break
  }
  leaving.abort()
  return [...all.matchAll(/event: session\.updated\ndata: (.*)\n/g)].map(([, data]) => {
    const { sessionId: _id, sequence: _sequence, timestamp: _time, ...changed } = JSON.parse(data ?? '')
    return changed
  })
}

test('plan mode that Claude enters by itself holds in every new process and in a fork, until a caller ends it', async () => {
  const server = await openResting()
  const { model, cwd, createSession, call, configOf } = server
  const file = join(cwd, 'a.txt')
  model.script('make a plan', [toolUse('EnterPlanMode', {}), text('planning')])
  model.script('write it', [write(file), text('tried')])
  const id = await createSession({ ...ask, permissionMode: 'acceptEdits' })
  await server.ask(id, 'make a plan')
  expect((await configOf(id)).permissionMode).toBe('plan')
  expect(await updatesOf(server, id)).toEqual([{ permissionMode: 'plan' }])
  // A change of something else does not touch the mode.
  await call('PATCH', `/sessions/${id}`, { maxTurns: 50 })
  const fork = (await call('POST', `/sessions/${id}/fork`)).body.sessionId
  for (const session of [id, fork]) {
    const answered = server.ask(session, 'write it')
    const [request] = await pendingPermissions(server, session)
    expect(request.toolName).toBe('Write')
    await answer(server, request, { decision: 'deny' })
    await answered
    expect((await configOf(session)).permissionMode).toBe('plan')
  }
  expect(existsSync(file)).toBe(false)
  await call('PATCH', `/sessions/${id}`, { permissionMode: 'acceptEdits' })
  await server.ask(id, 'write it')
  expect(existsSync(file)).toBe(true)
})

test('a mode that a caller sets while a turn runs wins over the one that Claude enters in it', async () => {
  const server = await openResting()
  const { model, createSession, call, configOf } = server
  const id = await createSession({ ...ask, permissionMode: 'acceptEdits' })
  model.script('ask, then plan', ({ round }) =>
    round === 0
      ? toolUse('Bash', { command: 'python3 -c "print(1)"' })
      : round === 1
        ? toolUse('EnterPlanMode', {})
        : text('planning'),
  )
  const answered = server.ask(id, 'ask, then plan')
  const [request] = await pendingPermissions(server, id)
  await call('PATCH', `/sessions/${id}`, { permissionMode: 'default' })
  await answer(server, request, { decision: 'allow' })
  await answered
  expect((await configOf(id)).permissionMode).toBe('default')
  expect(await updatesOf(server, id)).toEqual([{ permissionMode: 'default' }])
})

test('a plan that is approved puts the session into the mode that was named, and Claude may plan again', async () => {
  const server = await openResting()
  const { model, createSession, configOf } = server
  const id = await createSession({ ...ask, permissionMode: 'plan' })
  model.script('plan twice', ({ round }) =>
    round === 0
      ? toolUse('ExitPlanMode', { plan: '# One' })
      : round === 1
        ? toolUse('EnterPlanMode', {})
        : text('planning again'),
  )
  const answered = server.ask(id, 'plan twice')
  const [request] = await pendingPermissions(server, id)
  const { body } = await answer(server, request, { decision: 'allow', permissionMode: 'acceptEdits' })
  const remembered = [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' }]
  expect(body.remembered).toEqual(remembered)
  await answered
  expect((await configOf(id)).permissionMode).toBe('plan')
  expect(await updatesOf(server, id)).toEqual([{ permissionMode: 'acceptEdits' }, { permissionMode: 'plan' }])
})

test('a model and an effort that a command sets are those of the session', async () => {
  const server = await openResting()
  const { model, createSession, configOf } = server
  const id = await createSession({ model: 'sonnet' })
  const command = (prompt: string) => server.ask(id, prompt, { commands: true })
  await command('/model haiku')
  await command('/effort low')
  expect(await configOf(id)).toMatchObject({ model: 'haiku', effort: 'low' })
  expect(await updatesOf(server, id)).toEqual([{ model: 'haiku' }, { effort: 'low' }])
  await server.ask(id, 'What is 6 times 7?')
  expect(sentTo(model).at(-1)).toMatchObject({ model: expect.stringContaining('haiku'), effort: 'low' })
  await command('/model default')
  expect((await configOf(id)).model).toBe(null)
})

test('a new process begins in cwd again, and Claude is told', async () => {
  const server = await openResting()
  const { model, cwd, createSession, call } = server
  model.script('go down', [toolUse('Bash', { command: 'mkdir -p sub && cd sub && pwd' }), text('there')])
  model.script('where', [toolUse('Bash', { command: 'pwd' }), text('here')])
  const id = await createSession({ allowedTools: ['Bash'] })
  await server.ask(id, 'go down')
  const directoryOf = async () => (await call('GET', `/sessions/${id}`)).body.workingDirectory
  expect(await directoryOf()).toBe(join(cwd, 'sub'))
  await until(async () => (await call('GET', `/sessions/${id}`)).body.state === 'idle')
  await server.ask(id, 'where')
  expect(sentTo(model).at(-1)?.text).toContain(
    `The working directory of the shell is ${cwd} again; it was ${join(cwd, 'sub')}`,
  )
  expect(await directoryOf()).toBe(cwd)
})

test('a worktree that Claude has entered and a goal that was set are those of a new process too', async () => {
  const server = await openResting()
  const { model, createSession, call } = server
  const cwd = join(server.cwd, 'repository')
  makeRepository(cwd)
  const worktree = join(cwd, '.claude', 'worktrees', 'feature')
  model.script('enter it', [toolUse('EnterWorktree', { name: 'feature' }), text('entered')])
  model.script('where', ({ round, toolResults }) =>
    round === 0 ? toolUse('Bash', { command: 'pwd' }) : text(`in ${toolResults[0]?.content}`),
  )
  const id = await createSession({ cwd, allowedTools: ['Bash', 'EnterWorktree'] })
  await server.ask(id, 'enter it')
  await server.ask(id, '/goal say the word banana', { commands: true })
  await until(() => claudesOf(process.pid, id).length === 0)
  const before = sentTo(model).length
  const { body } = await server.ask(id, 'where')
  expect(body.response).toContain(worktree)
  expect((await call('GET', `/sessions/${id}`)).body.workingDirectory).toBe(worktree)
  const asked = sentTo(model).slice(before)
  expect(asked.some(({ text }) => text.includes('Condition: say the word banana'))).toBe(true)
})
