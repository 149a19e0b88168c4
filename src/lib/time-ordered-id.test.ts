import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { firstIdAt, TimeOrderedIds } from './time-ordered-id.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('ids grow, within a millisecond and when the clock is set back', () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const ids = new TimeOrderedIds()
  const made = Array.from({ length: 10_000 }, () => ids.create().id)
  vi.setSystemTime(1_700_000_000_000)
  made.push(ids.create().id)
  vi.setSystemTime(1_900_000_000_000)
  made.push(ids.create().id)
  expect(made).toEqual(made.toSorted())
  expect(new Set(made).size).toBe(made.length)
  expect(z.uuidv7().safeParse(made[0]).success).toBe(true)
})

test('the time in an id bounds ranges of ids', () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  const { id, at } = new TimeOrderedIds().create()
  expect(at).toBe(1_800_000_000_000)
  expect(firstIdAt(at) <= id).toBe(true)
  expect(firstIdAt(at + 1) > id).toBe(true)
  expect(firstIdAt(at - 1) < id).toBe(true)
  expect(z.uuid().safeParse(firstIdAt(0)).success).toBe(true)
})
