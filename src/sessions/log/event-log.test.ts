import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { messageReader } from '../../claude/messages/message-reader.ts'
import type { Change, Store } from '../ports/index.ts'
import type { EventRecord, SessionRecord } from '../records.ts'
import { EventLog } from './event-log.ts'
import type { LogItem } from './log-item.ts'

const session = { id: 'session', tenantId: 'tenant', lastSequence: 3, status: 'active' } as SessionRecord
const toEvent = (sequence: number) =>
  ({
    sequence,
    sessionId: session.id,
    type: 'message',
    turnId: null,
    at: 0,
    payload: { message: {} },
  }) as unknown as EventRecord
const stored = [1, 2, 3].map(toEvent)
/** More than this in one round of the event loop keeps everything else waiting. */
const mostPerRound = 64

/** A store that answers at once, as SQLite does. */
function openLog() {
  let reads = 0
  const store = {
    commit: async ({ events }: Change) => events as unknown as EventRecord[],
    async readLog(_tenantId: string, { after }: { after: number }) {
      reads++
      return { events: stored.filter(({ sequence }) => sequence > after), trimmedThrough: 0 }
    },
  } as unknown as Store
  return { log: new EventLog(store, messageReader), store, reads: () => reads }
}

test('a thousand readers take their items over many rounds of the event loop, and share what is read', async () => {
  const { log, reads } = openLog()
  const stop = new AbortController()
  const taken: LogItem[][] = Array.from({ length: 1_000 }, () => [])
  let round = 0
  const perRound = new Map<number, number>()
  const following = taken.map(async items => {
    const reader = log.follow(session, { after: 0, includeDeltas: false, signal: stop.signal })
    for await (const item of reader) {
      items.push(item)
      perRound.set(round, (perRound.get(round) ?? 0) + 1)
    }
  })
  const untilEach = async (count: number) => {
    for (; taken.some(items => items.length < count) && round < 10_000; round++) await setImmediate()
  }
  await untilEach(4)
  await log.commit({
    sessionId: session.id,
    at: 1_000,
    events: [toEvent(4), toEvent(5)],
  } as unknown as Change)
  await untilEach(6)
  stop.abort()
  await Promise.all(following)
  for (const items of taken) {
    const sequences = items.map(item => (item.kind === 'event' ? item.event.sequence : item.kind))
    expect(sequences).toEqual([1, 2, 3, 'caught_up', 4, 5])
  }
  // Items of two rounds may fall between two looks of this test.
  expect(Math.max(...perRound.values())).toBeLessThanOrEqual(2 * mostPerRound)
  expect(reads()).toBeLessThan(500)
})

test('a reader that comes after an event has been published does not get an older page', async () => {
  const { log } = openLog()
  const stop = new AbortController()
  const first = log
    .follow(session, { after: 3, includeDeltas: false, signal: stop.signal })
    [Symbol.asyncIterator]()
  expect((await first.next()).value).toMatchObject({ kind: 'caught_up' })
  stored.push(toEvent(4))
  await log.commit({ sessionId: session.id, at: 1_000, events: [toEvent(4)] } as unknown as Change)
  const second = log
    .follow(session, { after: 3, includeDeltas: false, signal: stop.signal })
    [Symbol.asyncIterator]()
  expect((await second.next()).value).toMatchObject({ kind: 'event', event: { sequence: 4 } })
  stop.abort()
})

test('changes that settle in another order are told in theirs', async () => {
  const { log, store } = openLog()
  const stop = new AbortController()
  const reader = log
    .follow(session, { after: 4, includeDeltas: false, signal: stop.signal })
    [Symbol.asyncIterator]()
  expect((await reader.next()).value).toMatchObject({ kind: 'caught_up' })
  const first = Promise.withResolvers<EventRecord[]>()
  const commit = store.commit.bind(store)
  store.commit = () => first.promise
  const changeOf = (sequence: number) =>
    ({ sessionId: session.id, at: 1_000, events: [toEvent(sequence)] }) as unknown as Change
  const writing = [log.commit(changeOf(5))]
  store.commit = commit
  writing.push(log.commit(changeOf(6)))
  await setImmediate()
  first.resolve([toEvent(5)])
  await Promise.all(writing)
  const told = [(await reader.next()).value, (await reader.next()).value]
  expect(told.map(item => item?.kind === 'event' && item.event.sequence)).toEqual([5, 6])
  stop.abort()
})
