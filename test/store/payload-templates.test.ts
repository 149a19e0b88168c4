import { expect, it } from 'vitest'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import { withSummary } from '../../src/sessions/log/message-summary.ts'
import type { SessionRecord } from '../../src/sessions/records.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openConnection } from '../../src/store/sqlite/connection.ts'
import { createSqliteDatabase } from '../../src/store/sqlite/sqlite-database.ts'
import { changeOf, messageEvent, sessionRecord } from '../suites/store-records.ts'
import { initEvent } from '../suites/store-text-cases.ts'

async function open() {
  const connection = openConnection(':memory:')
  await migrate(connection.db, ':memory:')
  const store = createSqlStore(createSqliteDatabase(connection, () => connection.close()))
  const session = sessionRecord({ status: 'ended', endedAt: 1 })
  await store.createSession(session, [], 10)
  const add = (...events: Parameters<typeof withSummary>[0][]) =>
    store.commit(changeOf(session, { events: events.map(event => withSummary(event, 3_000, messageReader)) }))
  const templates = ({ id } = session) =>
    connection.execute(`select hash from payload_templates where session_id = '${id}'`).length
  const sizes = () =>
    connection
      .execute('select payload from events order by sequence')
      .map(({ payload }) => String(payload).length)
  return { store, session, add, templates, sizes }
}

it('stores what every first message of a turn repeats once, and beside it what is its own', async () => {
  const { store, add, templates, sizes } = await open()
  for (let turn = 0; turn < 20; turn++) await add(initEvent({ cwd: `/turn/${turn}` }), messageEvent('hello'))
  expect(templates()).toBe(1)
  const [first = 0] = sizes()
  expect(first).toBeLessThan(500)
  expect(JSON.stringify(initEvent()).length).toBeGreaterThan(4_000)
  await add(initEvent({ tools: [] }))
  expect(templates()).toBe(2)
  await store.close()
})

it('keeps no template longer than the last event that needs it', async () => {
  const { store, session, add, templates } = await open()
  await add(initEvent(), initEvent({ tools: [] }), initEvent(), messageEvent('last'))
  const fork: SessionRecord = sessionRecord({ tenantId: session.tenantId })
  const past = { sessionId: session.id, before: 2, without: [] }
  await store.createSession(fork, [], 10, undefined, past)
  expect([templates(), templates(fork)]).toEqual([2, 1])
  const left: number[] = []
  while (await store.trimEvents(2, 1)) left.push(templates())
  expect(left).toEqual([2, 1, 0, 0])
  expect(templates(fork)).toBe(1)
  await store.close()
})
