import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  caller,
  openSessions,
  plain,
  promptOf,
  stranger,
  temporaryDirectory,
  until,
} from '../support/open-sessions.ts'

const query = { status: 'active', archived: 'false', limit: 50 } as const

describe('creating', () => {
  test('fifty at once never exceed the limit', async () => {
    const { sessions } = await openSessions({ maxSessions: 20 })
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => sessions.create(caller, plain)))
    const refused = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
    expect(results.length - refused.length).toBe(20)
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'MAX_SESSIONS_REACHED', details: { limit: 20, active: 20 } })
    }
    expect((await sessions.list(caller, query)).total).toBe(20)
  })

  test('the working directory must exist inside an allowed root, links resolved', async () => {
    const outside = temporaryDirectory()
    const { sessions, cwd } = await openSessions()
    mkdirSync(join(cwd, 'inside'))
    symlinkSync(outside, join(cwd, 'way-out'))
    symlinkSync(join(cwd, 'inside'), join(cwd, 'way-in'))
    const create = async (path: string) => (await sessions.create(caller, { ...plain, cwd: path })).session
    expect((await create('inside')).cwd).toBe(join(cwd, 'inside'))
    expect((await create(join(cwd, 'way-in'))).cwd).toBe(join(cwd, 'inside'))
    for (const path of [outside, 'way-out', '..', '/', `${cwd}-sibling`, 'inside/../..']) {
      await expect(create(path), path).rejects.toMatchObject({ code: 'CWD_NOT_ALLOWED' })
    }
    await expect(create('missing')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { issues: [{ path: 'cwd', message: 'must be an existing directory' }] },
    })
  })

  test('bypassPermissions needs the configuration, and the message says so', async () => {
    const refused = await openSessions()
    await expect(
      refused.sessions.create(caller, { ...plain, permissionMode: 'bypassPermissions' }),
    ).rejects.toMatchObject({
      code: 'PERMISSION_MODE_NOT_ALLOWED',
      message: expect.stringContaining('allowBypassPermissions'),
    })
    const allowed = await openSessions({ allowBypassPermissions: true })
    const { session } = await allowed.sessions.create(caller, {
      ...plain,
      permissionMode: 'bypassPermissions',
    })
    expect(session.permissionMode).toBe('bypassPermissions')
  })
})

describe('listing', () => {
  test('pages by newest activity, each session once', async () => {
    const { sessions } = await openSessions()
    const ids: string[] = []
    for (let index = 0; index < 7; index++) ids.push((await sessions.create(caller, plain)).session.id)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await sessions.list(caller, { ...query, limit: 3, ...(cursor && { cursor }) })
      expect(page.total).toBe(7)
      seen.push(...page.sessions.map(({ session }) => session.id))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    expect([...seen].sort()).toEqual([...ids].sort())
    await expect(sessions.list(caller, { ...query, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  test("another tenant's session does not exist", async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const turn = await ask(id, 'hello')
    expect((await sessions.list(stranger, query)).total).toBe(0)
    const page = { limit: 10, offset: 0 }
    const signal = new AbortController().signal
    const attempts = {
      get: () => sessions.get(stranger, id),
      patch: () => sessions.patch(stranger, id, { title: 'mine' }),
      end: () => sessions.end(stranger, id),
      submit: () => sessions.submit(stranger, id, promptOf('hi')),
      getTurn: () => sessions.getTurn(stranger, id, turn.id),
      listTurns: () => sessions.listTurns(stranger, id, page),
      listMessages: () => sessions.listMessages(stranger, id, page),
      interrupt: () => sessions.interrupt(stranger, id, { clearQueue: true }),
      follow: () => sessions.follow(stranger, id, { after: 0, includeDeltas: false, signal }),
    }
    for (const [name, attempt] of Object.entries(attempts)) {
      await expect(attempt(), name).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
    }
    expect((await sessions.get(caller, id)).session.status).toBe('active')
  })
})

describe('ending', () => {
  test('is idempotent; history stays readable, messages are refused', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'hello')
    await sessions.end(caller, id)
    await sessions.end(caller, id)
    await expect(sessions.submit(caller, id, promptOf('x'))).rejects.toMatchObject({
      code: 'SESSION_ENDED',
    })
    await expect(sessions.patch(caller, id, { title: 'x' })).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    expect((await sessions.listMessages(caller, id, { limit: 10, offset: 0 })).total).toBe(2)
    expect((await sessions.list(caller, { ...query, status: 'ended' })).total).toBe(1)
  })
})

describe('expiry', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('comes its time after the last activity, ends the process, and is told', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    const { sessions, ask, launcher } = await openSessions({ sessionTimeoutMs: 60_000 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await vi.advanceTimersByTimeAsync(40_000)
    await ask(id, 'still here')
    await vi.advanceTimersByTimeAsync(40_000)
    expect((await sessions.get(caller, id)).session.status).toBe('active')
    await vi.advanceTimersByTimeAsync(20_001)
    await until(async () => (await sessions.get(caller, id)).session.status === 'expired')
    await until(() => launcher.agents.size === 0)
    await expect(sessions.submit(caller, id, promptOf('x'))).rejects.toMatchObject({
      code: 'SESSION_EXPIRED',
    })
    expect((await sessions.listMessages(caller, id, { limit: 10, offset: 0 })).total).toBe(2)
    expect((await sessions.list(caller, { ...query, status: 'expired' })).total).toBe(1)
  })

  test('does not come while a turn runs or waits', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    const { sessions } = await openSessions({ sessionTimeoutMs: 1_000 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await sessions.submit(caller, id, promptOf('hang'))
    await vi.advanceTimersByTimeAsync(10_000)
    expect((await sessions.get(caller, id)).session.status).toBe('active')
    await sessions.interrupt(caller, id, { clearQueue: true })
    expect((await sessions.get(caller, id)).session.status).toBe('active')
    await vi.advanceTimersByTimeAsync(1_001)
    expect((await sessions.get(caller, id)).session.status).toBe('expired')
  })

  test('makes room under the limit', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { sessions } = await openSessions({ sessionTimeoutMs: 1_000, maxSessions: 1 })
    await sessions.create(caller, plain)
    await expect(sessions.create(caller, plain)).rejects.toMatchObject({ code: 'MAX_SESSIONS_REACHED' })
    vi.setSystemTime(Date.now() + 1_001)
    await sessions.create(caller, plain)
  })

  test('an idle process ends before its session does; the next turn resumes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, ask, launcher } = await openSessions({ idleTimeoutMs: 5_000 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'one')
    await vi.advanceTimersByTimeAsync(5_001)
    await until(() => launcher.agents.size === 0)
    expect((await ask(id, 'two')).status).toBe('completed')
    expect(launcher.launched.map(({ resume }) => resume)).toEqual([false, true])
  })
})
