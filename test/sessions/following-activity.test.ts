import { expect, onTestFinished, test } from 'vitest'
import { messageReader } from '../../src/claude/messages/message-reader.ts'
import type { Activity } from '../../src/contract/activity.ts'
import { EventLog } from '../../src/sessions/log/event-log.ts'
import type { FollowRequest, LogItem } from '../../src/sessions/log/log-item.ts'
import type { NewEvent } from '../../src/sessions/records.ts'
import { openStore } from '../../src/store/open-store.ts'
import { sessionRecord, turnRecord } from '../suites/store-records.ts'
import { temporaryDirectory } from '../support/open-sessions.ts'

const forever = new AbortController().signal
const since = '2026-01-01T00:00:00.000Z'
const waiting: Activity = { kind: 'model', id: 'main', since }
const tool: Activity = { kind: 'tool', id: 't', since, toolName: 'Bash', parentToolUseId: null, retry: null }
const doneOf = ({ id }: Activity): Activity => ({ kind: 'done', id })

/** A log with one session and one running turn. */
async function openLog() {
  const store = await openStore({ file: `${temporaryDirectory()}/store.db` })
  onTestFinished(() => store.close())
  const session = sessionRecord()
  await store.createSession(session, [], 10)
  const log = new EventLog(store, messageReader)
  const turn = turnRecord(session, { status: 'running' })
  const { id: sessionId, tenantId } = session
  const commit = (...events: NewEvent[]) => log.commit({ tenantId, sessionId, at: 1_000, events })
  const queued: NewEvent = { type: 'turn.queued', turnId: turn.id, payload: { status: 'queued' } }
  await log.commit({ tenantId, sessionId, at: 1_000, insertTurn: turn, events: [queued] })
  const note = (activity: Activity, turnId: string | null = turn.id) =>
    log.publishActivity(sessionId, { turnId, activity })
  const say = (text: string) =>
    commit({
      type: 'message',
      turnId: turn.id,
      payload: { id: crypto.randomUUID(), source: 'sdk', message: { type: 'other', text } },
    })
  const follow = (more: Partial<FollowRequest> = {}) =>
    log
      .follow(session, { after: 'latest', includeDeltas: true, signal: forever, ...more })
      [Symbol.asyncIterator]()
  const suggest = (text: string) => log.publishSuggestion(sessionId, { turnId: turn.id, text })
  return { store, turn, note, say, suggest, queue: () => commit(queued), follow }
}

async function take(reading: AsyncIterator<LogItem>, count: number): Promise<unknown[]> {
  const items: unknown[] = []
  while (items.length < count) {
    const { value } = await reading.next()
    if (value?.kind === 'activity') items.push(value.activity.activity)
    else items.push(value?.kind === 'suggestion' ? value.suggestion.text : value?.kind)
  }
  return items
}

test('a reader is told between events and deltas, in order', async () => {
  const { note, say, follow } = await openLog()
  const reading = follow()
  expect(await take(reading, 2)).toEqual(['event', 'caught_up'])
  note(waiting)
  note(doneOf(waiting))
  await say('a')
  note(tool)
  expect(await take(reading, 4)).toEqual([waiting, doneOf(waiting), 'event', tool])
})

test('a late reader is told once what goes on', async () => {
  const { note, follow } = await openLog()
  note(waiting)
  note(tool)
  note(doneOf(waiting))
  const reading = follow()
  expect(await take(reading, 3)).toEqual(['event', 'caught_up', tool])
  note(doneOf(tool))
  expect(await take(reading, 1)).toEqual([doneOf(tool)])
})

test('a reader without deltas, or of another turn, is not told', async () => {
  const { note, say, follow, turn } = await openLog()
  const plain = follow({ includeDeltas: false })
  const ofTurn = follow({ turnId: turn.id })
  await take(plain, 2)
  await take(ofTurn, 2)
  note(tool, null)
  note(waiting)
  await say('a')
  expect(await take(plain, 1)).toEqual(['event'])
  expect(await take(ofTurn, 2)).toEqual([waiting, 'event'])
})

test('a reader that has to read from the store again is told what has ended meanwhile', async () => {
  const { note, say, follow } = await openLog()
  const reading = follow()
  await take(reading, 2)
  note(tool)
  note(waiting)
  expect(await take(reading, 2)).toEqual([tool, waiting])
  // It waits for the next item; what is too much for its queue is read from the store.
  const next = reading.next()
  const large = 'x'.repeat(700_000)
  await Promise.all([say(large), say(large), say(large)])
  note(doneOf(tool))
  expect((await next).value?.kind).toBe('event')
  expect(await take(reading, 4)).toEqual(['event', 'event', doneOf(tool), waiting])
})

test('the last suggestion is told once, also to a late reader, until the next turn is queued', async () => {
  const { suggest, say, queue, follow } = await openLog()
  const early = follow()
  await take(early, 2)
  suggest('one')
  suggest('two')
  expect(await take(early, 2)).toEqual(['one', 'two'])
  expect(await take(follow(), 3)).toEqual(['event', 'caught_up', 'two'])
  await queue()
  await say('a')
  expect(await take(early, 2)).toEqual(['event', 'event'])
  const late = follow()
  expect(await take(late, 4)).toEqual(['event', 'event', 'event', 'caught_up'])
  suggest('three')
  expect(await take(late, 1)).toEqual(['three'])
})
