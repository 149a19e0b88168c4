import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/open-postgres.ts'
import { changeOf, messageEvent, sessionRecord, textOf } from '../suites/store-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres/postgres-server.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres(['fsync = on', 'synchronous_commit = on'])
})
afterAll(() => server.dispose())

const session = sessionRecord()

async function openFilled() {
  const store = await openPostgresStore({ url: server.url, schema: `s_${Date.now()}` })
  onTestFinished(() => store.close())
  await store.createSession(session, [], 10)
  const texts = async () => {
    const events = await store.listEvents(session.tenantId, { sessionId: session.id, after: 0, limit: 1e6 })
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    return events.map(textOf)
  }
  return { store, texts }
}

/** Commits from several callers at once until it is told to stop; the texts say which ones were acknowledged. */
function commitMany(store: Awaited<ReturnType<typeof openFilled>>['store']) {
  const acknowledged: string[] = []
  let isOver = false
  let next = 0
  const callers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const text = `m-${next++}`
      await store.commit(changeOf(session, { events: [messageEvent(text)] }))
      acknowledged.push(text)
    }
  })
  return {
    acknowledged,
    async stop() {
      isOver = true
      await Promise.all(callers)
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10)
}

it.each(['SIGKILL', 'SIGQUIT'] as const)(
  'a database that ends by %s in the middle loses nothing acknowledged and doubles nothing',
  async signal => {
    const { store, texts } = await openFilled()
    const writer = commitMany(store)
    for (let round = 1; round <= 3; round++) {
      const before = writer.acknowledged.length
      await until(() => writer.acknowledged.length > before + 50)
      await server.kill(signal)
      await server.start()
    }
    const before = writer.acknowledged.length
    await until(() => writer.acknowledged.length > before + 50)
    await writer.stop()
    // Every caller was answered in the end, so all that is there was acknowledged.
    expect((await texts()).sort()).toEqual([...writer.acknowledged].sort())
  },
)

it('a database that is away for ten seconds makes writers and readers wait, and no longer', async () => {
  const { store, texts } = await openFilled()
  await store.commit(changeOf(session, { events: [messageEvent('before')] }))
  await server.kill('SIGINT')
  const results = Promise.all([
    store.commit(changeOf(session, { events: [messageEvent('meanwhile')] })),
    store.findSession(session.tenantId, session.id),
    store.readLog(session.tenantId, { sessionId: session.id, after: 0, limit: 10, maxBytes: 1e6 }),
    store.processes.recordProcess({ pid: 1, startedAt: 'x', marker: 'm', claudeSessionId: null }),
  ])
  await pause(10_000)
  await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await server.start()
  const [written, found, log] = await results
  expect(written).toMatchObject([{ sequence: 2 }])
  expect(found).toMatchObject({ id: session.id })
  expect(log.events[0]).toMatchObject({ sequence: 1 })
  expect(await texts()).toEqual(['before', 'meanwhile'])
  expect(await store.processes.listProcesses()).toHaveLength(1)
  await store.check()
})

it('a database that stands still for ten seconds doubles nothing', async () => {
  const { store, texts } = await openFilled()
  const writer = commitMany(store)
  await until(() => writer.acknowledged.length > 50)
  await server.freeze(10_000)
  const before = writer.acknowledged.length
  await until(() => writer.acknowledged.length > before + 50)
  await writer.stop()
  expect((await texts()).sort()).toEqual([...writer.acknowledged].sort())
})

it('a database that stays away is said to be unavailable, and nothing of what was refused comes later', async () => {
  const { store, texts } = await openFilled()
  await store.commit(changeOf(session, { events: [messageEvent('before')] }))
  await server.kill('SIGINT')
  const [write, read] = await Promise.allSettled([
    store.commit(changeOf(session, { events: [messageEvent('refused')] })),
    store.findSession(session.tenantId, session.id),
  ])
  expect(write).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } })
  expect(read).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } })
  await server.start()
  await store.commit(changeOf(session, { events: [messageEvent('after')] }))
  expect(await texts()).toEqual(['before', 'after'])
})

it('a connection that breaks while a transaction is committed is looked into, not guessed', async () => {
  const { store } = await openFilled()
  const marks = Array.from({ length: 400 }, (_, index) => `p-${index}`)
  let recorded = 0
  const writing = Promise.all(
    Array.from({ length: 4 }, async (_, lane) => {
      for (const [index, marker] of marks.entries()) {
        if (index % 4 !== lane) continue
        // A second attempt of one that was stored would be refused: the marker is the key.
        await store.processes.recordProcess({ pid: 1, startedAt: 'x', marker, claudeSessionId: null })
        recorded++
      }
    }),
  )
  for (const count of [60, 160, 260]) {
    await until(() => recorded > count)
    await server.kill('SIGKILL')
    await server.start()
  }
  await writing
  const found = await store.processes.listProcesses()
  expect(found.map(({ marker }) => marker).sort()).toEqual([...marks].sort())
})
