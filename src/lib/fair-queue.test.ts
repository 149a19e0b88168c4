import { expect, test } from 'vitest'
import { FairQueue } from './fair-queue.ts'

const takeAll = <T>(queue: FairQueue<T>) => queue.clear()

test('branches are served in turn at each level, items of one path in the order in which they came', () => {
  const queue = new FairQueue<string>()
  for (const item of ['a.x.1', 'a.x.2', 'a.y.1', 'a.x.3', 'b.x.1', 'a.y.2', 'b.x.2']) {
    queue.add(item.split('.').slice(0, 2), item)
  }
  expect(queue.peek()).toBe('a.x.1')
  expect([queue.size, queue.sizeOf(['a']), queue.sizeOf(['a', 'y']), queue.sizeOf(['c'])]).toEqual([
    7, 5, 2, 0,
  ])
  expect([queue.widthOf([]), queue.widthOf(['a']), queue.widthOf(['b'])]).toEqual([2, 2, 1])
  expect(takeAll(queue)).toEqual(['a.x.1', 'b.x.1', 'a.y.1', 'b.x.2', 'a.x.2', 'a.y.2', 'a.x.3'])
  expect([queue.size, queue.widthOf([]), queue.peek(), queue.take()]).toEqual([0, 0, undefined, undefined])
})

test('a branch that comes late waits for one item of each other, however many they have', () => {
  const queue = new FairQueue<string>()
  for (let index = 0; index < 500; index++) queue.add(['large', `key-${index}`], 'large')
  queue.take()
  queue.add(['small', 'key'], 'small')
  expect([queue.take(), queue.take()]).toEqual(['large', 'small'])
})

test('an item that leaves is not served, and leaving twice changes nothing', () => {
  const queue = new FairQueue<string>()
  const leave = [1, 2, 3].map(index => queue.add(['a', 'x'], `${index}`))
  queue.add(['b', 'x'], '4')
  leave[0]?.()
  leave[1]?.()
  leave[1]?.()
  expect([queue.size, queue.sizeOf(['a'])]).toEqual([2, 1])
  expect(takeAll(queue)).toEqual(['3', '4'])
  leave[2]?.()
  expect(queue.size).toBe(0)
})

test('random walks: as a queue that counts how long each branch has not been served', () => {
  for (let seed = 1; seed <= 50; seed++) {
    let state = seed
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state % below
    }
    const queue = new FairQueue<number>()
    const waiting: { path: string[]; item: number; leave: () => void }[] = []
    /** When a branch came, or was served last; a branch is forgotten with its last item. */
    const order = new Map<string, number>()
    const namesOf = (path: string[]) => path.map((_, depth) => path.slice(0, depth + 1).join('/'))
    const forget = () => {
      const alive = new Set(waiting.flatMap(({ path }) => namesOf(path)))
      for (const name of order.keys()) if (!alive.has(name)) order.delete(name)
    }
    for (let step = 0; step < 200; step++) {
      const action = random(5)
      if (action < 2) {
        const path = [`t${random(3)}`, `k${random(3)}`]
        waiting.push({ path, item: step, leave: queue.add(path, step) })
        for (const name of namesOf(path)) if (!order.has(name)) order.set(name, step)
      } else if (action === 2 && waiting.length > 0) {
        const [left] = waiting.splice(random(waiting.length), 1)
        left?.leave()
      } else {
        const rank = (path: string[]) => namesOf(path).map(name => order.get(name) ?? 0)
        const [expected] = waiting
          .map((each, index) => ({ each, key: [...rank(each.path), index] }))
          .sort((a, b) => {
            const at = a.key.findIndex((value, depth) => value !== b.key[depth])
            return (a.key[at] ?? 0) - (b.key[at] ?? 0)
          })
        expect(queue.take()).toBe(expected?.each.item)
        if (expected) {
          waiting.splice(waiting.indexOf(expected.each), 1)
          for (const name of namesOf(expected.each.path)) order.set(name, step)
        }
      }
      forget()
      expect(queue.size).toBe(waiting.length)
    }
  }
})
