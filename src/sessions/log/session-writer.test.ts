import { describe, expect, test, vi } from 'vitest'
import type { Change } from '../ports/index.ts'
import type { EventLog } from './event-log.ts'
import { SessionWriter } from './session-writer.ts'

const owner = { tenantId: 'default', sessionId: 'session' }
const part = { tenantId: 'default', claudeSessionId: 'conversation', subpath: null }

/** A writer, and the transactions that it makes. */
function open(commit: (change: Change) => Promise<unknown> = async () => {}) {
  const changes: Change[] = []
  let sequence = 0
  const log = {
    commit: async (change: Change) => {
      await commit(change)
      changes.push(change)
      return change.events.map(event => ({ ...event, sequence: ++sequence }))
    },
  } as unknown as EventLog
  const writer = new SessionWriter(log, owner, { error: () => {} }, new AbortController().signal)
  const titles = () =>
    changes.map(({ events }) => events.map(({ payload }) => (payload as { title: string }).title))
  return { writer, changes, titles }
}

const named = (title: string) => ({
  events: [{ type: 'session.updated' as const, turnId: null, payload: { title } }],
})
const round = () => new Promise(resolve => setImmediate(resolve))

describe('a held write', () => {
  test('goes with the next one, in its place', async () => {
    const { writer, titles } = open()
    writer.hold(named('held'))
    writer.hold({ transcript: [{ part, entries: [{ type: 'user', uuid: 'a' }] }], events: [] })
    await round()
    expect(titles()).toEqual([])
    const stored = await writer.write(named('next'))
    expect(titles()).toEqual([['held', 'next']])
    expect(stored.map(({ sequence }) => sequence)).toEqual([1, 2])
  })

  test('is written after a second where nothing follows', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { writer, titles } = open()
      writer.hold(named('held'))
      await vi.advanceTimersByTimeAsync(999)
      await round()
      expect(titles()).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      await round()
      expect(titles()).toEqual([['held']])
    } finally {
      vi.useRealTimers()
    }
  })

  test('is written by a flush, which waits for the transaction under way', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { writer, titles } = open(() => promise)
    void writer.write(named('first'))
    await round()
    writer.hold(named('held'))
    const flushed = writer.flush()
    resolve()
    await flushed
    expect(titles()).toEqual([['first'], ['held']])
    await writer.flush()
    expect(titles()).toHaveLength(2)
  })

  test('does not wait with many others', async () => {
    const { writer, changes } = open()
    for (let count = 0; count < 201; count++) writer.hold(named(`${count}`))
    await round()
    expect(changes.flatMap(({ events }) => events)).toHaveLength(201)
    await writer.flush()
  })

  test('survives a transaction that fails', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let fails = true
      const { writer, titles } = open(async () => {
        if (fails) throw new Error('disk full')
      })
      writer.hold(named('held'))
      const written = writer.write(named('next'))
      await round()
      expect(titles()).toEqual([])
      fails = false
      await vi.advanceTimersByTimeAsync(1_000)
      await written
      expect(titles()).toEqual([['held', 'next']])
    } finally {
      vi.useRealTimers()
    }
  })
})

test('a turn is updated once in each transaction', async () => {
  const { writer, changes } = open()
  const update = (status: 'running' | 'failed') => ({ updateTurn: { id: 'turn', status }, events: [] })
  await Promise.all([
    writer.write(update('running')),
    writer.write(named('between')),
    writer.write(update('failed')),
  ])
  expect(changes.map(({ updateTurn }) => updateTurn?.status)).toEqual(['running', 'failed'])
  expect(changes.map(({ events }) => events.length)).toEqual([0, 1])
})

test.each([0, 1, 2, 3, 4, 5])('a change that comes %i steps after a transaction is written', async steps => {
  const { writer, titles } = open()
  const first = writer.write(named('first'))
  const second = first.then(async () => {
    for (let step = 0; step < steps; step++) await undefined
    void writer.write(named('second'))
  })
  await second
  await round()
  expect(titles()).toEqual([['first'], ['second']])
})
