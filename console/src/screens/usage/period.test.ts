import { expect, test } from 'vitest'
import { daysOf, lastDays } from './period.ts'

test('a period counts both its ends, in UTC', () => {
  const now = Date.parse('2026-03-01T00:30:00Z')
  expect(lastDays(2, now)).toEqual({ from: '2026-02-28', to: '2026-03-01' })
  expect(daysOf(lastDays(3, now))).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
  expect(daysOf({ from: '2026-11-27', to: '2026-11-27' })).toEqual(['2026-11-27'])
})
