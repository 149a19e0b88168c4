import { expect, inject, onTestFinished, test } from 'vitest'
import { eventTypes } from '../../src/contract/events.ts'
import type { FeedItem, FeedRequest } from '../../src/sessions/feed/feed-item.ts'
import type { Caller } from '../../src/sessions/records.ts'
import { changeOf } from '../suites/store-records.ts'
import {
  caller,
  openSessions,
  plain,
  promptOf,
  stranger,
  temporaryDirectory,
  until,
} from '../support/open-sessions.ts'
import { createDatabase } from '../support/postgres/shared-server.ts'
import { random } from '../support/random.ts'

type Opened = Awaited<ReturnType<typeof openSessions>>
type Event = Extract<FeedItem, { kind: 'event' }>

const types = new Set(eventTypes)
const operator: Caller = { ...caller, isOperator: true }

/** Reads a feed in the background, slowly where it is told. */
async function follow(
  { sessions }: Opened,
  who: Caller,
  request: Partial<FeedRequest> = {},
  pause: () => Promise<unknown> | undefined = () => undefined,
) {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const reader = await sessions.feed.follow(who, { after: 0, types, signal: leaving.signal, ...request })
  const items: FeedItem[] = []
  const done = (async () => {
    for await (const item of reader) {
      items.push(item)
      await pause()
    }
  })()
  const events = () => items.filter((item): item is Event => item.kind === 'event')
  const position = () => events().at(-1)?.position ?? 0
  return { items, events, position, done, overflow: reader.overflow, leave: () => leaving.abort() }
}

async function create({ sessions }: Opened, who = caller) {
  return (await sessions.create(who, plain)).session.id
}

/** All events of these sessions, each from its own log, in the order of their positions. */
async function logOf({ store }: Opened, ids: readonly string[], tenantId = caller.tenantId) {
  const logs = await Promise.all(
    ids.map(sessionId => store.listEvents(tenantId, { sessionId, after: 0, limit: 10_000 })),
  )
  for (const log of logs) {
    const positions = log.map(({ position }) => Number(position))
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
  }
  return logs.flat().sort((a, b) => Number(a.position) - Number(b.position))
}

const placesOf = (events: { sessionId: string; sequence: number; type: string }[]) =>
  events.map(({ sessionId, sequence, type }) => `${sessionId} ${sequence} ${type}`)
const eventsOf = (items: Event[]) => items.map(({ event }) => event)

test.each(['sqlite', 'postgres'])(
  'on %s, many sessions that write at once are one order, complete, for readers that come and go',
  async body => {
    const database = body === 'postgres' ? await createDatabase(inject('postgresDirectory')) : undefined
    if (database) onTestFinished(() => database.drop())
    const opened = await openSessions(database ? { databaseUrl: database.url } : {})
    const early = await follow(opened, caller)
    const { below } = random(7)
    const seen: Event[] = []
    let isOver = false
    // One that leaves again and again resumes after what it has had.
    const resuming = (async () => {
      while (!isOver || seen.length < early.events().length) {
        const reader = await follow(opened, caller, { after: seen.at(-1)?.position ?? 0 })
        const many = 1 + below(40)
        await until(
          () => reader.events().length >= many || reader.items.some(({ kind }) => kind === 'caught_up'),
        )
        reader.leave()
        await reader.done
        seen.push(...reader.events())
      }
    })()
    const ids = await Promise.all(Array.from({ length: 6 }, () => create(opened)))
    await Promise.all(
      ids.map(async id => {
        for (let turn = 0; turn < 4; turn++) await opened.ask(id, `prompt ${turn}`)
      }),
    )
    const expected = placesOf(await logOf(opened, ids))
    await until(() => early.events().length >= expected.length)
    isOver = true
    await resuming
    expect(placesOf(eventsOf(early.events()))).toEqual(expected)
    expect(placesOf(eventsOf(seen))).toEqual(expected)
    expect(early.items.filter(({ kind }) => kind === 'caught_up')).toHaveLength(1)
    early.leave()
    await early.done
    expect(opened.sessions.figures().readers).toBe(0)
  },
)

test('a reader resumes over restarts at random moments, without loss or repetition', async () => {
  const file = `${temporaryDirectory()}/store.db`
  const { below } = random(7)
  const seen: Event[] = []
  const ids: string[] = []
  let opened = await openSessions({ file })
  for (let life = 0; life < 5; life++) {
    const reader = await follow(opened, caller, { after: seen.at(-1)?.position ?? 0 })
    const id = await create(opened)
    ids.push(id)
    for (let turn = 1 + below(3); turn > 0; turn--) await opened.ask(id, 'hello')
    const enough = below(6)
    await until(() => reader.events().length >= enough)
    await opened.close()
    await reader.done
    seen.push(...reader.events())
    opened = await openSessions({ file })
  }
  const rest = await follow(opened, caller, { after: seen.at(-1)?.position ?? 0 })
  await until(() => rest.items.some(({ kind }) => kind === 'caught_up'))
  expect(placesOf(eventsOf([...seen, ...rest.events()]))).toEqual(placesOf(await logOf(opened, ids)))
})

test('tenants, keys of one session and types see their own, past and live', async () => {
  const opened = await openSessions()
  const own = await create(opened)
  const requested = new Set(['permission.requested' as const])
  const before = [
    await follow(opened, caller),
    await follow(opened, stranger),
    await follow(opened, operator),
    await follow(opened, { ...operator, tenantId: stranger.tenantId }, { tenant: stranger.tenantId }),
    await follow(opened, { ...caller, sessionId: own }),
    await follow(opened, caller, { types: requested }),
  ]
  const other = await create(opened)
  const foreign = await create(opened, stranger)
  await opened.ask(own, 'one')
  await opened.ask(other, 'two')
  const { turn } = await opened.sessions.submit(stranger, foreign, promptOf('three'))
  await opened.sessions.whenTurnEnded(stranger, foreign, turn.id, new AbortController().signal)
  const [mine, theirs] = [
    await logOf(opened, [own, other]),
    await logOf(opened, [foreign], stranger.tenantId),
  ]
  const all = [...mine, ...theirs].sort((a, b) => Number(a.position) - Number(b.position))
  const expected = [mine, theirs, all, theirs, await logOf(opened, [own]), []].map(placesOf)
  const after = [
    await follow(opened, caller),
    await follow(opened, stranger),
    await follow(opened, operator),
    await follow(opened, { ...operator, tenantId: stranger.tenantId }, { tenant: stranger.tenantId }),
    await follow(opened, { ...caller, sessionId: own }),
    await follow(opened, caller, { types: requested }),
  ]
  for (const readers of [before, after]) {
    await until(() => readers.every(({ events }, index) => events().length >= (expected[index]?.length ?? 0)))
    expect(readers.map(({ events }) => placesOf(eventsOf(events())))).toEqual(expected)
  }
})

test('latest begins with the next event, and a gap says what retention has removed', async () => {
  const opened = await openSessions()
  const [gone, kept] = [await create(opened), await create(opened)]
  await opened.ask(gone, 'one')
  await opened.sessions.end(caller, gone)
  const latest = await follow(opened, caller, { after: 'latest' })
  await until(() => latest.items.length === 1)
  const head = await opened.store.feed.readHead()
  expect(latest.items).toEqual([{ kind: 'caught_up', position: head }])
  const last = Number((await logOf(opened, [gone])).at(-1)?.position)
  while (await opened.store.trimEvents(Date.now() + 60_000, 2));
  const late = await follow(opened, caller, { after: 1 })
  await until(() => late.items.some(({ kind }) => kind === 'caught_up'))
  expect(late.items[0]).toEqual({ kind: 'gap', from: 2, to: last, position: 1 })
  expect(placesOf(eventsOf(late.events()))).toEqual(placesOf(await logOf(opened, [kept])))
  const bound = await follow(opened, { ...caller, sessionId: kept })
  await until(() => bound.items.some(({ kind }) => kind === 'caught_up'))
  expect(bound.items[0]?.kind).toBe('event')
  await opened.ask(kept, 'two')
  await until(() => latest.events().length > 4)
  expect(latest.events()[0]).toMatchObject({ position: head + 1, event: { type: 'turn.queued' } })
})

test('a position that the store has not given out is a gap, not other events', async () => {
  const opened = await openSessions()
  const id = await create(opened)
  const head = await opened.store.feed.readHead()
  const lost = await follow(opened, caller, { after: head + 1_000 })
  await until(() => lost.items.length === 2)
  await opened.ask(id, 'hello')
  await until(() => lost.events().some(({ event }) => event.type === 'turn.completed'))
  expect(lost.items.slice(0, 2)).toEqual([
    { kind: 'gap', from: head + 1, to: head + 1_000, position: head },
    { kind: 'caught_up', position: head },
  ])
  expect(placesOf(eventsOf(lost.events()))).toEqual(placesOf((await logOf(opened, [id])).slice(head)))
})

test('a reader that is busy with one item is cut after a megabyte, one that is slow gets everything', async () => {
  const opened = await openSessions()
  const id = await create(opened)
  const { session } = await opened.sessions.get(caller, id)
  const { promise: never, resolve: release } = Promise.withResolvers<void>()
  const stuck = await follow(opened, caller, {}, () => never)
  const elsewhere = await follow(opened, stranger, {}, () => never)
  const slow = await follow(opened, caller, {}, () => new Promise(resolve => setImmediate(resolve)))
  await until(() => stuck.items.length === 1 && elsewhere.items.length === 1)
  const title = 'x'.repeat(100_000)
  for (let index = 0; index < 30; index++) {
    const events = await opened.store.commit(
      changeOf(session, { events: [{ type: 'session.updated', turnId: null, payload: { title } }] }),
    )
    opened.sessions.feed.publish(caller.tenantId, events)
  }
  await until(() => stuck.overflow.aborted)
  await until(() => slow.events().length === 31)
  expect(placesOf(eventsOf(slow.events()))).toEqual(placesOf(await logOf(opened, [id])))
  expect([elsewhere.overflow.aborted, slow.overflow.aborted]).toEqual([false, false])
  expect(opened.sessions.figures().disconnects).toBe(1)
  release()
  await stuck.done
})

test('what an inbox needs is there: requests and their ends, states of sessions and turns', async () => {
  const opened = await openSessions()
  const feed = await follow(opened, caller, { types: new Set(eventTypes.filter(type => type !== 'message')) })
  const id = await create(opened)
  opened.launcher.script = async ({ ask }) => ((await ask()) ? 'done' : '')
  const { turn } = await opened.sessions.submit(caller, id, promptOf('run it'))
  await until(() => feed.events().some(({ event }) => event.type === 'permission.requested'))
  const request = feed.events().at(-1)?.event.payload as { permissionId: string }
  await opened.sessions.permissions.answer(caller, id, request.permissionId, { decision: 'allow' } as never)
  await opened.sessions.whenTurnEnded(caller, id, turn.id, new AbortController().signal)
  await opened.sessions.patch(caller, id, { title: 'new' })
  await opened.sessions.end(caller, id)
  await until(() => feed.events().at(-1)?.event.type === 'session.ended')
  expect(feed.events().map(({ event }) => event.type)).toEqual([
    'session.created',
    'turn.queued',
    'turn.started',
    'permission.requested',
    'permission.resolved',
    'turn.completed',
    'session.updated',
    'session.ended',
  ])
})

test('the server closes: the last item is closing', async () => {
  const opened = await openSessions()
  const reader = await follow(opened, caller)
  await until(() => reader.items.length === 1)
  await opened.sessions.close()
  await reader.done
  expect(reader.items.at(-1)).toEqual({ kind: 'closing' })
})
