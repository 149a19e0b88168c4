import { describe, expect, test } from 'vitest'
import type { LogItem } from '../../src/sessions/log/log-item.ts'
import { caller, openSessions, plain, promptOf } from '../support/open-sessions.ts'

const forever = new AbortController().signal
const everything = { after: 0, includeDeltas: true, signal: forever } as const

const sequencesOf = (items: LogItem[]) =>
  items.flatMap(item => (item.kind === 'event' ? [item.event.sequence] : []))

/** Sessions whose turns say so many messages of so many characters. */
async function openTalkative(messages: number, characters: number) {
  const opened = await openSessions()
  opened.launcher.script = async scene => {
    for (let index = 0; index < messages; index++) scene.say('x'.repeat(characters))
    return 'done'
  }
  const {
    session: { id },
  } = await opened.sessions.create(caller, plain)
  return { ...opened, id }
}

async function collect(items: AsyncIterable<LogItem>, until: (item: LogItem) => boolean): Promise<LogItem[]> {
  const seen: LogItem[] = []
  for await (const item of items) {
    seen.push(item)
    if (until(item)) break
  }
  return seen
}

describe('readers that are slow', () => {
  test('one that has stopped is told at once, in the middle of its item, and resumes without loss', async () => {
    const { sessions, ask, id } = await openTalkative(40, 100_000)
    const slow = await sessions.follow(caller, id, everything)
    const reading = slow[Symbol.asyncIterator]()
    const first = await reading.next()
    expect(first.value).toMatchObject({ kind: 'event', event: { sequence: 1 } })
    const overflown = new Promise(resolve => slow.overflow.addEventListener('abort', resolve))
    const turn = ask(id, 'flood')
    // The turn need not be over for it, and nobody has asked the reader for more.
    await overflown
    expect((await reading.next()).done).toBe(true)
    await turn
    const { lastSequence } = (await sessions.get(caller, id)).session
    const resumed = await sessions.follow(caller, id, { ...everything, after: 1 })
    const items = await collect(resumed, item => item.kind === 'caught_up')
    expect(sequencesOf(items)).toEqual(Array.from({ length: lastSequence - 1 }, (_, index) => index + 2))
  })

  test('a single message larger than the bound ends nobody', async () => {
    const { sessions, ask, id } = await openTalkative(1, 5_000_000)
    const reader = await sessions.follow(caller, id, everything)
    const reading = reader[Symbol.asyncIterator]()
    await reading.next()
    await ask(id, 'say a lot')
    expect(reader.overflow.aborted).toBe(false)
    const { lastSequence } = (await sessions.get(caller, id)).session
    const rest = await collect({ [Symbol.asyncIterator]: () => reading }, item => item.kind === 'caught_up')
    expect(sequencesOf(rest).at(-1)).toBe(lastSequence)
  })

  test('a page of the past is bounded in bytes as well', async () => {
    const { sessions, store, ask, id } = await openTalkative(30, 200_000)
    await ask(id, 'fill')
    const pages: number[] = []
    const { readLog } = store
    store.readLog = async (...query) => {
      const page = await readLog(...query)
      pages.push(Buffer.byteLength(JSON.stringify(page.events.map(({ payload }) => payload))))
      return page
    }
    const reader = await sessions.follow(caller, id, everything)
    const items = await collect(reader, item => item.kind === 'caught_up')
    expect(items).toHaveLength(30 + 6)
    expect(pages.length).toBeGreaterThan(5)
    expect(Math.max(...pages)).toBeLessThan(1.1 * 1024 * 1024)
  })
})

describe('many readers', () => {
  test('500 that come back at once, each from where it was, miss nothing', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    for (let index = 0; index < 10; index++) await ask(id, `before ${index}`)
    const readers = Array.from({ length: 500 }, async (_, index) => {
      const reader = await sessions.follow(caller, id, { ...everything, after: index % 40 })
      return collect(reader, item => item.kind === 'event' && item.event.type === 'session.ended')
    })
    for (let index = 0; index < 5; index++) await ask(id, `meanwhile ${index}`)
    await sessions.end(caller, id)
    const { lastSequence } = (await sessions.get(caller, id)).session
    for (const [index, items] of (await Promise.all(readers)).entries()) {
      const start = index % 40
      const expected = Array.from({ length: lastSequence - start }, (_, step) => start + step + 1)
      expect(sequencesOf(items)).toEqual(expected)
    }
  })

  test('a second viewer of a turn takes nothing from the first', async () => {
    const { sessions, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const go = Promise.withResolvers<void>()
    launcher.script = async scene => {
      scene.delta('one ')
      await go.promise
      scene.delta('two')
      scene.say('one two')
      return 'one two'
    }
    const { turn } = await sessions.submit(caller, id, promptOf('talk'))
    const view = async () => sessions.follow(caller, id, { ...everything, turnId: turn.id })
    const viewers = await Promise.all([view(), view(), view()])
    const readings = viewers.map(async (viewer, index) => {
      const items: LogItem[] = []
      for await (const item of viewer) {
        items.push(item)
        // The last one begins late.
        if (item.kind === 'caught_up' && index === 2) go.resolve()
      }
      return items
    })
    for (const items of await Promise.all(readings)) {
      const said = items.flatMap(item =>
        item.kind === 'delta' && item.delta.delta.type === 'text' ? [item.delta.delta.text] : [],
      )
      expect(said.join('')).toBe('one two')
      expect(items.flatMap(item => (item.kind === 'event' ? [item.event.type] : []))).toEqual([
        'turn.queued',
        'turn.started',
        'message',
        'message',
        'turn.completed',
      ])
    }
  })

  test('who comes back to a finished turn after its last event is let go', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const { id: turnId, lastSequence } = await ask(id, 'done')
    const after = lastSequence ?? 0
    const reader = await sessions.follow(caller, id, { ...everything, turnId, after })
    expect(await collect(reader, () => false)).toEqual([{ kind: 'caught_up', sequence: after }])
  })
})
