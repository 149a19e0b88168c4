import { expect, test, vi } from 'vitest'
import { formatAge, formatDue } from './format.ts'
import { clock } from './use-now.ts'

test('a new listener of the clock gets the time of now, and tells the others', () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-27T10:00:00Z') })
  try {
    const told = vi.fn()
    clock.subscribe(told)()
    vi.setSystemTime('2026-11-27T10:05:00Z')
    const stop = clock.subscribe(told)
    expect(clock.get()).toBe(Date.parse('2026-11-27T10:05:00Z'))
    vi.advanceTimersByTime(5_000)
    const stopOther = clock.subscribe(() => {})
    expect(clock.get()).toBe(Date.parse('2026-11-27T10:05:05Z'))
    expect(told).toHaveBeenCalled()
    stopOther()
    stop()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('an age is never in the future, whatever the clock of the browser; a due date can be', () => {
  const now = Date.parse('2026-11-27T10:00:00Z')
  expect(formatAge('2026-11-27T10:03:00Z', now)).toBe('now')
  expect(formatAge('2026-11-27T09:57:00Z', now)).toBe('3m ago')
  expect(formatDue('2026-11-27T10:03:00Z', now)).toBe('in 3m')
  expect(formatDue('2026-11-27T09:57:00Z', now)).toBe('3m ago')
})
