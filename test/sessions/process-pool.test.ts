import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ProcessPool, type Slot, type SlotHolder } from '../../src/sessions/processes/process-pool.ts'

const forever = new AbortController().signal
const of = (keyId: string, sessionId = 's', tenantId = 't') => ({ tenantId, keyId, sessionId })
/** A holder whose process takes as long to leave as the test wants. */
function holder() {
  const gone = Promise.withResolvers<void>()
  const self = {
    liveAgent: undefined,
    retired: 0,
    leave: gone.resolve,
    retire() {
      self.retired++
      return gone.promise
    },
  }
  return self
}
const taken = (slot: Slot | undefined): Slot => {
  if (!slot) throw new Error('no slot')
  return slot
}

describe('a pool of slots', () => {
  test('gives no more than it has', () => {
    const pool = new ProcessPool({ maxProcesses: 2 })
    const slots = [pool.take(holder()), pool.take(holder()), pool.take(holder())]
    expect(slots.map(slot => slot !== undefined)).toEqual([true, true, false])
    slots[0]?.release()
    slots[0]?.release()
    expect(pool.taken).toBe(1)
  })

  test('takes from the idle one that was used least recently, and waits until it is gone', async () => {
    const pool = new ProcessPool({ maxProcesses: 2 })
    const [first, second] = [holder(), holder()]
    const slots = [taken(pool.take(first)), taken(pool.take(second))]
    slots[0]?.markIdle()
    slots[1]?.markIdle()
    // The first is used again, so that the second is the one used least recently.
    slots[0]?.markBusy()
    slots[0]?.markIdle()
    const slot = taken(pool.take(holder()))
    expect([first.retired, second.retired]).toEqual([0, 1])
    let free = false
    void slot.free.then(() => {
      free = true
    })
    await Promise.resolve()
    expect(free).toBe(false)
    second.leave()
    await slot.free
    expect(pool.taken).toBe(2)
  })

  test('takes from one in which something runs when no other is left', () => {
    const pool = new ProcessPool({ maxProcesses: 2 })
    const [occupied, idle] = [holder(), holder()]
    const slots = [taken(pool.take(occupied)), taken(pool.take(idle))]
    slots[0]?.markIdle(true)
    slots[1]?.markIdle()
    taken(pool.take(holder()))
    expect([occupied.retired, idle.retired]).toEqual([0, 1])
    taken(pool.take(holder()))
    expect(occupied.retired).toBe(1)
    expect(pool.take(holder())).toBeUndefined()
  })

  test('never takes from one that works, and serves those who wait when one gets idle', async () => {
    const pool = new ProcessPool({ maxProcesses: 1 })
    const busy = holder()
    const slot = taken(pool.take(busy))
    expect(pool.take(holder())).toBeUndefined()
    const waiting = pool.wait(holder(), of('a'), forever)
    expect([pool.waiting, busy.retired]).toEqual([1, 0])
    slot.markIdle()
    expect(await waiting).toBeDefined()
    expect([pool.waiting, busy.retired, pool.taken]).toEqual([0, 1, 1])
  })

  test('serves callers in turn: one who asks for much does not hold up the others', async () => {
    const pool = new ProcessPool({ maxProcesses: 1 })
    let slot = taken(pool.take(holder()))
    const order: string[] = []
    const ask = (caller: string, name: string) =>
      void pool.wait(holder(), of(caller), forever).then(granted => {
        order.push(name)
        slot = taken(granted)
      })
    for (const name of ['a1', 'a2', 'a3', 'a4']) ask('a', name)
    ask('b', 'b1')
    ask('c', 'c1')
    ask('b', 'b2')
    for (let served = 1; served <= 7; served++) {
      slot.release()
      await new Promise(resolve => setImmediate(resolve))
      expect(order).toHaveLength(served)
    }
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
  })

  test('nobody overtakes those who wait', () => {
    const pool = new ProcessPool({ maxProcesses: 1 })
    const slot = taken(pool.take(holder()))
    void pool.wait(holder(), of('a'), forever)
    void pool.wait(holder(), of('a'), forever)
    slot.release()
    expect(pool.waiting).toBe(1)
    expect(pool.take(holder())).toBeUndefined()
    expect(pool.takeFree(holder())).toBeUndefined()
  })

  test('a wait ends without a slot when it is called off or the pool is closed', async () => {
    const pool = new ProcessPool({ maxProcesses: 1 })
    taken(pool.take(holder()))
    const leaving = new AbortController()
    const left = pool.wait(holder(), of('a'), leaving.signal)
    const stayed = pool.wait(holder(), of('a'), forever)
    leaving.abort()
    expect(await left).toBeUndefined()
    expect(pool.waiting).toBe(1)
    pool.close()
    expect(await stayed).toBeUndefined()
    expect(await pool.wait(holder(), of('a'), forever)).toBeUndefined()
    expect(pool.take(holder())).toBeUndefined()
  })

  test('random walks: never more slots than allowed, nobody waits while there is room', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      let state = seed
      const random = (below: number) => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return state % below
      }
      const size = 1 + random(4)
      const pool = new ProcessPool({ maxProcesses: size })
      const held = new Set<Slot>()
      const idle = new Set<Slot>()
      const own = () => {
        let slot: Slot | undefined
        return {
          set: (granted: Slot | undefined) => {
            slot = granted
            if (granted) held.add(granted)
          },
          holder: {
            liveAgent: undefined,
            async retire() {
              if (slot) {
                held.delete(slot)
                idle.delete(slot)
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
          void pool.wait(owner.holder, of(`caller-${random(3)}`), forever).then(owner.set)
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

/** Bytes in units that are easy to add up: 100 of them are a third of what an unknown process counts. */
const unit = 3 * 1024 ** 2

describe('a pool with a budget of memory', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  afterEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })

  /** @param budget in units; a process that has not been measured counts 100 */
  function openPool(budget: number, maxProcesses?: number) {
    const weights = new Map<SlotHolder, number>()
    const measured: SlotHolder[] = []
    let pressure: number | undefined
    const gauge = {
      async measure(holders: readonly SlotHolder[]) {
        measured.push(...holders)
        return new Map(holders.flatMap(each => toPair(each, weights.get(each))))
      },
      readPressure: async () => pressure,
    }
    const pool = new ProcessPool({ maxProcesses, memory: { budgetBytes: budget * unit, gauge } })
    onTestFinished(() => pool.close())
    /** Takes a slot for a process that turns out to weigh so much. */
    const take = (weight: number) => {
      const own = holder()
      weights.set(own, weight * unit)
      return { holder: own, slot: taken(pool.take(own)) }
    }
    return {
      pool,
      measured,
      take,
      setWeight: (own: SlotHolder, weight: number) => weights.set(own, weight * unit),
      setPressure: (percent: number | undefined) => {
        pressure = percent
      },
      /** Long enough for a process to be measured when it has settled. */
      settle: () => vi.advanceTimersByTimeAsync(10_001),
      sample: () => vi.advanceTimersByTimeAsync(5_001),
    }
  }
  const toPair = (own: SlotHolder, bytes: number | undefined): [SlotHolder, number][] =>
    bytes === undefined ? [] : [[own, bytes]]

  test('counts a process that is not measured as 300 MiB', async () => {
    const { pool } = openPool(450)
    for (let count = 0; count < 4; count++) expect(pool.take(holder())).toBeDefined()
    expect(pool.take(holder())).toBeUndefined()
  })

  test('counts a process as what it weighs, and a new one as the last ones weighed', async () => {
    const { pool, take, settle } = openPool(450)
    for (let count = 0; count < 4; count++) take(40)
    await settle()
    // 160 are taken; 290 are left, in which seven more of 40 fit.
    for (let count = 0; count < 7; count++) take(40)
    expect(pool.take(holder())).toBeUndefined()
    expect(pool.taken).toBe(11)
  })

  test('counts a process that is still loading as a new one, or as more where more is measured', async () => {
    const { pool, take, settle } = openPool(250)
    take(100)
    await vi.advanceTimersByTimeAsync(3_000)
    const small = take(5)
    await vi.advanceTimersByTimeAsync(2_001)
    // 100 and 100: no third one.
    expect(pool.hasRoomFor(1)).toBe(false)
    await settle()
    expect(pool.hasRoomFor(1)).toBe(true)
    small.slot.release()
    await vi.advanceTimersByTimeAsync(3_000)
    take(160)
    await vi.advanceTimersByTimeAsync(2_001)
    // 100 and 160, though a new one counts less by now.
    expect(pool.hasRoomFor(1)).toBe(false)
  })

  test('learns what a process weighs from the first that has worked, though it is evicted at once', async () => {
    const { pool, take } = openPool(300, 4)
    const first = take(40)
    take(40)
    take(40)
    const waiting = pool.wait(holder(), of('a'), forever)
    first.slot.markIdle()
    expect(first.holder.retired).toBe(1)
    first.holder.leave()
    await waiting
    await vi.advanceTimersByTimeAsync(1)
    expect(pool.take(holder())).toBeDefined()
  })

  test('samples at its pace, also where slots are taken and left meanwhile', async () => {
    const { take, measured } = openPool(2_000)
    const first = take(40)
    // It has worked, so a sample begins; it is not over when the others come.
    first.slot.markIdle()
    for (let count = 0; count < 10; count++) take(40)
    first.slot.markBusy()
    await vi.advanceTimersByTimeAsync(1)
    measured.length = 0
    await vi.advanceTimersByTimeAsync(50_000)
    // Eleven processes, each in one sample of five seconds.
    expect(measured.length).toBe(110)
  })

  test('always has two processes, unless their number is set lower', () => {
    const { pool } = openPool(1)
    expect(pool.hasRoomFor(2)).toBe(true)
    expect([pool.take(holder()), pool.take(holder())].every(Boolean)).toBe(true)
    expect(pool.take(holder())).toBeUndefined()
    const single = openPool(1, 1).pool
    expect(single.take(holder())).toBeDefined()
    expect(single.take(holder())).toBeUndefined()
  })

  test('has no more than their number allows, whatever they weigh', async () => {
    const { pool, take, settle } = openPool(10_000, 3)
    for (let count = 0; count < 3; count++) take(1)
    await settle()
    expect(pool.take(holder())).toBeUndefined()
  })

  test('evicts as many idle processes as a new one needs, and waits until they are gone', async () => {
    const { pool, take, settle } = openPool(310)
    const idle = [take(20), take(20), take(100)]
    await settle()
    const busy = take(140)
    await settle()
    for (const { slot } of idle) slot.markIdle()
    // 280 are taken, and a new one counts 65: with two of 20 gone it fits.
    const slot = taken(pool.take(holder()))
    expect(idle.map(({ holder: { retired } }) => retired)).toEqual([1, 1, 0])
    expect([busy.holder.retired, pool.taken]).toEqual([0, 3])
    let free = false
    void slot.free.then(() => {
      free = true
    })
    await vi.advanceTimersByTimeAsync(1)
    expect(free).toBe(false)
    idle[0]?.holder.leave()
    await vi.advanceTimersByTimeAsync(1)
    expect(free).toBe(false)
    idle[1]?.holder.leave()
    await slot.free
  })

  test('a turn waits where evicting all that are idle is not enough, and nothing is evicted', async () => {
    const { pool, take, settle } = openPool(300)
    const idle = take(10)
    take(100)
    const large = take(180)
    await settle()
    idle.slot.markIdle()
    await settle()
    const waiting = pool.wait(holder(), of('a'), forever)
    expect([pool.waiting, idle.holder.retired]).toEqual([1, 0])
    large.slot.release()
    expect(await waiting).toBeDefined()
    expect(idle.holder.retired).toBe(0)
  })

  test('evicts idle processes when conversations grow, the least recently used first; never one that works', async () => {
    const { take, sample, settle, setWeight, pool } = openPool(400)
    const [busy, first, second, occupied] = [take(50), take(50), take(50), take(50)]
    await settle()
    occupied.slot.markIdle(true)
    second.slot.markIdle()
    first.slot.markIdle()
    await sample()
    setWeight(busy.holder, 270)
    await sample()
    expect([busy, first, second, occupied].map(each => each.holder.retired)).toEqual([0, 0, 1, 0])
    expect(pool.taken).toBe(3)
    // What leaves still is not replaced by others: 270 + 50 + 50 fit.
    await sample()
    expect(first.holder.retired).toBe(0)
    second.holder.leave()
    setWeight(busy.holder, 900)
    await sample()
    await sample()
    expect([busy, first, occupied].map(each => each.holder.retired)).toEqual([0, 1, 0])
  })

  test('a process starts only when evicted ones whose memory it gets are gone', async () => {
    const { take, sample, settle, setWeight, pool } = openPool(300)
    const [busy, idle] = [take(100), take(100)]
    take(50)
    await settle()
    idle.slot.markIdle()
    setWeight(busy.holder, 160)
    await sample()
    expect(idle.holder.retired).toBe(1)
    // 210 stay, and the 100 that leave are still there.
    const slot = taken(pool.take(holder()))
    let free = false
    void slot.free.then(() => {
      free = true
    })
    await vi.advanceTimersByTimeAsync(1)
    expect(free).toBe(false)
    idle.holder.leave()
    await slot.free
  })

  test('evicts spare processes first', async () => {
    const { take, pool } = openPool(300)
    const [idle, spare] = [take(100), take(100), take(100)]
    idle.slot.markIdle()
    spare.slot.markSpare()
    pool.take(holder())
    expect([idle.holder.retired, spare.holder.retired]).toEqual([0, 1])
  })

  test('grants no slots beyond those that there are while memory is short', async () => {
    const { take, pool, sample, setPressure } = openPool(10_000)
    const idle = take(10)
    take(10)
    take(10)
    setPressure(9.9)
    await sample()
    expect(pool.hasRoomFor(1)).toBe(true)
    setPressure(10)
    await sample()
    expect(pool.hasRoomFor(1)).toBe(false)
    const waiting = pool.wait(holder(), of('a'), forever)
    expect(pool.waiting).toBe(1)
    // An idle process makes way for it.
    idle.slot.markIdle()
    expect(await waiting).toBeDefined()
    expect([idle.holder.retired, pool.taken]).toEqual([1, 3])
    const next = pool.wait(holder(), of('a'), forever)
    setPressure(undefined)
    await sample()
    expect(await next).toBeDefined()
    expect(pool.taken).toBe(4)
  })

  test('measures processes that work often, idle ones seldom, and nothing when there are none', async () => {
    const { take, measured, sample, settle, pool } = openPool(10_000)
    const [busy, idle] = [take(10), take(10)]
    await settle()
    idle.slot.markIdle()
    measured.length = 0
    for (let count = 0; count < 4; count++) await sample()
    const times = (own: SlotHolder) => measured.filter(each => each === own).length
    expect([times(busy.holder), times(idle.holder)]).toEqual([4, 1])
    for (let count = 0; count < 4; count++) await sample()
    expect(times(idle.holder)).toBe(2)
    busy.slot.release()
    idle.slot.release()
    await sample()
    measured.length = 0
    await sample()
    expect([measured.length, pool.taken, vi.getTimerCount()]).toEqual([0, 0, 0])
  })
})
