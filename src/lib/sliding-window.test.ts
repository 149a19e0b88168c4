import { expect, test } from 'vitest'
import { SlidingWindow, SlidingWindows } from './sliding-window.ts'

test('counts what happened within the window, and forgets nothing too early', () => {
  const window = new SlidingWindow(60_000)
  window.add(500)
  window.add(1_500, 2)
  expect(window.count(2_000)).toBe(3)
  expect(window.count(60_999)).toBe(3)
  expect(window.count(61_000)).toBe(2)
  expect(window.count(62_000)).toBe(0)
})

test('tells when there is room again', () => {
  const window = new SlidingWindow(60_000)
  for (const at of [0, 1_000, 2_000]) window.add(at)
  expect(window.freesIn(4, 2_000)).toBe(0)
  for (const limit of [3, 2, 1]) {
    const wait = window.freesIn(limit, 2_000)
    expect(window.count(2_000 + wait - 1)).toBeGreaterThanOrEqual(limit)
    expect(window.count(2_000 + wait)).toBeLessThan(limit)
  }
})

test('takes back what did not happen', () => {
  const window = new SlidingWindow(60_000)
  window.add(0)
  window.add(100)
  window.undo(100)
  window.undo(5_000)
  expect(window.count(100)).toBe(1)
  window.undo(0)
  window.undo(0)
  expect(window.count(100)).toBe(0)
})

test('keeps only as many windows as there is room for', () => {
  const windows = new SlidingWindows(1_000, 2)
  windows.of('a').add(0)
  windows.of('b').add(0)
  windows.of('a')
  windows.of('c')
  expect([windows.size, windows.has('a'), windows.has('b')]).toEqual([2, true, false])
})
