import { expect, test } from 'vitest'
import { nextDelayMs, parseRetryAfter, retryDelaysMs } from './retry-schedule.ts'

const hourMs = 3_600_000

test('the attempts spread over about a day, and then end', () => {
  const delays = retryDelaysMs.map((_, index) => nextDelayMs(index + 1, undefined, retryDelaysMs, () => 0.5))
  expect(delays).toEqual(retryDelaysMs)
  const total = retryDelaysMs.reduce((sum, delay) => sum + delay, 0)
  expect(total / hourMs).toBeGreaterThan(22)
  expect(total / hourMs).toBeLessThan(26)
  expect(nextDelayMs(retryDelaysMs.length + 1, undefined)).toBeUndefined()
})

test('the pauses vary by a fifth', () => {
  expect(nextDelayMs(1, undefined, [1_000], () => 0)).toBe(800)
  expect(nextDelayMs(1, undefined, [1_000], () => 1)).toBe(1_200)
})

test('Retry-After lengthens a pause, by eight hours at most, and never shortens one', () => {
  expect(nextDelayMs(1, 60_000, [1_000])).toBe(60_000)
  expect(nextDelayMs(1, 100 * hourMs, [1_000])).toBe(8 * hourMs)
  expect(nextDelayMs(1, 1, [1_000], () => 0.5)).toBe(1_000)
})

test.each([
  ['120', 120_000],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-5 minutes', undefined],
  [undefined, undefined],
])('Retry-After: %s', (text, expected) => {
  expect(parseRetryAfter(text, 1_000)).toBe(expected)
})
