import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('a few are handed out at once', () => {
  const pace = new Pace(3)
  expect([pace.take(), pace.take(), pace.take()]).toEqual([undefined, undefined, undefined])
  expect(pace.take()).toBeInstanceOf(Promise)
})

test('many are handed out in order, so many a round', async () => {
  const pace = new Pace(10)
  const done: number[] = []
  for (let index = 0; index < 35; index++) void Promise.resolve(pace.take()).then(() => done.push(index))
  const rounds: number[] = []
  while (done.length < 35) {
    await setImmediate()
    rounds.push(done.length)
  }
  expect(done).toEqual(Array.from({ length: 35 }, (_, index) => index))
  expect(Math.max(...rounds.map((count, index) => count - (rounds[index - 1] ?? 10)))).toBeLessThanOrEqual(10)
})

test('after a rest there is the whole measure again', async () => {
  const pace = new Pace(2)
  await Promise.all([pace.take(), pace.take(), pace.take()])
  await setImmediate()
  await setImmediate()
  expect([pace.take(), pace.take()]).toEqual([undefined, undefined])
})
