import { expect, test } from 'vitest'
import { readMetrics } from './read-metrics.ts'

test('values are found by name and labels, in any order', () => {
  const metrics = readMetrics(
    '# HELP slots Slots\n# TYPE slots gauge\nslots{state="busy",kind="a, b"} 2\nlag_seconds 0.25\nbroken\n',
  )
  expect(metrics.get('slots', { kind: 'a, b', state: 'busy' })).toBe(2)
  expect(metrics.get('lag_seconds')).toBe(0.25)
  expect(metrics.get('slots', { state: 'idle' })).toBeUndefined()
  expect(metrics.get('broken')).toBeUndefined()
})
