import { describe, expect, test } from 'vitest'
import type { LogItem } from '../../src/sessions/log/log-item.ts'
import { caller, openSessions, plain, promptOf } from '../support/open-sessions.ts'

const forever = new AbortController().signal

async function collect(items: AsyncIterable<LogItem>, stop: (item: LogItem) => boolean): Promise<LogItem[]> {
  const seen: LogItem[] = []
  for await (const item of items) {
    seen.push(item)
    if (stop(item)) break
  }
  return seen
}

const sequencesOf = (items: LogItem[]) =>
  items.flatMap(item => (item.kind === 'event' ? [item.event.sequence] : []))

describe('following a log', () => {
  test('past, caught_up, then live: nothing missing, nothing twice, whenever the reader comes', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const work = (async () => {
      for (let index = 0; index < 20; index++) await ask(id, `prompt ${index}`)
      await sessions.end(caller, id)
    })()
    const readers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        for (let turn = 0; turn < index * 5; turn++) await new Promise(resolve => setImmediate(resolve))
        const reader = await sessions.follow(caller, id, {
          after: index % 7,
          includeDeltas: true,
          signal: forever,
        })
        return collect(reader, item => item.kind === 'event' && item.event.type === 'session.ended')
      }),
    )
    await work
    const last = (await sessions.get(caller, id)).session.lastSequence
    readers.forEach((items, index) => {
      const start = index % 7
      expect(sequencesOf(items)).toEqual(Array.from({ length: last - start }, (_, step) => start + step + 1))
      expect(items.filter(item => item.kind === 'caught_up')).toHaveLength(
        items.some(item => item.kind === 'caught_up') ? 1 : 0,
      )
    })
  })

  test('a reader of a finished turn gets the past and the end', async () => {
    const { sessions, ask } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    await ask(id, 'before')
    const turn = await ask(id, 'this one')
    await ask(id, 'after')
    const reader = await sessions.follow(caller, id, {
      after: 0,
      turnId: turn.id,
      includeDeltas: true,
      signal: forever,
    })
    const items = await collect(reader, () => false)
    expect(items.map(item => (item.kind === 'event' ? item.event.type : item.kind))).toEqual([
      'turn.queued',
      'turn.started',
      'message',
      'message',
      'turn.completed',
    ])
  })

  test('deltas reach only those who ask, and only live', async () => {
    const { sessions } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const withDeltas = await sessions.follow(caller, id, { after: 0, includeDeltas: true, signal: forever })
    const without = await sessions.follow(caller, id, { after: 0, includeDeltas: false, signal: forever })
    const ends = (item: LogItem) => item.kind === 'event' && item.event.type === 'turn.completed'
    const started = Promise.withResolvers<void>()
    const both = Promise.all([
      collect(withDeltas, item => {
        if (item.kind === 'caught_up') started.resolve()
        return ends(item)
      }),
      collect(without, ends),
    ])
    await started.promise
    await sessions.submit(caller, id, promptOf('a b c'))
    const [first, second] = await both
    const text = first.flatMap(item =>
      item.kind === 'delta' && item.delta.delta.type === 'text' ? [item.delta.delta.text] : [],
    )
    expect(text.join('')).toBe('a b c ')
    expect(second.some(item => item.kind === 'delta')).toBe(false)
  })

  test('a reader that does not read is ended, the others are not', async () => {
    const { sessions, ask, launcher } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    launcher.script = async scene => {
      for (let index = 0; index < 40; index++) scene.say('x'.repeat(100_000))
      return 'done'
    }
    const slow = await sessions.follow(caller, id, { after: 'latest', includeDeltas: false, signal: forever })
    const reading = slow[Symbol.asyncIterator]()
    expect((await reading.next()).value).toMatchObject({ kind: 'caught_up' })
    const quick = await sessions.follow(caller, id, { after: 0, includeDeltas: false, signal: forever })
    const all = collect(quick, item => item.kind === 'event' && item.event.type === 'turn.completed')
    await ask(id, 'flood')
    const last = (await sessions.get(caller, id)).session.lastSequence
    expect(sequencesOf(await all)).toEqual(Array.from({ length: last }, (_, index) => index + 1))
    expect((await reading.next()).done).toBe(true)
    expect(slow.overflow.aborted).toBe(true)
  })

  test('the signal ends the iteration, the end of the service says closing', async () => {
    const { sessions, close } = await openSessions()
    const {
      session: { id },
    } = await sessions.create(caller, plain)
    const leaving = new AbortController()
    const left = await sessions.follow(caller, id, { after: 0, includeDeltas: false, signal: leaving.signal })
    const stays = await sessions.follow(caller, id, { after: 0, includeDeltas: false, signal: forever })
    const leavingItems = collect(left, item => {
      if (item.kind === 'caught_up') leaving.abort()
      return false
    })
    expect((await leavingItems).at(-1)).toMatchObject({ kind: 'caught_up' })
    const staying = collect(stays, () => false)
    await close()
    expect((await staying).at(-1)).toEqual({ kind: 'closing' })
  })
})
