import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { afterDuration, atTime } from './alarm.ts'

const hour = 3_600_000
const day = 24 * hour

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a promised time that passes while the machine is suspended has come when it runs again', () => {
  const act = vi.fn()
  atTime(Date.now() + hour, act)
  vi.advanceTimersByTime(1_000)
  vi.setSystemTime(Date.now() + 2 * hour)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(5_000)
  expect(act).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(day)
  expect(act).toHaveBeenCalledTimes(1)
})

test('a promised time is later when the clock is set back', () => {
  const act = vi.fn()
  atTime(Date.now() + hour, act)
  vi.setSystemTime(Date.now() - hour)
  vi.advanceTimersByTime(hour + 60_000)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(hour)
  expect(act).toHaveBeenCalledTimes(1)
})

test.each([-hour, 2 * hour])('a duration is the same when the clock is set by %d ms', step => {
  const act = vi.fn()
  afterDuration(hour, act)
  vi.setSystemTime(Date.now() + step)
  vi.advanceTimersByTime(hour - 1)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(act).toHaveBeenCalledTimes(1)
})

test('a duration may be longer than a timer reaches', () => {
  const act = vi.fn()
  afterDuration(26 * day, act)
  vi.advanceTimersByTime(25 * day)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(day - 1)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(act).toHaveBeenCalledTimes(1)
})

test('nothing happens after a cancel, whenever it comes', () => {
  const act = vi.fn()
  const [one, other] = [atTime(Date.now() + hour, act), afterDuration(hour, act)]
  vi.advanceTimersByTime(hour / 2)
  one.cancel()
  other.cancel()
  vi.advanceTimersByTime(day)
  expect(act).not.toHaveBeenCalled()
})

test('a time that has passed has come', () => {
  const act = vi.fn()
  atTime(Date.now() - hour, act)
  afterDuration(-1, act)
  vi.advanceTimersByTime(0)
  expect(act).toHaveBeenCalledTimes(2)
})
