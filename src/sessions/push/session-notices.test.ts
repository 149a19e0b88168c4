import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { NewEvent } from '../records.ts'
import { type SessionNotice, SessionNotices } from './session-notices.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open() {
  const reported: SessionNotice[] = []
  return { reported, notices: new SessionNotices(notice => reported.push(notice)) }
}

const event = (type: string, permissionId = ''): NewEvent[] => [
  { type, turnId: 'turn', payload: { permissionId } } as never,
]

test('events of a session within seconds are one report, those of others their own', () => {
  const { reported, notices } = open()
  notices.note('t', 'one', event('permission.requested', 'a'))
  vi.advanceTimersByTime(1_500)
  notices.note('t', 'one', event('permission.requested', 'b'))
  notices.note('u', 'two', event('turn.completed'))
  vi.advanceTimersByTime(1_999)
  expect(reported).toEqual([])
  vi.advanceTimersByTime(1)
  expect(reported).toEqual([
    { tenantId: 't', sessionId: 'one', permissionIds: ['a', 'b'], endedTurns: 0 },
    { tenantId: 'u', sessionId: 'two', permissionIds: [], endedTurns: 1 },
  ])
})

test('events that never stop are reported five seconds after the first', () => {
  const { reported, notices } = open()
  for (let index = 0; index < 10; index++) {
    notices.note('t', 'one', event('turn.failed'))
    vi.advanceTimersByTime(1_000)
  }
  expect(reported.map(({ endedTurns }) => endedTurns)).toEqual([5, 5])
})

test('a request that is answered at once is not reported, nor an interrupt', () => {
  const { reported, notices } = open()
  notices.note('t', 'one', event('permission.requested', 'a'))
  vi.advanceTimersByTime(1_900)
  notices.note('t', 'one', event('permission.resolved', 'a'))
  notices.note('t', 'one', event('turn.interrupted'))
  notices.note('t', 'one', event('message'))
  vi.advanceTimersByTime(10_000)
  expect(reported).toEqual([])
  notices.note('t', 'one', event('turn.lost'))
  notices.close()
  vi.advanceTimersByTime(10_000)
  expect(reported).toEqual([])
})
