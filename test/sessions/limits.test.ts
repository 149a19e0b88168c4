import { describe, expect, test, vi } from 'vitest'
import type { CallerLimits } from '../../src/contract/caller-limits.ts'
import type { LimitsOf } from '../../src/sessions/limits/limits-of.ts'
import type { Caller } from '../../src/sessions/records.ts'
import { caller, openSessions, plain, promptOf, temporaryDirectory, until } from '../support/open-sessions.ts'

const other: Caller = { ...caller, keyId: 'other' }
const forever = new AbortController().signal

/** Limits that tests can change. */
function limits(key: CallerLimits | undefined, tenant?: CallerLimits) {
  const now = { key, tenant }
  const limitsOf: LimitsOf = () => now
  return { now, limitsOf }
}
const ofKey = (keys: Record<string, CallerLimits>): LimitsOf => {
  return ({ keyId }) => ({ key: keys[keyId] })
}
const reached = (limitName: string, level: string, limit: number, used: number) => ({
  code: 'CALLER_LIMIT_REACHED',
  details: { limitName, level, limit, used },
})

async function open(limitsOf: LimitsOf, more: Parameters<typeof openSessions>[0] = {}) {
  const opened = await openSessions({ limitsOf, ...more })
  const { sessions } = opened
  const create = async (by: Caller = caller) => (await sessions.create(by, plain)).session.id
  const submit = (id: string, prompt = 'hello', by: Caller = caller) =>
    sessions.submit(by, id, promptOf(prompt))
  return { ...opened, create, submit }
}

describe('active sessions', () => {
  test.each(['key', 'tenant'] as const)('a %s cannot have more', async level => {
    const { limitsOf } =
      level === 'key' ? limits({ activeSessions: 2 }) : limits(undefined, { activeSessions: 2 })
    const { sessions, create } = await open(limitsOf)
    const results = await Promise.allSettled([create(), create(), create(), create()])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    await expect(create()).rejects.toMatchObject(reached('activeSessions', level, 2, 2))
    const [first] = (await sessions.list(caller, { status: 'active', archived: 'false', limit: 1 })).sessions
    const id = first?.session.id ?? ''
    await expect(sessions.branching.fork(caller, id, {}, {})).rejects.toMatchObject({
      code: 'CALLER_LIMIT_REACHED',
    })
    await sessions.end(caller, id)
    await create()
  })

  test('of another key do not count for a key, but for the tenant', async () => {
    const { create } = await open(limits({ activeSessions: 1 }, { activeSessions: 2 }).limitsOf)
    await create()
    await create(other)
    await expect(create()).rejects.toMatchObject(reached('activeSessions', 'key', 1, 1))
    await expect(create({ ...caller, keyId: 'third' })).rejects.toMatchObject(
      reached('activeSessions', 'tenant', 2, 2),
    )
    await create({ ...caller, tenantId: 'elsewhere' })
  })
})

describe('turns an hour', () => {
  test('two prompts cannot both take the last place, and refused ones take none', async () => {
    const { create, submit } = await open(limits({ turnsPerHour: 2 }).limitsOf, { maxQueuedTurns: 0 })
    const ids = [await create(), await create(), await create()]
    await submit(ids[0] ?? '', 'hang')
    await expect(submit(ids[0] ?? '')).rejects.toMatchObject({ code: 'TURN_QUEUE_FULL' })
    const results = await Promise.allSettled([submit(ids[1] ?? ''), submit(ids[2] ?? '')])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await expect(submit(ids[1] ?? '')).rejects.toMatchObject({
      ...reached('turnsPerHour', 'key', 2, 2),
      details: { retryAt: expect.any(String) },
    })
    await submit(await create(other), 'hello', other)
  })

  test('prompts count that were sent while there was no limit', async () => {
    const { now, limitsOf } = limits({ turnsPerHour: 2 })
    const { create, ask, submit } = await open(limitsOf)
    const id = await create()
    await ask(id, 'first')
    now.key = {}
    await ask(id, 'second')
    now.key = { turnsPerHour: 2 }
    await expect(submit(id)).rejects.toMatchObject({ code: 'CALLER_LIMIT_REACHED' })
  })

  test('steered input, retries and compactions count', async () => {
    const { now, limitsOf } = limits({ turnsPerHour: 3 })
    const { sessions, create, submit, launcher, ask } = await open(limitsOf)
    const id = await create()
    await submit(id, 'hang')
    await until(() => [...launcher.agents].some(({ running }) => running))
    await sessions.submit(caller, id, promptOf('more', { onBusy: 'steer' }))
    await sessions.interrupt(caller, id, { clearQueue: true })
    await ask(id, 'die')
    const full = { code: 'CALLER_LIMIT_REACHED' }
    const [last] = (await sessions.listTurns(caller, id, { limit: 9, offset: 1 })).turns
    const retry = () => sessions.branching.retry(caller, id, { turnId: last?.id ?? '', timeoutMs: 0 })
    await expect(retry()).rejects.toMatchObject(full)
    await expect(
      sessions.conversation.compact(caller, id, { instructions: undefined, timeoutMs: 0, onBusy: 'queue' }),
    ).rejects.toMatchObject(full)
    now.key = { turnsPerHour: 4 }
    await sessions.conversation.compact(caller, id, {
      instructions: undefined,
      timeoutMs: 0,
      onBusy: 'queue',
    })
  })

  test('survive a restart, and are over after an hour', async () => {
    const file = `${temporaryDirectory()}/store.db`
    const { limitsOf } = limits({ turnsPerHour: 2 }, { turnsPerHour: 3 })
    const first = await open(limitsOf, { file })
    const id = await first.create()
    await first.ask(id, 'one')
    await first.ask(id, 'two')
    await first.close()
    const second = await open(limitsOf, { file })
    await expect(second.submit(id)).rejects.toMatchObject(reached('turnsPerHour', 'key', 2, 2))
    await second.submit(id, 'hello', other)
    await expect(second.submit(id, 'hello', other)).rejects.toMatchObject(
      reached('turnsPerHour', 'tenant', 3, 3),
    )
    const hourLater = performance.now() + 62 * 60_000
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => hourLater)
    await second.submit(id)
    clock.mockRestore()
  })
})

describe('running turns', () => {
  test('more than the limit wait, with the reason, and run one after the other', async () => {
    const { sessions, create, submit } = await open(limits({ runningTurns: 1 }).limitsOf)
    const ids = [await create(), await create(), await create()] as const
    await submit(ids[0], 'hang')
    const waiting = [await submit(ids[1], 'two'), await submit(ids[2], 'three')] as const
    const { events } = await readQueued(sessions, ids[1])
    expect(events).toEqual([{ status: 'queued', reason: 'limit_reached' }])
    expect(sessions.figures().waitingTurns).toBe(0)
    const free = await submit(await create(other), 'hello', other)
    expect(free.turn.status).toBe('running')
    await sessions.interrupt(caller, ids[0], { clearQueue: true })
    for (const { ended } of waiting) expect((await ended).turn.status).toBe('completed')
    await free.ended
  })

  test('a turn that waits for its limit can be interrupted, and gives its place to no one', async () => {
    const { sessions, create, submit } = await open(limits(undefined, { runningTurns: 1 }).limitsOf)
    const ids = [await create(), await create(), await create()] as const
    await submit(ids[0], 'hang')
    const { turn } = await submit(ids[1], 'never')
    const third = await submit(ids[2], 'third')
    expect(await sessions.interrupt(caller, ids[1], { clearQueue: true })).toEqual({
      interrupted: [],
      cancelled: [turn.id],
    })
    await sessions.interrupt(caller, ids[0], { clearQueue: true })
    expect((await third.ended).turn.status).toBe('completed')
  })

  test('keys of a tenant are served in turn', async () => {
    const { sessions, create, submit } = await open(limits(undefined, { runningTurns: 1 }).limitsOf)
    const order: string[] = []
    const start = async (by: Caller, name: string) => {
      const { ended } = await submit(await create(by), name, by)
      void ended.then(() => order.push(name))
      return { ended }
    }
    const first = await create()
    await submit(first, 'hang')
    const all = [start(caller, 'a1'), start(caller, 'a2'), start(caller, 'a3')]
    await Promise.resolve()
    all.push(start(other, 'b1'))
    // All wait before one of them may run.
    const waiting = await Promise.all(all)
    await until(() => sessions.figures().runningTurns === 1)
    await sessions.interrupt(caller, first, { clearQueue: true })
    await Promise.all(waiting.map(({ ended }) => ended))
    await until(() => order.length === 4)
    expect(order.indexOf('b1')).toBeLessThan(2)
  })

  test('a suspended turn does not count while it waits for a person', async () => {
    const { sessions, create, submit } = await open(limits({ runningTurns: 1 }).limitsOf, {
      permissionParkMs: 1,
    })
    const asking = (
      await sessions.create(caller, { ...plain, permissionPrompts: 'ask', permissionTimeoutMs: 600_000 })
    ).session.id
    const { ended } = await submit(asking, 'ask')
    await until(async () => (await sessions.get(caller, asking)).state === 'requires_action')
    const next = await submit(await create(), 'hello')
    expect((await next.ended).turn.status).toBe('completed')
    const [permission] = (
      await sessions.permissions.list(caller, { sessionId: asking, status: 'pending', limit: 1, offset: 0 })
    ).permissions
    await sessions.permissions.answer(caller, asking, permission?.id ?? '', {
      decision: 'allow',
      interrupt: false,
    })
    expect((await ended).turn.status).toBe('completed')
  })

  test('a server that closes does not wait for turns that wait for a limit', async () => {
    const file = `${temporaryDirectory()}/store.db`
    const first = await open(limits({ runningTurns: 1 }).limitsOf, { file })
    const ids = [await first.create(), await first.create()] as const
    await first.submit(ids[0], 'hang')
    const { turn } = await first.submit(ids[1], 'later')
    await first.close()
    const second = await open(limits({ runningTurns: 1 }).limitsOf, { file })
    expect((await second.sessions.whenTurnEnded(caller, ids[1], turn.id, forever)).status).toBe('completed')
  })
})

describe('spend', () => {
  // The scripted engine takes a cent for each turn.
  test.each([
    ['spendPerDayUsd', 'key'],
    ['spendPerMonthUsd', 'tenant'],
  ] as const)('%s of a %s refuses prompts when it is reached, also after a restart', async (name, level) => {
    const file = `${temporaryDirectory()}/store.db`
    const bound = { [name]: 0.02 }
    const { now, limitsOf } = level === 'key' ? limits(bound) : limits(undefined, bound)
    const first = await open(limitsOf, { file })
    const id = await first.create()
    await first.ask(id, 'one')
    await first.ask(id, 'two')
    const refused = {
      code: 'SPEND_LIMIT_REACHED',
      details: {
        limitName: name,
        level,
        limit: 0.02,
        used: 0.02,
        retryAt: expect.stringMatching(/T00:00:00\.000Z$/),
      },
    }
    await expect(first.submit(id)).rejects.toMatchObject(refused)
    await first.close()
    const second = await open(limitsOf, { file })
    await expect(second.submit(id)).rejects.toMatchObject(refused)
    await expect(
      second.sessions.submit(caller, id, promptOf('x', { onBusy: 'steer' })),
    ).rejects.toMatchObject({
      code: 'SPEND_LIMIT_REACHED',
    })
    now[level] = { [name]: 0.03 }
    await second.ask(id, 'three')
    await expect(second.submit(id)).rejects.toMatchObject({ code: 'SPEND_LIMIT_REACHED' })
  })

  test('turns that wait when it is reached fail without asking Claude; the running one ends', async () => {
    const { sessions, create, submit, launcher } = await open(limits({ spendPerDayUsd: 0.01 }).limitsOf)
    const id = await create()
    const release = Promise.withResolvers<void>()
    launcher.script = async ({ text }) => {
      await release.promise
      return text
    }
    const [running, waiting] = [await submit(id, 'one'), await submit(id, 'two')]
    release.resolve()
    expect((await running.ended).turn.status).toBe('completed')
    expect((await waiting.ended).turn).toMatchObject({
      status: 'failed',
      error: { code: 'SPEND_LIMIT_REACHED', reason: 'spend_limit_reached', retryAt: expect.any(String) },
      costUsd: 0,
    })
    expect((await sessions.usage.get(caller, id)).costUsd).toBe(0.01)
  })

  test('a turn of unknown cost counts as an average one', async () => {
    const { create, submit, ask } = await open(limits({ spendPerDayUsd: 0.02 }).limitsOf)
    const id = await create()
    await ask(id, 'one')
    await ask(id, 'die')
    await expect(submit(id)).rejects.toMatchObject({ details: { used: 0.02 } })
  })

  test('autonomous work counts, and is interrupted when it begins with nothing left', async () => {
    const { sessions, create, submit, launcher } = await open(limits({ spendPerDayUsd: 0.02 }).limitsOf)
    const id = await create()
    const { ended } = await submit(id, 'task')
    await ended
    const [agent] = launcher.agents
    const usage = { inputTokens: 1, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
    agent?.beginAutonomousWork('more')
    agent?.endAutonomousWork({ usage, costUsd: 0.05 })
    const times = async () => (await sessions.usage.get(caller, id)).betweenTurns.times
    await until(async () => (await times()) === 1)
    await expect(submit(id)).rejects.toMatchObject({ code: 'SPEND_LIMIT_REACHED' })
    agent?.beginAutonomousWork('still more')
    // Ended by the server alone.
    await until(async () => (await times()) === 2)
  })

  test('is of one key only', async () => {
    const { create, submit, ask } = await open(ofKey({ test: { spendPerDayUsd: 0.01 } }))
    const id = await create()
    await ask(id, 'one')
    await expect(submit(id)).rejects.toMatchObject({ code: 'SPEND_LIMIT_REACHED' })
    const { ended } = await submit(id, 'hello', other)
    expect((await ended).turn.status).toBe('completed')
  })
})

type Sessions = Awaited<ReturnType<typeof openSessions>>['sessions']

async function readQueued(sessions: Sessions, id: string) {
  const reader = await sessions.follow(caller, id, { after: 0, includeDeltas: false, signal: forever })
  const events: unknown[] = []
  for await (const item of reader) {
    if (item.kind !== 'event' || item.event.type !== 'turn.queued') continue
    events.push(item.event.payload)
    break
  }
  return { events }
}
