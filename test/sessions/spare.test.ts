import { afterEach, describe, expect, test, vi } from 'vitest'
import { caller, openSessions, plain, promptOf, stranger, until } from '../support/open-sessions.ts'

/** The scripted engine does not say when it is ready: each start is given its longest time. */
const quietAndStarts = (count: number) => vi.advanceTimersByTimeAsync(1_001 + count * 5_001)

async function openWithSpare(more: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions({ keepSpareProcess: true, ...more })
  await opened.sessions.prepareSpare(caller.tenantId)
  await vi.advanceTimersByTimeAsync(1_001)
  return opened
}

describe('a spare process', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  afterEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })

  test('is there before the first session, which gets it with its conversation', async () => {
    const { sessions, launcher, ask } = await openWithSpare()
    expect(launcher.launched).toHaveLength(1)
    const { session } = await sessions.create(caller, plain)
    expect(session.id).toBe(launcher.launched[0]?.claudeSessionId)
    expect(session.claudeSessionId).toBe(session.id)
    expect((await ask(session.id, 'hello')).response).toBe('You said: hello')
    expect(launcher.launched).toHaveLength(1)
    const { messages } = await sessions.listMessages(caller, session.id, { limit: 10, offset: 0 })
    expect(messages).toHaveLength(2)
  })

  test('is given to one session only, and replaced when none has come for a while', async () => {
    const { sessions, launcher } = await openWithSpare()
    const spareId = launcher.launched[0]?.claudeSessionId
    const { session: first } = await sessions.create(caller, plain)
    expect(first.id).toBe(spareId)
    await quietAndStarts(1)
    await until(() => launcher.launched.length === 2)
    expect(launcher.launched.at(-1)?.resume).toBe(false)
    const { session: second } = await sessions.create(caller, plain)
    expect(second.id).toBe(launcher.launched.at(-1)?.claudeSessionId)
  })

  test('is there for each of as many sessions as came at once before', async () => {
    const { sessions, launcher } = await openWithSpare()
    const createFour = () => Promise.all([1, 2, 3, 4].map(() => sessions.create(caller, plain)))
    await createFour()
    // One of them has got the spare process.
    await until(() => launcher.launched.length === 4)
    await quietAndStarts(4)
    await until(() => launcher.launched.length === 8)
    const spares = launcher.launched.slice(4).map(({ claudeSessionId }) => claudeSessionId)
    expect((await createFour()).map(({ session }) => session.id).sort()).toEqual(spares.sort())
    expect(launcher.launched).toHaveLength(8)
  })

  test('is started for sessions that never stop coming as well', async () => {
    const { sessions, launcher } = await openWithSpare()
    let served = 0
    for (let count = 0; count < 12; count++) {
      const before = launcher.launched.map(({ claudeSessionId }) => claudeSessionId)
      const { session: created } = await sessions.create(caller, plain)
      if (before.includes(created.id)) served++
      await vi.advanceTimersByTimeAsync(900)
    }
    expect(served).toBeGreaterThanOrEqual(2)
  })

  test('is not given to a session that asks for something else, or to another tenant; the next is like it', async () => {
    const { sessions, launcher } = await openWithSpare()
    const spareId = launcher.launched[0]?.claudeSessionId
    const { session: other } = await sessions.create(caller, { ...plain, model: 'haiku' })
    expect(other.id).not.toBe(spareId)
    expect((await sessions.create(stranger, plain)).session.id).not.toBe(spareId)
    await sessions.create(caller, { ...plain, model: 'haiku' })
    // The first spare one, and those of the three sessions.
    await until(() => launcher.launched.length === 4)
    await quietAndStarts(2)
    await until(() => launcher.launched.length === 6)
    const spares = launcher.launched.slice(4)
    for (const spare of spares) expect(spare).toMatchObject({ model: 'haiku', tenantId: caller.tenantId })
    const { session: like } = await sessions.create(caller, { ...plain, model: 'haiku' })
    expect(spares.map(({ claudeSessionId }) => claudeSessionId)).toContain(like.id)
    // The kind that was expected has not come: its process is ended.
    expect([...launcher.agents].filter(({ spec }) => spec.claudeSessionId === spareId)).toEqual([])
  })

  test('goes back when the session could not be made', async () => {
    const { sessions, launcher } = await openWithSpare({ maxSessions: 1 })
    const spareId = launcher.launched[0]?.claudeSessionId
    const { session: first } = await sessions.create(caller, { ...plain, model: 'haiku' })
    await expect(sessions.create(caller, plain)).rejects.toMatchObject({ code: 'MAX_SESSIONS_REACHED' })
    await sessions.end(caller, first.id)
    // Nothing has prepared another in between.
    expect((await sessions.create(caller, plain)).session.id).toBe(spareId)
  })

  test('is evicted when a turn needs its slot, and never takes the last one', async () => {
    const { sessions, launcher, ask } = await openWithSpare({ maxLiveProcesses: 2 })
    const { session: a } = await sessions.create(caller, { ...plain, model: 'a' })
    await sessions.submit(caller, a.id, promptOf('hang'))
    const { session: b } = await sessions.create(caller, { ...plain, model: 'b' })
    expect((await ask(b.id, 'hello')).status).toBe('completed')
    expect(launcher.agents.size).toBe(2)
    await vi.advanceTimersByTimeAsync(1_001)
    expect(launcher.agents.size).toBe(2)
    await sessions.interrupt(caller, a.id, { clearQueue: true })
  })

  test('that has died is not given to anyone', async () => {
    const { sessions, launcher, ask } = await openWithSpare()
    for (const agent of launcher.agents) await agent.close()
    const { session } = await sessions.create(caller, plain)
    expect((await ask(session.id, 'hello')).status).toBe('completed')
    expect(launcher.launched).toHaveLength(2)
  })

  test('ends with the service', async () => {
    const { close, launcher } = await openWithSpare()
    await close()
    expect(launcher.agents.size).toBe(0)
  })
})
