import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { text, toolUse } from '../../src/demo/answer.ts'
import type { Prompt } from '../../src/demo/prompt.ts'
import { openServer } from '../support/open-server.ts'
import { until } from '../support/open-sessions.ts'
import { childrenOf, claudesOf, kill } from '../support/processes.ts'

type Server = Awaited<ReturnType<typeof openServer>>

/** Claude Code tells the model of a task that has ended in a prompt without a person's words. */
const isTold = ({ text }: Prompt) => text === ''

/** A session that may run every command, in a directory with a subagent. */
async function openProject(given: Parameters<typeof openServer>[0] = {}) {
  const server = await openServer(given)
  const project = join(server.cwd, 'project')
  mkdirSync(join(project, '.claude/agents'), { recursive: true })
  writeFileSync(
    join(project, '.claude/agents/helper.md'),
    '---\nname: helper\ndescription: Helps\n---\nYou help.\n',
  )
  const { model } = server
  const inBackground = (command: string) =>
    toolUse('Bash', { command, description: 'wait for it', run_in_background: true })
  const release = join(project, 'release')
  /** Ends when the file is there. */
  const untilReleased = `until [ -e ${release} ]; do sleep 0.05; done; echo released`
  model.script('wait in the background', [inBackground(untilReleased), text('It waits')])
  model.script('sleep in the background', [inBackground('sleep 1000'), text('It sleeps')])
  const id = await server.createSession({ cwd: project, allowedTools: ['Bash'] })
  return {
    ...server,
    project,
    id,
    release: () => writeFileSync(release, ''),
    tasks: () => tasksOf(server, id),
  }
}

async function tasksOf({ call }: Pick<Server, 'call'>, id: string) {
  return (await call('GET', `/sessions/${id}/tasks`)).body.tasks
}

async function sessionOf({ call }: Pick<Server, 'call'>, id: string) {
  return (await call('GET', `/sessions/${id}`)).body
}

async function messagesOf({ call }: Pick<Server, 'call'>, id: string) {
  return (await call('GET', `/sessions/${id}/messages?limit=1000`)).body.messages
}

describe('a background task', () => {
  test('outlives its turn; what Claude says of its end belongs to no turn, and the next prompt waits', async () => {
    const { id, ask, call, model, release, tasks } = await openProject()
    const saying = Promise.withResolvers<void>()
    model.script(isTold, text('The task has ended', { holdUntil: saying.promise }))
    const { body } = await ask(id, 'wait in the background')
    expect(body.response).toBe('It waits')
    const [task] = await tasks()
    expect(task).toMatchObject({
      type: 'local_bash',
      description: 'wait for it',
      status: 'running',
      turnId: body.turnId,
      toolUseId: expect.stringMatching(/^toolu_/),
      agent: null,
      endedAt: null,
    })
    expect(await sessionOf({ call }, id)).toMatchObject({ state: 'idle', backgroundTasks: 1 })

    release()
    await until(async () => (await sessionOf({ call }, id)).state === 'running')
    const meanwhile = ask(id, 'What is 6 times 7?')
    await until(async () => (await call('GET', `/sessions/${id}/turns`)).body.turns.length === 2)
    saying.resolve()
    const answer = await meanwhile
    expect(answer.body.response).toContain('42')
    expect(await sessionOf({ call }, id)).toMatchObject({ state: 'idle', backgroundTasks: 0 })
    expect(await tasks()).toMatchObject([
      { taskId: task.taskId, status: 'completed', summary: expect.stringContaining('completed') },
    ])

    const messages = await messagesOf({ call }, id)
    const said = messages.filter((message: { type: string }) => message.type === 'assistant')
    expect(said.map((message: { turnId: string | null }) => message.turnId)).toEqual([
      body.turnId,
      body.turnId,
      null,
      answer.body.turnId,
    ])
    const notice = messages.find((message: { subtype: string }) => message.subtype === 'task_notification')
    expect(notice).toMatchObject({ turnId: null, content: { task_id: task.taskId } })
    const turn = await call('GET', `/sessions/${id}/turns/${body.turnId}`)
    expect(turn.body.lastSequence).toBeLessThan(notice.sequence)
  })

  test('is stopped alone, once; an unknown one is not found', async () => {
    const { id, ask, call, tasks } = await openProject()
    await ask(id, 'sleep in the background')
    const [{ taskId }] = await tasks()
    const path = `/sessions/${id}/tasks/${taskId}/stop`
    const stopped = await Promise.all([call('POST', path), call('POST', path)])
    for (const { status, body } of stopped) expect([status, body.status]).toEqual([200, 'stopped'])
    const again = await call('POST', path)
    expect(again.body).toEqual(stopped[0]?.body)
    expect(await tasks()).toEqual([again.body])
    expect((await sessionOf({ call }, id)).backgroundTasks).toBe(0)
    const unknown = await call('POST', `/sessions/${id}/tasks/nothing/stop`)
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'TASK_NOT_FOUND' } } })
    expect((await call('GET', `/sessions/${id}/tasks?status=running`)).body.pagination.total).toBe(0)
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })

  test('survives an interrupt of a later turn, and can be stopped while one runs', async () => {
    const { id, ask, call, tasks } = await openProject()
    await ask(id, 'sleep in the background')
    const running = ask(id, 'Count slowly to 1000')
    await until(async () => (await sessionOf({ call }, id)).state === 'running')
    await call('POST', `/sessions/${id}/interrupt`)
    expect((await running).body.stopReason).toBe('interrupted')
    const [task] = await tasks()
    expect(task.status).toBe('running')
    const counting = ask(id, 'Count slowly to 3')
    await until(async () => (await sessionOf({ call }, id)).state === 'running')
    expect((await call('POST', `/sessions/${id}/tasks/${task.taskId}/stop`)).body.status).toBe('stopped')
    expect((await counting).body.response).toContain('3')
  })

  test('keeps its process from being ended for idleness, and not from the end of the session', async () => {
    const { id, ask, call, createSession, tasks, release } = await openProject({ idleTimeoutMs: 200 })
    await ask(id, 'wait in the background')
    const [pid] = claudesOf(process.pid, id)
    // The process of another session has been used later, and is ended before.
    const other = await createSession()
    await ask(other, 'What is 6 times 7?')
    await until(() => claudesOf(process.pid).length === 1)
    expect(claudesOf(process.pid)).toEqual([pid])
    expect((await sessionOf({ call }, id)).backgroundTasks).toBe(1)
    release()
    await until(() => claudesOf(process.pid).length === 0)
    expect(await tasks()).toMatchObject([{ status: 'completed' }])

    await ask(id, 'sleep in the background')
    expect((await call('DELETE', `/sessions/${id}`)).status).toBe(204)
    await until(async () => (await tasks())[1]?.status === 'stopped')
    const { taskId } = (await tasks())[1]
    expect((await call('POST', `/sessions/${id}/tasks/${taskId}/stop`)).body.status).toBe('stopped')
    await until(() => childrenOf(process.pid).every(({ command }) => !command.includes('sleep 1000')))
  })

  test('gives way to a turn that finds no other process', async () => {
    const { id, ask, call, createSession, tasks, project } = await openProject({ maxLiveProcesses: 1 })
    await ask(id, 'sleep in the background')
    const other = await createSession({ cwd: project, allowedTools: ['Bash'] })
    expect((await ask(other, 'What is 6 times 7?')).body.response).toContain('42')
    expect(await tasks()).toMatchObject([{ status: 'stopped', endedAt: expect.any(String) }])
    expect(await sessionOf({ call }, id)).toMatchObject({ state: 'idle', backgroundTasks: 0 })
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
  })

  test('is stopped when the server is; when the process dies, it is lost', async () => {
    const first = await openProject()
    const { id } = first
    await first.ask(id, 'sleep in the background')
    await first.close()
    const second = await openServer({ dataDir: join(first.cwd, 'data'), allowedRoots: [first.cwd] })
    second.model.script('sleep in the background', [
      toolUse('Bash', { command: 'sleep 1000', description: 'wait', run_in_background: true }),
      text('It sleeps'),
    ])
    expect(await tasksOf(second, id)).toMatchObject([{ status: 'stopped' }])
    await second.ask(id, 'sleep in the background')
    expect((await sessionOf(second, id)).backgroundTasks).toBe(1)
    for (const pid of claudesOf(process.pid)) kill(pid)
    await until(async () => (await tasksOf(second, id))[1].status === 'lost')
    expect((await sessionOf(second, id)).backgroundTasks).toBe(0)
    expect((await second.ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    // What Claude Code tells of it afterwards changes nothing.
    expect((await tasksOf(second, id)).map((task: { status: string }) => task.status)).toEqual([
      'stopped',
      'lost',
    ])
  })
})

test('what Claude goes on with by itself can be interrupted', async () => {
  const { id, ask, call, model, release } = await openProject()
  model.script(isTold, text('This will never be whole', { delayMs: 1_000, fragmentSize: 1 }))
  await ask(id, 'wait in the background')
  release()
  await until(async () => (await sessionOf({ call }, id)).state === 'running')
  const interrupted = await call('POST', `/sessions/${id}/interrupt`)
  expect(interrupted.body).toEqual({ interrupted: [], cancelled: [] })
  expect((await sessionOf({ call }, id)).state).toBe('idle')
  expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
})

describe('a subagent', () => {
  const start = (more: object) =>
    toolUse('Agent', { description: 'help out', prompt: 'the errand', subagent_type: 'helper', ...more })

  test('in the foreground is told with its parent, and the response is that of the main conversation', async () => {
    const { id, ask, call, model, tasks } = await openProject()
    model.script('ask the helper', [start({ run_in_background: false }), text('The helper is done')])
    model.script('the errand', [
      toolUse('Bash', { command: 'echo hi', description: 'say hi' }),
      text('I have said hi'),
    ])
    const agents = await call('GET', `/sessions/${id}/agents`)
    expect(agents.body.agents).toContainEqual(
      expect.objectContaining({ name: 'helper', description: 'Helps' }),
    )
    const { body } = await ask(id, 'ask the helper')
    expect(body.response).toBe('The helper is done')
    const messages = await messagesOf({ call }, id)
    type Message = { turnId: string; type: string; content: Record<string, unknown> }
    const ofHelper = messages.filter(({ content }: Message) => content.parent_tool_use_id)
    expect(ofHelper.map(({ type }: Message) => type)).toEqual(['user', 'assistant', 'user', 'assistant'])
    expect(new Set(messages.map(({ turnId }: Message) => turnId))).toEqual(new Set([body.turnId]))
    expect(JSON.stringify(ofHelper.at(-1))).toContain('I have said hi')
    const answer = messages.findLast(({ type }: Message) => type === 'assistant')
    expect(body.messageId).toBe(answer.id)
    expect(model.requests.filter(({ agentId }) => agentId !== undefined)).toHaveLength(2)
    // It has held the turn up: that is no background task.
    expect(await tasks()).toEqual([])
  })

  test('in the background outlives its turn, and the next turn runs beside it', async () => {
    const { id, ask, call, model, tasks } = await openProject()
    const working = Promise.withResolvers<void>()
    model.script('send the helper away', [
      start({ run_in_background: true }),
      text('The helper is on its way'),
    ])
    model.script('the errand', text('The errand is done', { holdUntil: working.promise }))
    model.script(isTold, text('The helper is back'))
    const sent = await ask(id, 'send the helper away')
    expect(sent.body.response).toBe('The helper is on its way')
    expect(await tasks()).toMatchObject([
      { type: 'local_agent', agent: 'helper', status: 'running', turnId: sent.body.turnId },
    ])
    expect(await sessionOf({ call }, id)).toMatchObject({ state: 'idle', backgroundTasks: 1 })
    const beside = await ask(id, 'What is 6 times 7?')
    expect(beside.body.response).toContain('42')
    working.resolve()
    await until(async () => JSON.stringify(await messagesOf({ call }, id)).includes('The helper is back'))
    await until(async () => (await sessionOf({ call }, id)).state === 'idle')
    expect(await tasks()).toMatchObject([{ status: 'completed', summary: 'The errand is done' }])
    const messages = await messagesOf({ call }, id)
    const found = (words: string) =>
      messages.find((message: object) => JSON.stringify(message).includes(words)).turnId
    expect(found('is 42.')).toBe(beside.body.turnId)
    expect(found('The helper is back')).toBeNull()
    const report = messages.find(
      ({ type, content }: { type: string; content: object }) =>
        type === 'assistant' && JSON.stringify(content).includes('The errand is done'),
    )
    expect(report).toMatchObject({ turnId: null, content: { parent_tool_use_id: expect.any(String) } })
  })

  test('in the background asks people beside the turns, whose end does not take the question back', async () => {
    const { ask, call, createSession, model, project } = await openProject()
    const id = await createSession({ cwd: project, permissionPrompts: 'ask' })
    model.script('send the helper away', [
      start({ run_in_background: true }),
      text('The helper is on its way'),
    ])
    model.script('the errand', [
      toolUse('Write', { file_path: join(project, 'errand.txt'), content: 'done' }),
      text('The errand is done'),
    ])
    model.script(isTold, text('The helper is back'))
    await ask(id, 'send the helper away')
    const requests = async () =>
      (await call('GET', `/sessions/${id}/permissions?status=pending`)).body.permissions
    await until(async () => (await requests()).length === 1)
    expect(await sessionOf({ call }, id)).toMatchObject({ state: 'requires_action', backgroundTasks: 1 })
    expect((await ask(id, 'What is 6 times 7?')).body.response).toContain('42')
    const [{ permissionId, turnId }] = await requests()
    expect(turnId).toBeNull()
    const decided = await call('POST', `/sessions/${id}/permissions/${permissionId}`, { decision: 'allow' })
    expect(decided.body.status).toBe('allowed')
    await until(async () => (await tasksOf({ call }, id))[0].status === 'completed')
    expect(existsSync(join(project, 'errand.txt'))).toBe(true)

    await ask(id, 'send the helper away')
    await until(async () => (await requests()).length === 1)
    const [{ permissionId: open }] = await requests()
    await call('DELETE', `/sessions/${id}`)
    const path = `/sessions/${id}/permissions/${open}`
    await until(async () => (await call('GET', path)).body.status === 'withdrawn')
  })
})
