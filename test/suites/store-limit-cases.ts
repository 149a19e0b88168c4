import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { WindowRequest } from '../../src/sessions/ports/index.ts'
import type { StoreContext } from './store-context.ts'

const hourMs = 3_600_000
const node = { url: 'http://127.0.0.1:1', version: '1.0.0', slotsFree: 4, volumes: [] }

/** What the ports `RateWindowStore` and `RunningPlaceStore` promise. */
export function limitCases(context: StoreContext): void {
  const request = (fields: Partial<WindowRequest>) =>
    context.store.limits.windows.request({
      ...{ counter: 'a', windowMs: hourMs, limit: 10, needed: 1, spare: 0 },
      ...fields,
    })
  async function join(): Promise<string> {
    const id = randomUUID()
    await context.store.nodes.join({ ...node, id }, hourMs)
    return id
  }

  test('a window grants what is needed until nothing is left, and says when there is again', async () => {
    expect(await request({ needed: 4 })).toMatchObject({ granted: 4, left: 6, freesInMs: 0 })
    expect(await request({ needed: 4 })).toMatchObject({ granted: 4, left: 2, freesInMs: 0 })
    const last = await request({ needed: 4 })
    expect(last).toMatchObject({ granted: 2, left: 0 })
    expect(last.stepEndsInMs).toBeLessThanOrEqual(hourMs / 60)
    expect(last.freesInMs).toBeGreaterThan(hourMs)
    expect(last.freesInMs).toBeLessThanOrEqual(hourMs + (2 * hourMs) / 60)
    expect(await request({})).toMatchObject({ granted: 0, left: 0 })
    expect(await request({ counter: 'b' })).toMatchObject({ granted: 1, left: 9 })
  })

  test('nothing is granted where the limit is 0, or was lowered below what is used', async () => {
    expect(await request({ limit: 0, spare: 5 })).toMatchObject({ granted: 0, left: 0 })
    await request({ needed: 8 })
    expect(await request({ limit: 5, spare: 5 })).toMatchObject({ granted: 0, left: 0 })
    expect(await request({ limit: 9, spare: 5 })).toMatchObject({ granted: 1, left: 0 })
  })

  test('ahead a node gets a share of what is left, which is less when there are more nodes', async () => {
    expect(await request({ limit: 101, spare: 1_000 })).toMatchObject({ granted: 26, left: 75 })
    await Promise.all([join(), join(), join()])
    const gone = await join()
    await context.store.nodes.leave(gone)
    expect(await request({ limit: 147, spare: 1_000 })).toMatchObject({ granted: 11, left: 110 })
    expect(await request({ limit: 147, spare: 3 })).toMatchObject({ granted: 4, left: 106 })
  })

  test('what is given back is left again', async () => {
    const { step } = await request({ needed: 10 })
    await context.store.limits.windows.giveBack('a', step, 3)
    await context.store.limits.windows.giveBack('a', step - 1, 3)
    await context.store.limits.windows.giveBack('unknown', step, 3)
    expect(await request({ needed: 10 })).toMatchObject({ granted: 3, left: 0 })
  })

  test('a window is over in its time', async () => {
    const windowMs = 60
    expect(await request({ windowMs, needed: 10 })).toMatchObject({ granted: 10 })
    await expect.poll(() => request({ windowMs }), { timeout: 60_000 }).toMatchObject({ granted: 1 })
  })

  test('of many requests at the same time none gets what another has', async () => {
    const grants = await Promise.all(Array.from({ length: 40 }, () => request({ limit: 25 })))
    expect(grants.filter(({ granted }) => granted === 1)).toHaveLength(25)
  })

  test('a counter begins with earlier uses, unless it is there', async () => {
    const { windows } = context.store.limits
    const uses = [
      { ageMs: 0, count: 2 },
      { ageMs: 1, count: 1 },
      { ageMs: hourMs / 2, count: 3 },
      { ageMs: 2 * hourMs, count: 100 },
    ]
    await windows.begin('a', hourMs, uses)
    await windows.begin('a', hourMs, uses)
    expect(await request({ needed: 9 })).toMatchObject({ granted: 4, left: 0 })
    await windows.begin('empty', hourMs, [])
    expect(await request({ counter: 'empty' })).toMatchObject({ granted: 1, left: 9 })
    await windows.forget('a')
    expect(await request({ needed: 9 })).toMatchObject({ granted: 9 })
  })

  test('counters that have ended are removed, and no others', async () => {
    const { windows } = context.store.limits
    await request({ counter: 'long', needed: 10 })
    await request({ counter: 'short', windowMs: 1, needed: 10 })
    const isGone = async () => {
      await windows.removeEnded()
      // A counter that is there keeps what it begins with.
      await windows.begin('short', hourMs, [{ ageMs: 0, count: 10 }])
      const { granted } = await request({ counter: 'short', needed: 1 })
      return granted === 0
    }
    await expect.poll(isGone, { timeout: 60_000 }).toBe(true)
    expect(await request({ counter: 'long' })).toMatchObject({ granted: 0 })
  })

  test('nodes hold places up to the limit, and those of the dead are free', async () => {
    const { places } = context.store.limits
    const [one, other, third] = [await join(), await join(), await join()]
    const hold = (id: string, wanted: number, used = 0, limit = 5) =>
      places.hold('a', id, { used, wanted, limit })
    expect(await hold(one, 3)).toBe(3)
    expect(await hold(other, 3)).toBe(2)
    expect(await hold(third, 1)).toBe(0)
    expect(await hold(one, 3, 3)).toBe(3)
    expect(await hold(one, 1, 1)).toBe(1)
    expect(await hold(third, 9)).toBe(2)
    await context.store.nodes.leave(other)
    expect(await hold(third, 9, 2)).toBe(4)
    await context.store.nodes.forgetDead()
    await context.store.nodes.leave(one)
    expect(await hold(third, 9, 4)).toBe(5)
    // The limit was lowered: what runs is still counted.
    expect(await hold(third, 5, 5, 1)).toBe(5)
    expect(await hold(third, 0)).toBe(0)
    await places.removeFree()
    expect(await hold(third, 9)).toBe(5)
    expect(await places.hold('b', third, { used: 0, wanted: 1, limit: 5 })).toBe(1)
  })

  test('of nodes that want places at the same time none gets what another has', async () => {
    const nodes = await Promise.all(Array.from({ length: 12 }, join))
    const held = await Promise.all(
      nodes.map(id => context.store.limits.places.hold('a', id, { used: 0, wanted: 2, limit: 7 })),
    )
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(7)
  })
}
