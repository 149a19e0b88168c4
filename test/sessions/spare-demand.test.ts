import { describe, expect, test } from 'vitest'
import { SpareDemand } from '../../src/sessions/processes/spare-demand.ts'
import type { SpareSpec } from '../../src/sessions/processes/spare-process.ts'
import { plainSpec } from '../support/agent-parts.ts'

const minute = 60_000
const kindOf = (model: string): SpareSpec => {
  const { claudeSessionId, resume, ...spec } = plainSpec('/work')
  return { ...spec, model }
}
const [plain, other] = [kindOf('plain'), kindOf('other')]
const noteAtOnce = (demand: SpareDemand, spec: SpareSpec, count: number, at: number) => {
  for (let each = 0; each < count; each++) demand.note(spec, at)
}

describe('how many spare processes are wanted', () => {
  test('none before anything is known', () => {
    expect(new SpareDemand(minute).wanted(0)).toEqual([])
  })

  test('one for the first session, whenever it comes', () => {
    const demand = new SpareDemand(minute)
    demand.expect(plain)
    expect(demand.wanted(1_000 * minute)).toEqual([{ spec: plain, count: 1 }])
    demand.note(other, 1_000 * minute)
    expect(demand.wanted(1_000 * minute)).toEqual([{ spec: other, count: 1 }])
  })

  test('as many as came at once, then fewer, then one, then none', () => {
    const demand = new SpareDemand(10 * minute)
    noteAtOnce(demand, plain, 4, 0)
    const after = (minutes: number) => demand.count(plain, minutes * minute)
    expect([0, 0.9, 1, 2, 3, 9.9, 10].map(after)).toEqual([4, 4, 4, 2, 1, 1, 0])
  })

  test('a burst within the time of a start counts, sessions that come one by one need one', () => {
    const demand = new SpareDemand(minute)
    for (const at of [0, 700, 1_400]) demand.note(plain, at)
    for (let at = 10_000; at < 30_000; at += 5_000) demand.note(other, at)
    expect(demand.count(plain, 30_000)).toBe(3)
    expect(demand.count(other, 30_000)).toBe(1)
  })

  test('a smaller burst does not make it forget a larger one, until that is forgotten', () => {
    const demand = new SpareDemand(10 * minute)
    noteAtOnce(demand, plain, 8, 0)
    noteAtOnce(demand, plain, 4, 0.5 * minute)
    expect(demand.count(plain, 0.5 * minute)).toBe(8)
    noteAtOnce(demand, plain, 4, 3 * minute)
    expect(demand.count(plain, 3 * minute)).toBe(4)
  })

  test('kinds that come only once each want no more than one process in all', () => {
    const demand = new SpareDemand(10 * minute)
    for (let at = 0; at < 30; at++) demand.note(kindOf(`model-${at}`), at * 100)
    expect(demand.wanted(3_000)).toEqual([{ spec: kindOf('model-29'), count: 1 }])
  })
})
