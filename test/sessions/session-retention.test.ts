import { existsSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SessionRetention } from '../../src/sessions/log/session-retention.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open-store.ts'
import { selectOldestEnded } from '../../src/store/session-removal.ts'
import { openConnection, sqlite } from '../../src/store/sqlite/connection.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { caller, openSessions, plain, temporaryDirectory, until } from '../support/open-sessions.ts'

afterEach(() => {
  vi.useRealTimers()
})

const hour = 3_600_000

test('sessions are removed when they ended long enough ago, with their files; active ones stay', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
  const { sessions, ask, cwd, store, close } = await openSessions({
    sessionRetentionMs: hour,
    sessionTimeoutMs: 24 * hour,
  })
  const active = (await sessions.create(caller, plain)).session.id
  const ended = (
    await sessions.create(caller, { ...plain, workspace: { type: 'empty', removeOnEnd: false } })
  ).session
  for (const id of [active, ended.id]) await ask(id, 'hello')
  const history = join(cwd, 'data', 'file-history', ended.id)
  await mkdir(history, { recursive: true })
  await writeFile(join(history, 'kept'), '')
  await sessions.end(caller, ended.id)
  await vi.advanceTimersByTimeAsync(hour - 120_000)
  expect((await sessions.get(caller, ended.id)).session.status).toBe('ended')
  expect(existsSync(ended.cwd)).toBe(true)
  await vi.advanceTimersByTimeAsync(240_000)
  await until(async () => (await store.countSessions()).total === 1)
  await expect(sessions.get(caller, ended.id)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
  await expect(sessions.follow(caller, ended.id, following(3))).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  })
  expect(existsSync(history)).toBe(false)
  expect(existsSync(ended.cwd)).toBe(false)
  expect((await sessions.get(caller, active)).session.messageCount).toBe(2)
  await close()
  expect(vi.getTimerCount()).toBe(0)
})

const following = (after: number) => ({ after, includeDeltas: false, signal: new AbortController().signal })

test('a reader in the middle of the log of a session that is removed comes to an end', async () => {
  const { sessions, ask, store } = await openSessions()
  const { session } = await sessions.create(caller, plain)
  await ask(session.id, 'hello')
  await sessions.end(caller, session.id)
  const { readLog } = store
  store.readLog = (tenantId, query) => readLog(tenantId, { ...query, limit: 2 })
  const reading = (await sessions.follow(caller, session.id, following(0)))[Symbol.asyncIterator]()
  for (const sequence of [1, 2]) expect((await reading.next()).value).toMatchObject({ event: { sequence } })
  const found = await store.findSession(caller.tenantId, session.id)
  if (!found) throw new Error('there is a session')
  while (await store.retention.removeStep(found, 50));
  expect((await reading.next()).value).toMatchObject({ kind: 'caught_up' })
  expect((await reading.next()).done).toBe(true)
})

describe('the sweep', () => {
  /** A store in a file with sessions of a megabyte each that ended one after the other. */
  async function openFull(count: number) {
    const file = join(temporaryDirectory(), 'store.db')
    const store = await openStore({ file })
    const sessions = Array.from({ length: count }, (_, index) =>
      sessionRecord({ status: 'ended', endedAt: 1_000 + index }),
    )
    for (const session of sessions) {
      await store.createSession(session, [], 1_000)
      for (let batch = 0; batch < 10; batch++) {
        const events = Array.from({ length: 100 }, () => messageEvent('x'.repeat(900)))
        await store.commit(changeOf(session, { events }))
      }
    }
    const removed: string[] = []
    const excess: number[] = []
    const open = (limits: { maxAgeMs?: number; maxBytes?: number }) =>
      new SessionRetention({
        store: store.retention,
        limits: { maxAgeMs: undefined, maxBytes: undefined, ...limits },
        forgetFiles: async ({ id }) => void removed.push(id),
        onFault: error => {
          throw error
        },
        onExcess: bytes => excess.push(bytes),
      })
    return { file, store, sessions, removed, excess, open }
  }

  test('makes the store small enough, oldest sessions first, and the file shrinks', async () => {
    const { file, store, sessions, removed, excess, open } = await openFull(6)
    expect(await store.retention.measureExcess(0)).toBeGreaterThan(6_000_000)
    const before = await store.retention.measureExcess(0)
    const count = await open({ maxBytes: 4_000_000 }).sweep()
    expect(removed).toEqual(sessions.slice(0, count).map(({ id }) => id))
    expect(count).toBeGreaterThan(1)
    expect(count).toBeLessThan(5)
    expect(await store.retention.measureExcess(4_000_000)).toBeLessThanOrEqual(0)
    expect(excess).toEqual([])
    await store.close()
    expect(statSync(file).size).toBeLessThan(before * 0.8)
  })

  test('lets other writes in between any two of its steps, which are bounded', async () => {
    const { store, open } = await openFull(2)
    const active = sessionRecord()
    await store.createSession(active, [], 1_000)
    const { retention } = store
    const { removeStep } = retention
    let steps = 0
    let longestWait = 0
    retention.removeStep = async (session, limit) => {
      expect(limit).toBeLessThanOrEqual(200)
      steps++
      return removeStep(session, limit)
    }
    const sweep = open({ maxAgeMs: 60_000 })
    let isOver = false
    const sweeping = sweep.sweep().finally(() => {
      isOver = true
    })
    let commits = 0
    while (!isOver) {
      const before = steps
      await store.commit(changeOf(active, { events: [messageEvent('a')] }))
      longestWait = Math.max(longestWait, steps - before)
      commits++
    }
    expect(await sweeping).toBe(2)
    expect(steps).toBeGreaterThan(10)
    expect(longestWait).toBeLessThanOrEqual(1)
    expect(commits).toBeGreaterThanOrEqual(steps)
    await store.close()
  })

  test('says once that what is left is too large', async () => {
    const { store, open, excess, removed } = await openFull(1)
    const active = sessionRecord()
    await store.createSession(active, [messageEvent('x'.repeat(2_000_000))], 1_000)
    const sweep = open({ maxBytes: 1_000_000 })
    await sweep.sweep()
    await sweep.sweep()
    expect(removed).toHaveLength(1)
    expect(excess).toHaveLength(1)
    expect((await store.findSession(active.tenantId, active.id))?.messageCount).toBe(1)
    await store.close()
  })
})

test('the session that ended first is found by an index', async () => {
  const connection = openConnection(':memory:')
  await migrate(connection.db, ':memory:')
  const { sql } = selectOldestEnded('expired', { endedBefore: 1 }).template.compile(sqlite)
  expect(connection.execute(`explain query plan ${sql.replace(/\?/g, '1')}`).map(row => row.detail)).toEqual([
    'SEARCH sessions USING INDEX sessions_ended (status=? AND ended_at<?)',
  ])
  connection.close()
})
