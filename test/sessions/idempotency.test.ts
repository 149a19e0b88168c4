import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../../src/sessions/ports/index.ts'
import type { Sessions } from '../../src/sessions/sessions.ts'
import { Idempotency, type IdempotencyKey } from '../../src/sessions/turns/idempotency.ts'
import { sessionRecord } from '../suites/store-records.ts'
import {
  caller,
  openSessions,
  plain,
  promptOf,
  stranger,
  temporaryDirectory,
  until,
} from '../support/open-sessions.ts'

const key: IdempotencyKey = { key: 'key-1', fingerprint: 'one' }
const otherBody: IdempotencyKey = { ...key, fingerprint: 'two' }
const forever = new AbortController().signal
const day = 24 * 60 * 60 * 1000

afterEach(() => vi.useRealTimers())

/** Lets nothing be accepted until it is opened; `reached` resolves when something stands before it. */
function gate(store: Store): { reached: Promise<void>; open(): void } {
  const { commit, createSession } = store
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const pass = () => {
    reached.resolve()
    return opened.promise
  }
  store.commit = change => (change.insertTurn ? pass().then(() => commit(change)) : commit(change))
  store.createSession = (...given) => pass().then(() => createSession(...given))
  return { reached: reached.promise, open: opened.resolve }
}

async function turnsOf(sessions: Sessions, sessionId: string): Promise<number> {
  return (await sessions.listTurns(caller, sessionId, { limit: 1, offset: 0 })).total
}

describe('a turn with a key', () => {
  test('is made once; a repetition has it as it is then', async () => {
    const { sessions } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const first = await sessions.submit(caller, id, promptOf('hello'), { key: key })
    const ended = await sessions.whenTurnEnded(caller, id, first.turn.id, forever)
    const again = await sessions.submit(caller, id, promptOf('hello'), { key: key })
    expect([first.replayed, again.replayed]).toEqual([false, true])
    expect(again.turn).toEqual(ended)
    expect(await turnsOf(sessions, id)).toBe(1)
    // Also when the session takes no turns any more.
    await sessions.end(caller, id)
    expect((await sessions.submit(caller, id, promptOf('hello'), { key: key })).turn).toEqual(ended)
  })

  test('is refused with another body, and while the first is being accepted', async () => {
    const { sessions, store } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const submit = (given: IdempotencyKey) => sessions.submit(caller, id, promptOf('hello'), { key: given })
    const held = gate(store)
    const first = submit(key)
    await held.reached
    await expect(submit(key)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_FLIGHT' })
    await expect(submit(otherBody)).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_FLIGHT' })
    held.open()
    const { turn: made } = await first
    await expect(submit(otherBody)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
    const repeated = await Promise.all([submit(key), submit(key), submit(key)])
    expect(repeated.map(once => [once.turn.id, once.replayed])).toEqual(Array(3).fill([made.id, true]))
    expect(await turnsOf(sessions, id)).toBe(1)
  })

  test('of two at the same moment one is made', async () => {
    const { sessions } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const submit = () => sessions.submit(caller, id, promptOf('hello'), { key: key })
    const [one, two] = await Promise.allSettled([submit(), submit()])
    expect(one).toMatchObject({ status: 'fulfilled', value: { replayed: false } })
    expect(two).toMatchObject({ status: 'rejected', reason: { code: 'IDEMPOTENCY_IN_FLIGHT' } })
    expect(await turnsOf(sessions, id)).toBe(1)
  })

  test('that was refused leaves no trace', async () => {
    const { sessions, store } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const {
      turn: { id: running },
    } = await sessions.submit(caller, id, promptOf('hang'))
    const rejecting = promptOf('x', { onBusy: 'reject' })
    await expect(sessions.submit(caller, id, rejecting, { key: key })).rejects.toMatchObject({
      code: 'SESSION_BUSY',
    })
    const { commit } = store
    store.commit = change => (change.insertTurn ? Promise.reject(new Error('disk full')) : commit(change))
    await expect(sessions.submit(caller, id, promptOf('x'), { key: otherBody })).rejects.toThrow('disk full')
    store.commit = commit
    const accepted = await sessions.submit(caller, id, promptOf('x'), { key: otherBody })
    expect(accepted.replayed).toBe(false)
    await sessions.interrupt(caller, id, { turnId: running, clearQueue: false })
    expect(await turnsOf(sessions, id)).toBe(2)
  })

  test('is not seen by another tenant or with another API key', async () => {
    const { sessions } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { turn: made } = await sessions.submit(caller, id, promptOf('hello'), { key: key })
    await expect(sessions.submit(stranger, id, promptOf('hello'), { key: key })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    })
    const colleague = { ...caller, keyId: 'another' }
    const own = await sessions.submit(colleague, id, promptOf('hello'), { key: key })
    expect(own.replayed).toBe(false)
    expect(own.turn.id).not.toBe(made.id)
  })

  test('that the running one has taken as more input is not handed to it again', async () => {
    const { sessions, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { turn: running } = await sessions.submit(caller, id, promptOf('hang'))
    await until(() => [...launcher.agents].some(agent => agent.running))
    const steering = promptOf('more', { onBusy: 'steer' })
    const first = await sessions.submit(caller, id, steering, { key: key })
    const again = await sessions.submit(caller, id, steering, { key: key })
    expect([first, again].map(once => [once.turn.id, once.replayed])).toEqual([
      [running.id, false],
      [running.id, true],
    ])
    expect([...launcher.agents].flatMap(agent => agent.steered)).toEqual(['more'])
    // As one that waits, where none runs that could take it: then it is a turn of its own.
    await sessions.interrupt(caller, id, { clearQueue: false })
    const own = await sessions.submit(caller, id, steering, { key: { ...key, key: 'key-2' } })
    const repeated = await sessions.submit(caller, id, steering, { key: { ...key, key: 'key-2' } })
    expect([own.replayed, repeated.replayed, repeated.turn.id]).toEqual([false, true, own.turn.id])
    expect(await turnsOf(sessions, id)).toBe(2)
  })
})

describe('a session with a key', () => {
  test('is made once', async () => {
    const { sessions, store, launcher } = await openSessions()
    const held = gate(store)
    const first = sessions.create(caller, plain, { key: key })
    await held.reached
    await expect(sessions.create(caller, plain, { key: key })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_IN_FLIGHT',
    })
    held.open()
    const { session: made } = await first
    const again = await sessions.create(caller, plain, { key: key })
    expect([again.session.id, again.replayed]).toEqual([made.id, true])
    await expect(sessions.create(caller, plain, { key: otherBody })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    })
    expect((await sessions.list(caller, { status: 'all', archived: 'false', limit: 9 })).total).toBe(1)
    await until(() => launcher.launched.length === 1)
  })

  test('that there was no room for leaves no trace', async () => {
    const { sessions } = await openSessions({ maxSessions: 1 })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await expect(sessions.create(caller, plain, { key: key })).rejects.toMatchObject({
      code: 'MAX_SESSIONS_REACHED',
    })
    await sessions.end(caller, id)
    expect((await sessions.create(caller, plain, { key: otherBody })).replayed).toBe(false)
  })
})

test('two servers on one store: the database admits one, the other answers with what it made', async () => {
  const { store } = await openSessions()
  const create = () => {
    const server = new Idempotency(store.idempotency)
    return server.once(
      caller,
      key,
      async remember => {
        const session = sessionRecord({ tenantId: caller.tenantId })
        const record = remember?.({ sessionId: session.id, turnId: null })
        await store.createSession(session, [], 100, record)
        return session.id
      },
      async ({ sessionId }) => sessionId,
    )
  }
  const [one, two] = await Promise.all([create(), create()])
  expect([one.replayed, two.replayed]).toEqual([false, true])
  expect(two.made).toBe(one.made)
  expect((await store.countSessions()).total).toBe(1)
})

describe('time', () => {
  test('a key is free again after 24 hours', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
    const { sessions } = await openSessions({ sessionTimeoutMs: 3 * day })
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const first = await sessions.submit(caller, id, promptOf('hello'), { key: key })
    vi.setSystemTime(Date.UTC(2026, 0, 2) - 1)
    expect((await sessions.submit(caller, id, promptOf('hello'), { key: key })).replayed).toBe(true)
    vi.setSystemTime(Date.UTC(2026, 0, 2))
    const second = await sessions.submit(caller, id, promptOf('hello'), { key: otherBody })
    expect(second.replayed).toBe(false)
    expect(second.turn.id).not.toBe(first.turn.id)
    expect((await sessions.submit(caller, id, promptOf('hello'), { key: otherBody })).turn.id).toBe(
      second.turn.id,
    )
  })
})

describe('after a restart', () => {
  test('a key stands for what it led to', async () => {
    const file = join(temporaryDirectory(), 'store.db')
    const before = await openSessions({ file })
    const session = await before.sessions.create(caller, plain, { key: key })
    const { id } = session.session
    const turn = await before.sessions.submit(caller, id, promptOf('hello'), { key: { ...key, key: 't' } })
    const ended = await before.sessions.whenTurnEnded(caller, id, turn.turn.id, forever)
    await before.close()
    const after = await openSessions({ file })
    const session2 = await after.sessions.create(caller, plain, { key: key })
    expect([session2.session.id, session2.replayed]).toEqual([id, true])
    const turn2 = await after.sessions.submit(caller, id, promptOf('hello'), { key: { ...key, key: 't' } })
    expect(turn2).toMatchObject({ turn: ended, replayed: true })
    expect((await turn2.ended).turn).toEqual(ended)
    expect(after.launcher.launched).toEqual([])
  })

  test('a key whose first request died before it was accepted can be used', async () => {
    const file = join(temporaryDirectory(), 'store.db')
    const before = await openSessions({ file })
    const {
      session: { id },
    } = await before.sessions.create(caller, plain)
    const held = gate(before.store)
    const dead = before.sessions.submit(caller, id, promptOf('hello'), { key: key })
    dead.catch(() => {})
    await held.reached
    // The process is gone: what it had not written is not written.
    before.store.commit = () => Promise.reject(new Error('gone'))
    await before.store.close()
    const after = await openSessions({ file })
    const again = await after.sessions.submit(caller, id, promptOf('hello'), { key: key })
    expect(again.replayed).toBe(false)
    held.open()
    await expect(dead).rejects.toThrow('The store is closed')
    expect(await turnsOf(after.sessions, id)).toBe(1)
  })

  test('keys that expired meanwhile are cleared away', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
    const file = join(temporaryDirectory(), 'store.db')
    const before = await openSessions({ file })
    await before.sessions.create(caller, plain, { key: key })
    await before.close()
    vi.setSystemTime(Date.UTC(2026, 0, 3))
    const after = await openSessions({ file })
    // A look with the time of then would still find it.
    const { findIdempotencyKey } = after.store.idempotency
    expect(await findIdempotencyKey(caller.tenantId, caller.keyId, key.key, 0)).toBeUndefined()
  })
})
