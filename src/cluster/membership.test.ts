import { describe, expect, test } from 'vitest'
import type { NodeRecord, NodeStore } from '../sessions/ports/index.ts'
import { Membership } from './membership.ts'

const node = (id: string, fields: Partial<NodeRecord> = {}): NodeRecord => ({
  ...{ id, url: 'http://127.0.0.1:1', version: '1', state: 'active', slotsFree: 1, volumes: ['disk'] },
  ...fields,
})

async function open(id: string, ...living: NodeRecord[]) {
  const store = { listNodes: async () => living, buryExpired: async () => [], forgetDead: async () => {} }
  const membership = new Membership({ nodes: store as unknown as NodeStore, id, faults: { warn() {} } })
  await membership.refresh()
  return { membership, living }
}

describe('the nodes that live', () => {
  test('new sessions go to the most free slots that have the place, and stay here where it is the same', async () => {
    const { membership } = await open(
      'b',
      node('a', { slotsFree: 5 }),
      node('b', { slotsFree: 5 }),
      node('c', { slotsFree: 9, state: 'draining' }),
      node('d', { slotsFree: 8, volumes: [] }),
    )
    expect(membership.choose('disk')?.id).toBe('b')
    expect(membership.choose(null)?.id).toBe('d')
    expect(membership.choose('other')).toBeUndefined()
  })

  test('orphans fall to one node, the same for all, in proportion to the free slots', async () => {
    const nodes = [node('a', { slotsFree: 0 }), node('b', { slotsFree: 9 }), node('c', { slotsFree: 9 })]
    const [one, other] = [await open('a', ...nodes), await open('c', ...nodes.toReversed())]
    const ids = Array.from({ length: 2_000 }, (_, index) => `session ${index}`)
    const fallsTo = (membership: Membership) => ids.map(id => membership.assign(id, null)?.id)
    expect(fallsTo(one.membership)).toEqual(fallsTo(other.membership))
    const counts = Object.groupBy(fallsTo(one.membership), id => id ?? '')
    expect(counts.a?.length).toBeLessThan(250)
    expect(counts.b?.length).toBeGreaterThan(700)
    expect(counts.c?.length).toBeGreaterThan(700)
  })

  test('when a node is gone, only its orphans fall to others', async () => {
    const nodes = [node('a'), node('b'), node('c')]
    const [before, after] = [await open('a', ...nodes), await open('a', ...nodes.slice(0, 2))]
    for (let index = 0; index < 500; index++) {
      const was = before.membership.assign(`${index}`, null)?.id
      if (was !== 'c') expect(after.membership.assign(`${index}`, null)?.id).toBe(was)
    }
  })

  test('the end of a node is told; one that is not known has ended', async () => {
    const { membership, living } = await open('a', node('a'), node('b'))
    const end = membership.endOf('b')
    expect([end.aborted, membership.endOf('c').aborted]).toEqual([false, true])
    living.pop()
    await membership.refresh()
    expect([end.aborted, membership.find('b')]).toEqual([true, undefined])
  })

  test('the life that began first does what one node does', async () => {
    expect((await open('a', node('b'), node('a'))).membership.isFirst).toBe(true)
    expect((await open('b', node('b'), node('a'))).membership.isFirst).toBe(false)
    expect((await open('b')).membership.isFirst).toBe(false)
  })
})
