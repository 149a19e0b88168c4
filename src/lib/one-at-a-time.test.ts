import { expect, test } from 'vitest'
import { OneAtATime } from './one-at-a-time.ts'

test('what has one key runs in order, one after the other; other keys do not wait', async () => {
  const queue = new OneAtATime()
  const first = Promise.withResolvers<void>()
  const steps: string[] = []
  const a = queue.run('a', async () => {
    steps.push('first begins')
    await first.promise
    steps.push('first ends')
    throw new Error('first')
  })
  const b = queue.run('a', async () => steps.push('second'))
  await queue.run('b', async () => steps.push('other'))
  expect(steps).toEqual(['first begins', 'other'])
  first.resolve()
  await expect(a).rejects.toThrow('first')
  await b
  expect(steps).toEqual(['first begins', 'other', 'first ends', 'second'])
})
