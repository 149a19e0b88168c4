import { expect, test } from 'vitest'
import { deriveId } from './derived-id.ts'

test('texts have one UUID, and other texts another', () => {
  expect(deriveId('ui', 'default', 'a')).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  expect(deriveId('ui', 'default', 'a')).toBe(deriveId('ui', 'default', 'a'))
  expect(deriveId('ui', 'defaulta', '')).not.toBe(deriveId('ui', 'default', 'a'))
})
