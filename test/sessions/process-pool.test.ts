import { describe, expect, test } from 'vitest'
import { ProcessPool, type Slot } from '../../src/sessions/processes/process-pool.ts'

const forever = new AbortController().signal
/** A holder whose process takes as long to leave as the test wants. */
function holder() {
  const gone = Promise.withResolvers<void>()
  const self = {
    retired: 0,
    leave: gone.resolve,
    retire() {
      self.retired++
      return gone.promise
    },
  }
  return self
}
const taken = (place: Slot | undefined): Slot => {
  if (!place) throw new Error('no place')
  return place
}

describe('a pool of places', () => {
  test('gives no more than it has', () => {
    const pool = new ProcessPool(2)
    const places = [pool.take(holder()), pool.take(holder()), pool.take(holder())]
    expect(places.map(place => place !== undefined)).toEqual([true, true, false])
    places[0]?.release()
    places[0]?.release()
    expect(pool.taken).toBe(1)
  })

  test('takes from the idle one that was used least recently, and waits until it is gone', async () => {
    const pool = new ProcessPool(2)
    const [first, second] = [holder(), holder()]
    const places = [taken(pool.take(first)), taken(pool.take(second))]
    places[0]?.markIdle()
    places[1]?.markIdle()
    // The first is used again, so that the second is the one used least recently.
    places[0]?.markBusy()
    places[0]?.markIdle()
    const place = taken(pool.take(holder()))
    expect([first.retired, second.retired]).toEqual([0, 1])
    let free = false
    void place.free.then(() => {
      free = true
    })
    await Promise.resolve()
    expect(free).toBe(false)
    second.leave()
    await place.free
    expect(pool.taken).toBe(2)
  })

  test('takes from one in which something runs when no other is left', () => {
    const pool = new ProcessPool(2)
    const [occupied, idle] = [holder(), holder()]
    const places = [taken(pool.take(occupied)), taken(pool.take(idle))]
    places[0]?.markIdle(true)
    places[1]?.markIdle()
    taken(pool.take(holder()))
    expect([occupied.retired, idle.retired]).toEqual([0, 1])
    taken(pool.take(holder()))
    expect(occupied.retired).toBe(1)
    expect(pool.take(holder())).toBeUndefined()
  })

  test('never takes from one that works, and serves those who wait when one gets idle', async () => {
    const pool = new ProcessPool(1)
    const busy = holder()
    const place = taken(pool.take(busy))
    expect(pool.take(holder())).toBeUndefined()
    const waiting = pool.wait(holder(), 'a', forever)
    expect([pool.waiting, busy.retired]).toEqual([1, 0])
    place.markIdle()
    expect(await waiting).toBeDefined()
    expect([pool.waiting, busy.retired, pool.taken]).toEqual([0, 1, 1])
  })

  test('serves callers in turn: one who asks for much does not hold up the others', async () => {
    const pool = new ProcessPool(1)
    let place = taken(pool.take(holder()))
    const order: string[] = []
    const ask = (caller: string, name: string) =>
      void pool.wait(holder(), caller, forever).then(granted => {
        order.push(name)
        place = taken(granted)
      })
    for (const name of ['a1', 'a2', 'a3', 'a4']) ask('a', name)
    ask('b', 'b1')
    ask('c', 'c1')
    ask('b', 'b2')
    for (let served = 1; served <= 7; served++) {
      place.release()
      await new Promise(resolve => setImmediate(resolve))
      expect(order).toHaveLength(served)
    }
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
  })

  test('nobody overtakes those who wait', () => {
    const pool = new ProcessPool(1)
    const place = taken(pool.take(holder()))
    void pool.wait(holder(), 'a', forever)
    void pool.wait(holder(), 'a', forever)
    place.release()
    expect(pool.waiting).toBe(1)
    expect(pool.take(holder())).toBeUndefined()
    expect(pool.takeFree(holder())).toBeUndefined()
  })

  test('a wait ends without a place when it is called off or the pool is closed', async () => {
    const pool = new ProcessPool(1)
    taken(pool.take(holder()))
    const leaving = new AbortController()
    const left = pool.wait(holder(), 'a', leaving.signal)
    const stayed = pool.wait(holder(), 'a', forever)
    leaving.abort()
    expect(await left).toBeUndefined()
    expect(pool.waiting).toBe(1)
    pool.close()
    expect(await stayed).toBeUndefined()
    expect(await pool.wait(holder(), 'a', forever)).toBeUndefined()
    expect(pool.take(holder())).toBeUndefined()
  })

  test('random walks: never more places than there are, nobody waits while there is room', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      let state = seed
      const random = (below: number) => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return state % below
      }
      const size = 1 + random(4)
      const pool = new ProcessPool(size)
      const held = new Set<Slot>()
      const idle = new Set<Slot>()
      const own = () => {
        let place: Slot | undefined
        return {
          set: (granted: Slot | undefined) => {
            place = granted
            if (granted) held.add(granted)
          },
          holder: {
            async retire() {
              if (place) {
                held.delete(place)
                idle.delete(place)
              }
            },
          },
        }
      }
      for (let step = 0; step < 60; step++) {
        const action = random(4)
        const [some] = [...held].slice(random(Math.max(1, held.size)))
        if (action === 0) {
          const owner = own()
          owner.set(pool.take(owner.holder))
        } else if (action === 1) {
          const owner = own()
          void pool.wait(owner.holder, `caller-${random(3)}`, forever).then(owner.set)
        } else if (action === 2 && some) {
          idle.add(some)
          some.markIdle()
        } else if (some) {
          held.delete(some)
          idle.delete(some)
          some.release()
        }
        await Promise.resolve()
        await Promise.resolve()
        expect(pool.taken).toBeLessThanOrEqual(size)
        expect(held.size).toBe(pool.taken)
        if (pool.waiting > 0) expect([pool.taken, idle.size]).toEqual([size, 0])
      }
    }
  })
})
