import { describe, expect, test } from 'vitest'
import { random } from '../../../test/support/random.ts'
import {
  holdsSlot,
  nextStatus,
  type ProcessEvent,
  type ProcessStatus,
  processTransitions,
} from './process-states.ts'

const statuses = Object.keys(processTransitions) as ProcessStatus[]
const events = Object.keys(processTransitions.absent) as ProcessEvent[]

describe('the life of a process', () => {
  test('a step that must not happen throws and names state and event', () => {
    for (const status of statuses) {
      for (const event of events) {
        const to = processTransitions[status][event]
        if (to === null) expect(() => nextStatus(status, event)).toThrow(`is ${status} cannot ${event}`)
        else expect(nextStatus(status, event)).toBe(to)
      }
    }
  })

  test('every state but the first is reached, and closed is the end', () => {
    const reached = new Set(statuses.flatMap(status => Object.values(processTransitions[status])))
    for (const status of statuses) expect(reached.has(status), status).toBe(true)
    expect(new Set(Object.values(processTransitions.closed))).toEqual(new Set(['closed', null]))
    for (const status of statuses) expect(nextStatus(status, 'close')).toBe('closed')
  })

  test('a process starts with a slot only, and one start at a time', () => {
    for (const status of statuses) {
      const to = processTransitions[status].launch
      if (to !== null) expect([to, holdsSlot[status]]).toEqual(['starting', true])
    }
    expect(processTransitions.starting.launch).toBeNull()
  })

  test('only an idle process can be evicted: every other one with a slot is in use or being started', () => {
    const inUse = statuses.filter(status => holdsSlot[status] && status !== 'idle')
    expect(inUse.sort()).toEqual(['admitted', 'busy', 'starting'])
    for (const status of inUse) expect(nextStatus(status, 'work')).toBe(status)
  })

  test('no walk leaves a process without a way to rest or to close', () => {
    const { below } = random(7)
    for (let walk = 0; walk < 2_000; walk++) {
      let status: ProcessStatus = 'absent'
      for (let step = 0; step < 30; step++) {
        const possible: ProcessEvent[] = events.filter(event => processTransitions[status][event] !== null)
        status = nextStatus(status, possible[below(possible.length)] ?? 'rest')
        if (status === 'starting') expect(nextStatus('starting', 'abort')).toBe('admitted')
        else expect(holdsSlot[nextStatus(status, 'rest')]).toBe(status === 'busy' || status === 'idle')
      }
    }
  })
})
