import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ServiceError } from '../../src/contract/errors.ts'
import { createSessionRequest } from '../../src/contract/sessions.ts'
import { toAnswer } from '../../src/http/turn-outcome.ts'
import { caller, openSessions, plain, promptOf, until } from '../support/open-sessions.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a clock that jumps back an hour changes no order, loses nothing, and makes no time negative', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { sessions, ask, launcher } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const first = await ask(id, 'first')
  launcher.script = async ({ text, say }) => {
    vi.setSystemTime(Date.now() - 3_600_000)
    say(text)
    return text
  }
  const second = await ask(id, 'second')
  const third = await ask(id, 'third')
  expect([first, second, third].map(({ status }) => status)).toEqual(['completed', 'completed', 'completed'])
  const { turns } = await sessions.listTurns(caller, id, { limit: 10, offset: 0 })
  expect(turns.map(turn => turn.id)).toEqual([first.id, second.id, third.id])
  const { messages } = await sessions.listMessages(caller, id, { limit: 100, offset: 0 })
  const sequences = messages.map(({ sequence }) => sequence)
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
  expect((await sessions.get(caller, id)).session.status).toBe('active')
})

test('a timeout counts from acceptance, whatever the clock does', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { sessions } = await openSessions()
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const { turn } = await sessions.submit(caller, id, promptOf('hang', { timeoutMs: 50 }))
  vi.setSystemTime(Date.now() - 3_600_000)
  const ended = await sessions.whenTurnEnded(caller, id, turn.id, new AbortController().signal)
  expect(ended.status).toBe('timed_out')
})

const hour = 3_600_000
const asking = createSessionRequest.parse({ permissionPrompts: 'ask', permissionTimeoutMs: hour })
const pendingOnly = { status: 'pending', limit: 100, offset: 0 } as const

/** A session whose turn waits for a person; the clock of the wall can be set, and timers know nothing of it. */
async function openWaiting() {
  vi.useFakeTimers({ toFake: ['Date'] })
  const opened = await openSessions({ sessionTimeoutMs: 100 * hour })
  const { sessions } = opened
  const {
    session: { id },
  } = await sessions.create(caller, asking)
  const { turn } = await sessions.submit(caller, id, promptOf('ask'))
  await until(async () => (await sessions.permissions.list(caller, pendingOnly)).total === 1)
  const [request] = (await sessions.permissions.list(caller, pendingOnly)).permissions
  if (!request) throw new Error('no request')
  const whenEnded = () => sessions.whenTurnEnded(caller, id, turn.id, AbortSignal.timeout(60_000))
  return { ...opened, id, turn, request, whenEnded }
}

describe('a permission request whose time has passed while the machine was suspended', () => {
  test('cannot be allowed, and what asked for it is denied', async () => {
    const { sessions, id, request, whenEnded } = await openWaiting()
    vi.setSystemTime(Date.now() + 2 * hour)
    const body = { decision: 'allow', interrupt: false } as const
    const refused = await sessions.permissions.answer(caller, id, request.id, body).catch(error => error)
    expect((refused as ServiceError).code).toBe('PERMISSION_ALREADY_RESOLVED')
    expect((await sessions.permissions.get(caller, id, request.id)).status).toBe('expired')
    expect((await whenEnded()).status).toBe('completed')
  })

  test('is expired in every list and wherever its session is read', async () => {
    const { sessions, id, request } = await openWaiting()
    vi.setSystemTime(Date.now() + 2 * hour)
    expect((await sessions.permissions.list(caller, pendingOnly)).total).toBe(0)
    expect(
      (await sessions.permissions.list(caller, { ...pendingOnly, status: 'all', sessionId: id })).permissions,
    ).toMatchObject([{ id: request.id, status: 'expired' }])
    expect((await sessions.get(caller, id)).state).not.toBe('requires_action')
  })

  test('is expired when the log is read', async () => {
    const { sessions, store, id } = await openWaiting()
    vi.setSystemTime(Date.now() + 2 * hour)
    await sessions.get(caller, id)
    const events = await store.listEvents('default', { sessionId: id, after: 0, limit: 100 })
    expect(events.find(({ type }) => type === 'permission.resolved')?.payload).toMatchObject({
      status: 'expired',
    })
  })
})

test('a permission request is still open when the clock is set back, and can be answered', async () => {
  const { sessions, id, request, whenEnded } = await openWaiting()
  vi.setSystemTime(Date.now() - 2 * hour)
  expect((await sessions.permissions.list(caller, pendingOnly)).total).toBe(1)
  const body = { decision: 'allow', interrupt: false } as const
  expect((await sessions.permissions.answer(caller, id, request.id, body)).status).toBe('allowed')
  expect((await whenEnded()).status).toBe('completed')
})

test('a turn does not time out because the clock is set forward', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { sessions, launcher } = await openSessions({ sessionTimeoutMs: 100 * hour })
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  launcher.script = async ({ text, say }) => {
    vi.setSystemTime(Date.now() + 2 * hour)
    await new Promise(resolve => setTimeout(resolve, 50))
    say(text)
    return text
  }
  const { turn } = await sessions.submit(caller, id, promptOf('hello', { timeoutMs: hour }))
  const ended = await sessions.whenTurnEnded(caller, id, turn.id, AbortSignal.timeout(60_000))
  expect(ended.status).toBe('completed')
})

test('a session whose time has passed while the machine was suspended takes no prompt', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const { sessions } = await openSessions({ sessionTimeoutMs: hour })
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  vi.setSystemTime(Date.now() + 2 * hour)
  const refused = await sessions.submit(caller, id, promptOf('hello')).catch(error => error)
  expect((refused as ServiceError).code).toBe('SESSION_EXPIRED')
})

test.each([-2 * hour, 2 * hour])(
  'a turn took as long as it ran, though the clock is set by %d ms',
  async step => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { sessions, store, launcher } = await openSessions({ sessionTimeoutMs: 100 * hour })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    launcher.script = async ({ text, say }) => {
      vi.setSystemTime(Date.now() + step)
      await new Promise(resolve => setTimeout(resolve, 20))
      say(text)
      return text
    }
    const { turn } = await sessions.submit(caller, id, promptOf('hello'))
    const { durationMs, startedAt, endedAt } = await sessions.whenTurnEnded(
      caller,
      id,
      turn.id,
      AbortSignal.timeout(60_000),
    )
    expect(durationMs).toBeGreaterThanOrEqual(19)
    expect(durationMs).toBeLessThan(hour)
    // What is promised as a time is what the clock says.
    expect(Math.abs((endedAt ?? 0) - (startedAt ?? 0) - step)).toBeLessThan(hour)
    const events = await store.listEvents('default', { sessionId: id, after: 0, limit: 100 })
    expect(events.find(({ type }) => type === 'turn.completed')?.payload).toMatchObject({ durationMs })
    expect((await store.usage.sumUsage('default', id, Date.now())).activeMs).toBe(durationMs)
  },
)

test.each([-2 * hour, 0])(
  'a turn that times out in the queue says so, though the clock is set by %d ms',
  async step => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { sessions } = await openSessions({ sessionTimeoutMs: 100 * hour })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await sessions.submit(caller, id, promptOf('hang'))
    const { turn } = await sessions.submit(caller, id, promptOf('hello', { timeoutMs: 50 }))
    vi.setSystemTime(Date.now() + step)
    const ended = await sessions.whenTurnEnded(caller, id, turn.id, AbortSignal.timeout(60_000))
    expect(ended.status).toBe('cancelled')
    expect(() => toAnswer(ended, 'conversation')).toThrow(
      expect.objectContaining({ code: 'REQUEST_TIMEOUT' }),
    )
  },
)
