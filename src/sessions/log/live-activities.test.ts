import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Activity, ActivityEvent } from '../../contract/activity.ts'
import { LiveActivities } from './live-activities.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const since = '2026-01-01T00:00:00.000Z'
const thinking = (tokens: number): Activity => ({ kind: 'thinking', id: 'main', since, tokens })
const done: Activity = { kind: 'done', id: 'main' }

function open() {
  const told: ActivityEvent[] = []
  const live = new LiveActivities((_, event) => told.push(event))
  const note = (activity: Activity, turnId: string | null = 'turn') => live.note('s', { turnId, activity })
  return {
    live,
    note,
    kinds: () => told.map(({ activity }) => ('tokens' in activity ? activity.tokens : activity.kind)),
  }
}

test('many reports of one activity are merged into the first and the last', () => {
  const { note, kinds } = open()
  for (let tokens = 1; tokens <= 1_000; tokens++) note(thinking(tokens))
  expect(kinds()).toEqual([1])
  vi.advanceTimersByTime(250)
  expect(kinds()).toEqual([1, 1_000])
  note(thinking(1_001))
  expect(kinds()).toEqual([1, 1_000])
  vi.advanceTimersByTime(250)
  expect(kinds()).toEqual([1, 1_000, 1_001])
})

test('another kind and the end are told at once, and nothing older after them', () => {
  const { live, note, kinds } = open()
  note(thinking(1))
  note(thinking(2))
  note({ kind: 'model', id: 'main', since })
  note(done)
  vi.advanceTimersByTime(1_000)
  expect(kinds()).toEqual([1, 'model', 'done'])
  expect(live.current('s')).toEqual([])
  note(done)
  expect(kinds()).toEqual([1, 'model', 'done'])
})

test('what goes on is the newest of each, and its end is told for its turn', () => {
  const { live, note } = open()
  const told: ActivityEvent[] = []
  const other = new LiveActivities((_, event) => told.push(event))
  note(thinking(1))
  note(thinking(2))
  note({ kind: 'model', id: 'other', since }, null)
  expect(live.current('s').map(({ activity }) => activity)).toEqual([
    thinking(2),
    { kind: 'model', id: 'other', since },
  ])
  expect(live.current('another')).toEqual([])
  other.note('s', { turnId: 'turn', activity: thinking(1) })
  other.note('s', { turnId: null, activity: done })
  expect(told.at(-1)).toEqual({ turnId: 'turn', activity: done })
})
