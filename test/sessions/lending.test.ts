import { afterEach, describe, expect, test, vi } from 'vitest'
import { caller, openSessions, plain, promptOf, stranger, until } from '../support/open-sessions.ts'

afterEach(() => {
  vi.useRealTimers()
})

const idleTimeoutMs = 10_000
const summary = 'summary'

async function open(given: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions({ idleTimeoutMs, ...given })
  const { sessions } = opened
  const { session } = await sessions.create(caller, plain)
  const context = (id = session.id) => sessions.conversation.describeContext(caller, id, summary)
  const stateOf = async (id = session.id) => {
    const { state, backgroundTasks } = await sessions.get(caller, id)
    return { state, backgroundTasks }
  }
  const run = async (prompt: string, id = session.id) =>
    (await sessions.submit(caller, id, promptOf(prompt))).turn
  return { ...opened, id: session.id, context, stateOf, run }
}

describe('asking the process', () => {
  test('does not lengthen its rest', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { ask, id, launcher, context } = await open()
    await ask(id, 'hi')
    await vi.advanceTimersByTimeAsync(idleTimeoutMs - 1)
    expect((await context()).model).toBe('scripted-model')
    expect(launcher.agents.size).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(launcher.agents.size).toBe(0)
  })

  test('keeps it alive until the answer is there, and no longer when its rest is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { ask, id, launcher, context } = await open()
    await ask(id, 'hi')
    const answering = Promise.withResolvers<void>()
    launcher.whenAsked = () => answering.promise
    const asked = context()
    await vi.advanceTimersByTimeAsync(2 * idleTimeoutMs)
    expect(launcher.agents.size).toBe(1)
    answering.resolve()
    await asked
    await vi.advanceTimersByTimeAsync(0)
    expect(launcher.agents.size).toBe(0)
  })

  test('takes the process that a turn works with, and starts no second one', async () => {
    const { launcher, context, run, stateOf, sessions, id } = await open()
    const { id: turnId } = await run('hang')
    await until(() => [...launcher.agents].some(agent => agent.running))
    await Promise.all([context(), context()])
    expect([launcher.launched.length, (await stateOf()).state]).toEqual([1, 'running'])
    await sessions.interrupt(caller, id, { turnId, clearQueue: false })
    await context()
    expect(launcher.launched).toHaveLength(1)
  })

  test('waits for a place, and is refused where too many wait', async () => {
    const { launcher, context, run, sessions, id } = await open({ maxLiveProcesses: 1, maxWaitingTurns: 1 })
    const other = (await sessions.create(caller, plain)).session.id
    const third = (await sessions.create(caller, plain)).session.id
    await run('hang')
    await until(() => [...launcher.agents].some(agent => agent.running))
    const waiting = context(other)
    await until(async () => (await sessions.get(caller, other)).state === 'idle')
    await expect(context(third)).rejects.toMatchObject({
      code: 'TURN_QUEUE_FULL',
      details: { limit: 1, waiting: 1 },
    })
    await sessions.interrupt(caller, id, { clearQueue: false })
    expect((await waiting).model).toBe('scripted-model')
    expect(launcher.agents.size).toBe(1)
  })

  test('is refused where its session ends while it waits for a place', async () => {
    const { launcher, context, run, sessions, id } = await open({ maxLiveProcesses: 1 })
    const other = (await sessions.create(caller, plain)).session.id
    await run('hang')
    await until(() => [...launcher.agents].some(agent => agent.running))
    const waiting = context(other)
    await until(async () => (await sessions.get(caller, other)).state === 'idle')
    await sessions.end(caller, other)
    await sessions.interrupt(caller, id, { clearQueue: false })
    await expect(waiting).rejects.toMatchObject({ code: 'SESSION_ENDED' })
  })

  test('tells why the process does not start, and the next one tries again', async () => {
    const { launcher, context, sessions } = await open()
    launcher.startFailure = { reason: 'not_installed', message: 'install it' }
    const other = (await sessions.create(caller, plain)).session.id
    await expect(context(other)).rejects.toMatchObject({
      code: 'AGENT_UNAVAILABLE',
      message: 'install it',
      details: { reason: 'not_installed' },
    })
    launcher.startFailure = undefined
    expect((await context(other)).model).toBe('scripted-model')
  })

  test("is not possible in another tenant's session, nor in one that is over", async () => {
    const { sessions, id, context } = await open()
    const ofStranger = sessions.conversation.listCommands(stranger, id)
    await expect(ofStranger).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
    await sessions.end(caller, id)
    await expect(context()).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    const unknown = sessions.conversation.stopTask(caller, id, 'task-1')
    await expect(unknown).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
  })
})

describe('what goes on in the background', () => {
  test('keeps the process, and is lost with it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { ask, id, launcher, stateOf, sessions } = await open()
    const turn = await ask(id, 'task')
    await vi.advanceTimersByTimeAsync(10 * idleTimeoutMs)
    expect(await stateOf()).toEqual({ state: 'idle', backgroundTasks: 1 })
    for (const agent of launcher.agents) await agent.close()
    const query = { status: 'all', limit: 10, offset: 0 } as const
    const list = async () => (await sessions.conversation.listTasks(caller, id, query)).tasks
    await until(async () => (await list())[0]?.status !== 'running')
    expect(await list()).toMatchObject([
      { id: 'task-1', status: 'lost', turnId: turn.id, endedAt: expect.any(Number) },
    ])
    expect(await stateOf()).toEqual({ state: 'idle', backgroundTasks: 0 })
  })

  test('lets the process rest when it has ended', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { ask, id, launcher, sessions } = await open()
    await ask(id, 'task')
    expect((await sessions.conversation.stopTask(caller, id, 'task-1')).status).toBe('stopped')
    await vi.advanceTimersByTimeAsync(idleTimeoutMs)
    expect(launcher.agents.size).toBe(0)
  })

  test('makes room only when no other process can', async () => {
    const { ask, id, launcher, sessions, run, stateOf } = await open({ maxLiveProcesses: 2 })
    await ask(id, 'task')
    const [withTask] = launcher.agents
    const other = (await sessions.create(caller, plain)).session.id
    await ask(other, 'hi')
    const third = (await sessions.create(caller, plain)).session.id
    await ask(third, 'hi')
    expect(withTask?.alive).toBe(true)
    await run('hang', third)
    await until(() => [...launcher.agents].some(agent => agent.running))
    await ask(other, 'hi')
    expect(withTask?.alive).toBe(false)
    expect((await stateOf()).backgroundTasks).toBe(0)
  })

  test('and what Claude goes on with by itself shows in the state, and can be interrupted', async () => {
    const { ask, id, launcher, sessions, stateOf, store } = await open()
    await ask(id, 'hi')
    const [agent] = launcher.agents
    agent?.beginAutonomousWork('by myself')
    expect((await stateOf()).state).toBe('running')
    await sessions.interrupt(caller, id, { clearQueue: false })
    expect((await stateOf()).state).toBe('idle')
    const last = async () =>
      (await store.listEvents('default', { sessionId: id, after: 0, limit: 100 })).at(-1)
    await until(async () => (await last())?.type === 'message')
    expect(await last()).toMatchObject({ turnId: null })
  })

  test('a session in which Claude goes on by itself does not expire', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const { ask, id, launcher, sessions, store } = await open({ sessionTimeoutMs: 60_000 })
    await ask(id, 'hi')
    const [agent] = launcher.agents
    agent?.beginAutonomousWork('by myself')
    const { expiresAt } = (await sessions.get(caller, id)).session
    await vi.advanceTimersByTimeAsync(61_000)
    await until(async () => ((await store.findSession('default', id))?.expiresAt ?? 0) > expiresAt)
    expect((await sessions.get(caller, id)).session.status).toBe('active')
    agent?.endAutonomousWork()
    await until(async () => {
      await vi.advanceTimersByTimeAsync(1_000)
      return (await store.findSession('default', id))?.status === 'expired'
    })
  })
})
