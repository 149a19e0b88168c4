import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openConnection } from '../../src/store/sqlite/connection.ts'
import { createGroupCommit } from '../../src/store/sqlite/group-commit.ts'
import { createSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from './temporary-directory.ts'

function openLedger() {
  const connection = openConnection(':memory:')
  onTestFinished(() => connection.close())
  connection.execute('create table entries (id integer primary key)')
  connection.execute('create table lines (entry references entries deferrable initially deferred)')
  const entries = () => connection.execute('select id from entries').map(row => row.id)
  return { connection, entries, writer: createGroupCommit(connection) }
}

it('undoes a work that throws half way, alone', async () => {
  const { connection, entries, writer } = openLedger()
  const results = await Promise.allSettled([
    writer.write(() => connection.execute('insert into entries values (1)')),
    writer.write(() => {
      connection.execute('insert into entries values (2)')
      throw new Error('half way')
    }),
    writer.write(() => connection.execute('insert into entries values (3) returning id')),
  ])
  expect(results).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { message: 'half way' } },
    { status: 'fulfilled', value: [{ id: 3 }] },
  ])
  expect(entries()).toEqual([1, 3])
})

it('rejects all of a transaction that cannot be committed, and works again after it', async () => {
  const { connection, entries, writer } = openLedger()
  const results = await Promise.allSettled([
    writer.write(() => connection.execute('insert into entries values (1)')),
    // Found out by the commit only, as the reference is deferred.
    writer.write(() => connection.execute('insert into lines values (99)')),
  ])
  expect(results.map(result => result.status)).toEqual(['rejected', 'rejected'])
  expect(entries()).toEqual([])
  await writer.write(() => connection.execute('insert into entries values (4)'))
  expect(entries()).toEqual([4])
})

it('writes what one round hands in as one transaction', async () => {
  const { connection, writer } = openLedger()
  const execute = vi.spyOn(connection, 'execute')
  await Promise.all(Array.from({ length: 200 }, () => writer.write(() => undefined)))
  expect(execute.mock.calls.filter(([statement]) => statement === 'commit')).toHaveLength(1)
})

it('does not stand still when the timers are faked', async () => {
  const { writer } = openLedger()
  vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  expect(await writer.write(() => 'written')).toBe('written')
})

it('survives a full disk: what does not fit rejects, what was stored stays, later changes work', async () => {
  const file = join(await temporaryDirectory(), 'store.db')
  const connection = openConnection(file)
  await migrate(connection.db, file)
  const store = createSqlStore(createSqliteDatabase(connection, () => connection.close()))
  const session = sessionRecord()
  await store.createSession(session, [messageEvent('first')], 1)
  const [pages] = connection.execute('pragma page_count')
  connection.execute(`pragma max_page_count = ${Number(pages?.page_count) + 20}`)
  const huge = messageEvent('x'.repeat(1_000_000))
  const results = await Promise.allSettled(
    [messageEvent('small'), huge, messageEvent('small')].map(event =>
      store.commit(changeOf(session, { events: [event] })),
    ),
  )
  expect(results[1]).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining('full') },
  })
  const stored = results.filter(result => result.status === 'fulfilled').length
  expect(await store.findSession(session.tenantId, session.id)).toMatchObject({ lastSequence: 1 + stored })

  connection.execute('pragma max_page_count = 1000000')
  expect(await store.commit(changeOf(session, { events: [huge] }))).toMatchObject([{ sequence: 2 + stored }])
  await store.close()
})

it('the store does not answer for health while larger writes than its own check fail', async () => {
  const connection = openConnection(':memory:')
  await migrate(connection.db, ':memory:')
  const store = createSqlStore(createSqliteDatabase(connection, () => connection.close()))
  onTestFinished(() => store.close())
  const session = sessionRecord()
  await store.createSession(session, [], 10)
  await store.check()
  const pages = Number(connection.execute('pragma page_count')[0]?.page_count)
  connection.execute(`pragma max_page_count = ${pages + 1}`)
  const large = changeOf(session, { events: [messageEvent('x'.repeat(100_000))] })
  await expect(store.commit(large)).rejects.toThrow(/full/)
  await expect(store.check()).rejects.toThrow('the last write')
  // Later on it is tried with more than a row. The clock that tests turn begins at nought.
  const age = performance.now()
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  vi.advanceTimersByTime(age + 60_000)
  await expect(store.check()).rejects.toThrow(/full/)
  connection.execute('pragma max_page_count = 1000000')
  await store.check()
  await store.commit(large)
  await store.check()
})
