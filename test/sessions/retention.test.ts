import { afterEach, describe, expect, test, vi } from 'vitest'
import type { FollowRequest, LogItem } from '../../src/sessions/log/log-item.ts'
import { Retention } from '../../src/sessions/log/retention.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { Query } from '../../src/store/query.ts'
import { selectTrimmable, selectTrimmedThrough } from '../../src/store/retention-queries.ts'
import { openConnection, sqlite } from '../../src/store/sqlite/connection.ts'
import { changeOf, messageEvent } from '../suites/store-records.ts'
import { caller, openSessions, plain, until } from '../support/open-sessions.ts'

const everything = { after: 0, includeDeltas: true, signal: new AbortController().signal } as const

/** A session with three turns that has ended. */
async function openEnded() {
  const opened = await openSessions()
  const { sessions, ask } = opened
  const {
    session: { id },
  } = await sessions.create(caller, plain)
  const turns = [await ask(id, 'one'), await ask(id, 'two'), await ask(id, 'three')]
  await sessions.end(caller, id)
  const read = async (more: Partial<FollowRequest> = {}) => {
    const items: LogItem[] = []
    for await (const item of await sessions.follow(caller, id, { ...everything, ...more })) {
      items.push(item)
      if (item.kind === 'caught_up') break
    }
    return items
  }
  const page = (query: { limit?: number; offset?: number; after?: number } = {}) =>
    sessions.listMessages(caller, id, { limit: 100, offset: 0, ...query })
  const session = async () => (await sessions.get(caller, id)).session
  const { lastSequence, messageCount } = await session()
  return { ...opened, id, turns, read, page, session, lastSequence, messageCount }
}

const sequencesOf = (items: LogItem[]) =>
  items.flatMap(item => (item.kind === 'event' ? [item.event.sequence] : []))
const later = () => Date.now() + 60_000

describe('what retention leaves', () => {
  test('a gap says what is gone, then comes what is there', async () => {
    const { store, read, session, lastSequence } = await openEnded()
    expect(await store.trimEvents(later(), 5)).toBe(true)
    const items = await read()
    expect(items[0]).toEqual({ kind: 'gap', from: 1, to: 5 })
    expect(sequencesOf(items)).toEqual(Array.from({ length: lastSequence - 5 }, (_, index) => index + 6))
    expect((await read({ after: 3 }))[0]).toEqual({ kind: 'gap', from: 4, to: 5 })
    expect((await read({ after: 5 }))[0]?.kind).toBe('event')
    expect((await session()).lastSequence).toBe(lastSequence)
  })

  test('when all is gone nobody waits for it: not in the session, not in a turn', async () => {
    const { store, read, turns, lastSequence } = await openEnded()
    while (await store.trimEvents(later(), 4)) {
      // Until nothing is left.
    }
    expect(await read()).toEqual([
      { kind: 'gap', from: 1, to: lastSequence },
      { kind: 'caught_up', sequence: lastSequence },
    ])
    const turn = turns[1]
    expect(await read({ turnId: turn?.id ?? '' })).toEqual([
      { kind: 'gap', from: turn?.firstSequence, to: lastSequence },
      { kind: 'caught_up', sequence: lastSequence },
    ])
    expect(await read({ after: 'latest' })).toEqual([{ kind: 'caught_up', sequence: lastSequence }])
  })

  test('a turn that is still there has no gap', async () => {
    const { store, read, turns } = await openEnded()
    await store.trimEvents(later(), 3)
    const items: LogItem[] = await read({ turnId: turns[2]?.id ?? '' })
    expect(items.map(item => item.kind)).toEqual(['event', 'event', 'event', 'event', 'event'])
  })

  test('the history counts and pages what is left', async () => {
    const { store, page, session, messageCount, lastSequence } = await openEnded()
    const all = await page()
    expect(all).toMatchObject({ total: messageCount })
    for (let trimmed = 1; trimmed <= lastSequence; trimmed++) {
      await store.trimEvents(later(), 1)
      const left = all.messages.filter(({ sequence }) => sequence > trimmed)
      expect(await page()).toEqual({ total: left.length, messages: left })
      expect((await session()).messageCount).toBe(left.length)
      expect(await page({ offset: 1, limit: 2 })).toEqual({ total: left.length, messages: left.slice(1, 3) })
      const after = left[0]?.sequence ?? trimmed
      expect(await page({ after })).toEqual({ total: Math.max(0, left.length - 1), messages: left.slice(1) })
      expect(await page({ after: 1 })).toMatchObject({ total: left.filter(m => m.sequence > 1).length })
    }
    expect(await store.trimEvents(later(), 1)).toBe(false)
  })

  test('a message that comes late has its place, and goes the next time', async () => {
    const { store, page, session, id, lastSequence } = await openEnded()
    const record = await session()
    await store.trimEvents(later(), 1000)
    await store.commit(changeOf(record, { events: [messageEvent('late')] }))
    expect(await page()).toMatchObject({ total: 1, messages: [{ sequence: lastSequence + 1 }] })
    expect((await session()).messageCount).toBe(1)
    expect(await store.trimEvents(later(), 1000)).toBe(true)
    expect((await store.listMessages(caller.tenantId, id, { limit: 9, offset: 0 })).total).toBe(0)
  })

  test('turns stay, with their answers', async () => {
    const { store, sessions, id, turns } = await openEnded()
    await store.trimEvents(later(), 1000)
    expect((await sessions.listTurns(caller, id, { limit: 10, offset: 0 })).turns).toEqual(turns)
  })

  test('sessions that are active, or ended later, are not touched', async () => {
    const { sessions, store, ask, session } = await openEnded()
    const { session: active } = await sessions.create(caller, plain)
    await ask(active.id, 'hello')
    expect(await store.trimEvents(((await session()).endedAt ?? 0) - 1, 1000)).toBe(false)
    expect(await store.trimEvents(later(), 1000)).toBe(true)
    expect(await store.trimEvents(later(), 1000)).toBe(false)
    expect((await sessions.listMessages(caller, active.id, { limit: 9, offset: 0 })).total).toBe(2)
  })

  test('a reader that is in the middle is told of what goes before it came there', async () => {
    const { store, sessions, id, lastSequence } = await openEnded()
    const reading = (await sessions.follow(caller, id, everything))[Symbol.asyncIterator]()
    const { readLog } = store
    store.readLog = (tenantId, query) => readLog(tenantId, { ...query, limit: 2 })
    await reading.next()
    await reading.next()
    await store.trimEvents(later(), lastSequence - 1)
    expect((await reading.next()).value).toEqual({ kind: 'gap', from: 3, to: lastSequence - 1 })
    expect((await reading.next()).value).toMatchObject({ event: { type: 'session.ended' } })
  })
})

describe('the sweep', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('runs by itself, of sessions that ended long enough ago, expired ones too', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
    const { sessions, ask, close } = await openSessions({
      eventRetentionMs: 3_600_000,
      sessionTimeoutMs: 60_000,
    })
    const ended = (await sessions.create(caller, plain)).session.id
    await ask(ended, 'hello')
    await sessions.end(caller, ended)
    const expired = (await sessions.create(caller, plain)).session.id
    const countOf = async (id: string) => (await sessions.get(caller, id)).session.messageCount
    await ask(expired, 'hello')
    await vi.advanceTimersByTimeAsync(3_500_000)
    expect([await countOf(ended), await countOf(expired)]).toEqual([2, 2])
    await vi.advanceTimersByTimeAsync(400_000)
    await until(async () => (await countOf(ended)) + (await countOf(expired)) === 0)
    expect((await sessions.get(caller, expired)).session.status).toBe('expired')
    await close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is off unless asked for', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    await openSessions()
    const without = vi.getTimerCount()
    await openSessions({ eventRetentionMs: 3_600_000 })
    expect(vi.getTimerCount()).toBe(2 * without + 1)
  })

  test('goes on until nothing is left, once at a time, and stops when closed', async () => {
    vi.useFakeTimers()
    const faults: unknown[] = []
    let left = 3
    let running = 0
    const store = {
      async trimEvents() {
        expect(++running).toBe(1)
        await Promise.resolve()
        running--
        if (left === 0) throw new Error('the disk is gone')
        return left-- > 1
      },
    }
    const retention = new Retention(store, 10, error => faults.push(error))
    await Promise.all([retention.trim(), retention.trim()])
    expect(left).toBe(0)
    retention.start()
    retention.start()
    await vi.advanceTimersByTimeAsync(2_500)
    expect(faults).toHaveLength(2)
    await retention.close()
    await retention.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('what is due is found by an index', async () => {
  const connection = openConnection(':memory:')
  await migrate(connection.db, ':memory:')
  const planOf = ({ template }: Query<unknown>) => {
    const { sql } = template.compile(sqlite)
    return connection
      .execute(`explain query plan ${sql.replace(/\?/g, '1')}`)
      .map(row => row.detail)
      .join(' | ')
  }
  expect(planOf(selectTrimmable({ endedBefore: 1 }))).toMatch(
    /^SEARCH sessions USING INDEX sessions_trimmable \(ended_at<\?\)$/,
  )
  expect(planOf(selectTrimmedThrough({ tenantId: 't', sessionId: 's' }))).toMatch(
    /^SEARCH sessions USING INDEX \w+ \(id=\?\)/,
  )
  connection.close()
})
