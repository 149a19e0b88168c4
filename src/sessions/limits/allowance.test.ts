import { expect, test } from 'vitest'
import { Allowance } from './allowance.ts'

const stepMs = 1_000

/** Uses so many; the store grants all that is asked for. */
function use(allowance: Allowance, count: number, now: number): { asked: number } {
  let asked = 0
  for (let used = 0; used < count; used++) {
    if (allowance.use(now)) continue
    asked++
    const ahead = allowance.nextAhead(now)
    allowance.empty()
    allowance.grant(Math.floor(now / stepMs), 1 + ahead, 1, now, stepMs - (now % stepMs))
  }
  return { asked }
}

test('the first use takes nothing ahead, and many at once ask seldom', () => {
  const allowance = new Allowance()
  expect(use(allowance, 1, 0)).toEqual({ asked: 1 })
  expect(allowance.left(0)).toBe(0)
  expect(use(allowance, 1_000, 1)).toEqual({ asked: 10 })
})

test('what is left lapses with its step, or after two seconds', () => {
  const allowance = new Allowance()
  allowance.grant(0, 5, 1, 0, stepMs)
  expect(allowance.left(stepMs - 1)).toBe(4)
  expect(allowance.left(stepMs)).toBe(0)
  expect(allowance.use(stepMs)).toBe(false)
  allowance.grant(0, 5, 1, 0, 3_600_000)
  expect(allowance.left(1_999)).toBe(4)
  expect(allowance.left(2_000)).toBe(0)
  expect(allowance.empty()).toBe(4)
  expect(allowance.empty()).toBe(0)
})

test('a node that uses less takes less ahead, and nothing after a pause', () => {
  const allowance = new Allowance()
  use(allowance, 100, 0)
  allowance.empty()
  // As many as were used of the last 64.
  expect(allowance.nextAhead(stepMs)).toBe(30)
  allowance.grant(1, 31, 1, stepMs, stepMs)
  expect(allowance.nextAhead(2 * stepMs)).toBe(1)
  allowance.grant(2, 2, 1, 2 * stepMs, stepMs)
  expect(allowance.nextAhead(60 * stepMs)).toBe(0)
})

test('what is returned can be used again, unless it has lapsed', () => {
  const allowance = new Allowance()
  allowance.grant(7, 2, 2, 0, stepMs)
  expect(allowance.use(1)).toBe(false)
  expect(allowance.return(6, 1)).toBe(false)
  expect(allowance.return(7, 1)).toBe(true)
  expect(allowance.use(1)).toBe(true)
  expect(allowance.return(7, stepMs)).toBe(false)
})
